/** `train`: one weak-to-strong experiment. */
import { allTrainKeys } from '../config/train.js';
import type { TrainDocument } from '../metrics/document.js';
import type { Argv, Command, CommandContext } from './command.js';
import { experimentOptionsOf, reportOption } from './flags.js';
import { commandWith, type NextCommand, nextText, quoted } from './next.js';
import { pageLines, printJson, printText, reportPaint, separate } from './output.js';
import { trainConfig } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Runs one weak-to-strong experiment: a weak supervisor learns from true labels, labels the transfer half, ' +
    'a strong student learns from these labels, and its ceiling from the true ones. Prints the accuracy of the ' +
    'three with 95 % intervals, and the performance gap recovered: (student − weak) / (ceiling − weak). Without ' +
    'flags: the built-in chess puzzles, on the CPU, in about two minutes.',
  options: { ...experimentOptionsOf(allTrainKeys), ...reportOption },
  examples: [
    ['train', 'the built-in default'],
    ['train --dataset chess-legal --loss confidence --seed 0,1,2', 'another task and loss, three seeds'],
    [
      'train --data my.csv --text review --label stars --weak ./small --strong ./large',
      'your own data and models',
    ],
    ['train --lr 1e-4 --weak-lr 5e-4 --weak-epochs 3', 'other settings for one model'],
    ['train --loss ./my-loss.mjs --gamma 3', 'a loss of your own, and its parameter'],
    ['train --config experiment.yaml --json > result.json', 'settings from a file, the result to a file'],
  ],
  epilogue:
    'Every flag of Training also exists with --weak-… or --strong-… in front and then holds for that model alone, ' +
    'such as --strong-lr. Steps that are in the store (--out) are not run again: a command that was interrupted ' +
    'goes on where it stopped when it is typed again.',

  async run(argv, context) {
    const config = await trainConfig(argv);
    const { runTrain } = await import('../execution/train.js');
    const watch = watchRun(context, config.seeds);
    const document = await runTrain(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    // The result first: whatever becomes of the page, it is not lost.
    if (argv.json === true) printJson(context, document);
    else {
      const { trainReport } = await import('../report/index.js');
      separate(context);
      printText(context, `${trainReport(document, reportPaint(context))}\n\n`);
    }
    const page = argv.report === false ? null : await drawPage(document, config.out, context);
    if (argv.json === true) return;
    if (page !== null) printText(context, `${pageLines(page, context)}\n\n`);
    printText(context, nextText(await nextCommands(argv, document, config.out)));
  },
};

/** The page's path; null, and a warning, where it cannot be drawn or written. */
async function drawPage(
  document: TrainDocument,
  out: string,
  { stderr }: CommandContext,
): Promise<string | null> {
  try {
    const [{ openStore }, { writeRunPage }] = await Promise.all([
      import('../store/index.js'),
      import('../report/html/index.js'),
    ]);
    return await writeRunPage(document, { store: openStore(out) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`Warning: the report page could not be written. ${why}\n`);
    return null;
  }
}

async function nextCommands(argv: Argv, document: TrainDocument, out: string): Promise<NextCommand[]> {
  const { nextTrials } = await import('../report/index.js');
  const trials = nextTrials(document).map(({ settings, why }) => ({
    command: commandWith('train', argv, settings),
    why,
  }));
  const all = {
    command: `npx w2s-native report ${quoted(out)}`,
    why: 'every result in this folder, as a table and a page',
  };
  return [...trials, all];
}
