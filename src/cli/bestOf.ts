/** `best-of`: what reward models choose from sampled completions, and what that is worth. */
import { presets } from '../config/presets.js';
import { type BestOfRaw, bestOfKeys, resolveBestOfConfig } from '../config/reward.js';
import type { BestOfDocument } from '../metrics/index.js';
import type { Command, CommandContext } from './command.js';
import { experimentOptionsOf, layersFrom, reportOption } from './flags.js';
import { pageLines, printJson, printText, reportPaint, separate } from './output.js';
import { withTask } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Draws completions of each test prompt from a policy, lets the weak, student and ceiling reward models of an experiment ' +
    '(see reward) choose one of n, and reports what the chosen ones are truly worth, against n, beside a random and the ' +
    'best possible choice, with 95 % intervals over prompts. It takes every flag of reward and shares its steps. The data ' +
    'must say what any completion is worth: the built-in chess-preference (the engine’s evaluation in centipawns from the ' +
    'mover’s view, clipped to ±1000; −1000 for a move that is not legal), or pairs with a column scores.',
  options: { ...experimentOptionsOf(bestOfKeys), ...reportOption },
  examples: [
    ['best-of', 'the built-in default'],
    ['best-of --n 1,2,4,8,16,32 --seed 0,1,2', 'more to choose from, three seeds'],
    ['best-of --policy chess-xs --temperature 0.7', 'another policy'],
    ['best-of --generative-finetune', 'student and ceiling of generative fine-tuning choose'],
  ],
  epilogue:
    'One pool of as many completions as the largest n is drawn of each prompt; for smaller n the expected score over all ' +
    'choices of n of them is given, which has no bias.',

  async run(argv, context) {
    const layers = await layersFrom<BestOfRaw>('best-of', bestOfKeys, argv);
    const config = await withTask(layers, (task) => resolveBestOfConfig(layers, presets, task));
    const { runBestOf } = await import('../execution/bestOf.js');
    const watch = watchRun(context, config.seeds);
    const document = await runBestOf(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) printJson(context, document);
    else {
      const { bestOfReport } = await import('../report/bestOfReport.js');
      separate(context);
      printText(context, `${bestOfReport(document, reportPaint(context))}\n`);
    }
    const page = argv.report === false ? null : await drawPage(document, config.out, context);
    if (argv.json === true || page === null) return;
    printText(context, `\n${pageLines(page, context)}\n`);
  },
};

/** The page's path; null, and a warning, where it cannot be drawn or written. */
async function drawPage(
  document: BestOfDocument,
  out: string,
  { stderr }: CommandContext,
): Promise<string | null> {
  try {
    const { writeBestOfPage } = await import('../report/html/bestOfPage.js');
    return await writeBestOfPage(document, out);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`Warning: the report page could not be written. ${why}\n`);
    return null;
  }
}
