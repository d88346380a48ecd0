/** `evaluate`: a model's accuracy on every row of a test file. */
import { evaluateKeys } from '../config/keys.js';
import type { EvaluateConfig } from '../config/steps.js';
import type { Argv, Command, CommandContext } from './command.js';
import { configOption, jsonOption, stepOptionsOf } from './flags.js';
import { commandWith, type NextCommand, nextText, quoted } from './next.js';
import { printJson, printText, reportPaint, separate } from './output.js';
import { checkExportFolder, evaluateConfig, noteFreshHead } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Scores a model on every row of a test file and prints its accuracy with a 95 % interval, and AUROC where ' +
    'there are two classes. A model without a head of its own is read by what --head says.',
  options: { ...stepOptionsOf(evaluateKeys), ...configOption, ...jsonOption },
  examples: [
    ['evaluate --model chess-m --dataset chess-puzzles', 'a built-in model before any fine-tuning'],
    [
      'evaluate --model ./my-model --test-data test.csv --export scores.parquet',
      'your own, each score to a file',
    ],
  ],

  epilogue: 'Other flags of train are taken too, and are of no effect here.',

  async run(argv, context) {
    const config = await evaluateConfig(argv, context);
    await checkExportFolder(config);
    noteTwoFiles(argv, context);
    await noteFreshHead(config, context);
    const { runEvaluate } = await import('../execution/single.js');
    const watch = watchRun(context);
    const document = await runEvaluate(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) return printJson(context, document);
    const { evaluateReport } = await import('./evaluateReport.js');
    separate(context);
    printText(context, `${evaluateReport(document, config.export, reportPaint(context))}\n\n`);
    printText(context, nextText(nextCommands(argv, config)));
  },
};

/** Both were typed: one of them has no effect. A configuration of `train` may well name both. */
function noteTwoFiles(argv: Argv, { stderr }: CommandContext): void {
  const { data, 'test-data': testData } = argv;
  if (data === undefined || testData === undefined) return;
  stderr.write(`Note: ${testData} (--test-data) is scored; ${data} (--data) is of no effect beside it.\n`);
}

function nextCommands(argv: Argv, { export: file, out }: EvaluateConfig): NextCommand[] {
  const all = {
    command: `npx w2s-native report ${quoted(out)}`,
    why: 'every result in this folder, as a table and a page',
  };
  if (file !== undefined) return [all];
  return [
    {
      command: commandWith('evaluate', argv, { export: 'scores.jsonl' }),
      why: 'the answer to every row, as a file; nothing is computed again',
    },
    all,
  ];
}
