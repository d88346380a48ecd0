/** `reward`: weak-to-strong on preferences. */
import { presets } from '../config/presets.js';
import { type RewardRaw, resolveRewardConfig, rewardKeys } from '../config/reward.js';
import type { RewardDocument } from '../metrics/index.js';
import type { Command, CommandContext } from './command.js';
import { experimentOptionsOf, layersFrom, reportOption } from './flags.js';
import { commandWith, type NextCommand, nextText, quoted } from './next.js';
import { pageLines, printJson, printText, reportPaint, separate } from './output.js';
import { withTask } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Weak-to-strong on preferences: each row is a prompt with two completions of which one is the better. A weak reward ' +
    'model learns from true preferences and labels the transfer half, a strong student learns from these labels, and its ' +
    'ceiling from the true ones. Prints the pairwise accuracy of the three with 95 % intervals, and the performance gap ' +
    'recovered. Without flags: two moves in one chess position, the engine says which is better; on the CPU.',
  options: { ...experimentOptionsOf(rewardKeys), ...reportOption },
  examples: [
    ['reward', 'the built-in default'],
    ['reward --generative-finetune --seed 0,1,2', 'the strong model learns to write completions first'],
    ['reward --dataset hh --weak ./small --strong ./large', 'transcripts of Anthropic HH'],
    [
      'reward --data pairs.jsonl --weak ./small --strong ./large',
      'columns prompt, chosen, rejected of your own',
    ],
  ],
  epilogue:
    'Every flag of Training also exists with --weak-… or --strong-… in front and then holds for that model alone. The ' +
    'experiment is that of train on the same data, and shares its steps.',

  async run(argv, context) {
    const layers = await layersFrom<RewardRaw>('reward', rewardKeys, argv);
    const config = await withTask(layers, (task) => resolveRewardConfig(layers, presets, task));
    const { runReward } = await import('../execution/reward.js');
    const watch = watchRun(context, config.seeds);
    const document = await runReward(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) printJson(context, document);
    else {
      const { rewardReport } = await import('../report/rewardReport.js');
      separate(context);
      printText(context, `${rewardReport(document, reportPaint(context))}\n\n`);
    }
    const page = argv.report === false ? null : await drawPage(document, config.out, context);
    if (argv.json === true) return;
    if (page !== null) printText(context, `${pageLines(page, context)}\n\n`);
    const next: NextCommand[] = [
      ...(document.generative === null
        ? [
            {
              command: commandWith('reward', { ...argv, 'generative-finetune': true }),
              why: 'the strong model learns to write completions first',
            },
          ]
        : []),
      {
        command: `npx w2s-native report ${quoted(config.out)}`,
        why: 'every result in this folder, as a table and a page',
      },
    ];
    printText(context, nextText(next));
  },
};

/** The page's path; null, and a warning, where it cannot be drawn or written. */
async function drawPage(
  document: RewardDocument,
  out: string,
  { stderr }: CommandContext,
): Promise<string | null> {
  try {
    const [{ openStore }, { writeRunPage }, { asTrain }] = await Promise.all([
      import('../store/index.js'),
      import('../report/html/index.js'),
      import('../report/rewardReport.js'),
    ]);
    return await writeRunPage(asTrain(document), { store: openStore(out) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`Warning: the report page could not be written. ${why}\n`);
    return null;
  }
}
