/** `bootstrap`: a chain of models, each taught by the one before it. */
import { allBootstrapKeys, type BootstrapRaw, resolveBootstrapConfig } from '../config/bootstrap.js';
import { displayPath } from '../data/badRow.js';
import type { BootstrapDocument } from '../metrics/index.js';
import type { Command, CommandContext } from './command.js';
import { experimentOptionsOf, layersFrom, reportOption } from './flags.js';
import { pageLines, printJson, printText, reportPaint, separate } from './output.js';
import { withTask } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Runs a chain of models: the first learns from true labels and labels a fresh set; the second, from its pre-trained ' +
    'weights, learns these labels and labels the next set; and so on. Prints it beside what the last model makes of ' +
    'labels that the first gives directly, on the last set and on all of them, and beside its ceiling, with the ' +
    'performance gap recovered of each. Without flags: three built-in models on chess puzzles, on the CPU, in two to ' +
    'three minutes.',
  options: { ...experimentOptionsOf(allBootstrapKeys), ...reportOption },
  examples: [
    ['bootstrap', 'the built-in default'],
    [
      'bootstrap --chain chess-xs,chess-s,chess-m --dataset chess-legal --seed 0,1,2',
      'another task, three seeds',
    ],
    [
      'bootstrap --chain ./small,./medium,./large --data my.csv --text review --label stars',
      'your own data and models',
    ],
  ],
  epilogue:
    'Every flag of Training also exists with --weak-… in front, for the first model alone, and with --strong-…, for all others. ' +
    '--loss and what belongs to it concern the models after the first. A chain of two is an experiment of train, and ' +
    'shares its steps.',

  async run(argv, context) {
    const layers = await layersFrom<BootstrapRaw>('bootstrap', allBootstrapKeys, argv);
    const config = await withTask(layers, (task) => resolveBootstrapConfig(layers, undefined, task));
    const { runBootstrap } = await import('../execution/bootstrap.js');
    const watch = watchRun(context, config.seeds);
    const document = await runBootstrap(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) printJson(context, document);
    else {
      const { bootstrapReport } = await import('../report/bootstrapReport.js');
      separate(context);
      printText(context, `${bootstrapReport(document, reportPaint(context))}\n`);
    }
    if (argv.report === false) return;
    const drawn = await drawPage(document, config.out, context);
    if (argv.json === true || drawn === null) return;
    printText(context, `\n${pageLines(drawn.page, context)}\nSVG:    ${displayPath(drawn.svg)}\n`);
  },
};

/** Paths of page and picture; null, and a warning, where they cannot be drawn or written. */
async function drawPage(
  document: BootstrapDocument,
  out: string,
  { stderr }: CommandContext,
): Promise<{ page: string; svg: string } | null> {
  try {
    const { writeBootstrapPage } = await import('../report/html/bootstrapPage.js');
    return await writeBootstrapPage(document, out);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`Warning: the report page could not be written. ${why}\n`);
    return null;
  }
}
