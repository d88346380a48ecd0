/** `label`: a model's predictions on every row of one file, whose labels are not read. */
import { exportedTextColumn } from '../config/exportColumns.js';
import { labelKeys } from '../config/keys.js';
import type { Command } from './command.js';
import { configOption, jsonOption, stepOptionsOf } from './flags.js';
import { printJson, printText } from './output.js';
import { checkExportFolder, labelConfig, noteFreshHead } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Predicts every row of a file with a model, in one step folder of the store. Labels in the file are not read. ' +
    'What --export writes can be given to finetune as --data: its label is the prediction (probabilities, or the ' +
    'completion).',
  options: { ...stepOptionsOf(labelKeys), ...configOption, ...jsonOption },
  examples: [
    ['label --model ./weak --data unlabelled.jsonl --export labels.jsonl', 'weak labels as a file'],
    ['label --model chess-m --dataset chess-puzzles --json', 'built-in model and data'],
  ],

  epilogue: 'Other flags of train are taken too, and are of no effect here.',

  async run(argv, context) {
    const config = await labelConfig(argv);
    await checkExportFolder(config);
    await noteFreshHead(config, context);
    const { runLabel } = await import('../execution/single.js');
    const watch = watchRun(context);
    const document = await runLabel(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) return printJson(context, document);
    const step = `${document.store}/steps/${document.step}`;
    printText(
      context,
      config.export === undefined
        ? `Labelled ${document.n} rows: ${step}/predictions.jsonl\nTo have them as a file: --export labels.jsonl`
        : `Labelled ${document.n} rows: ${config.export}\n` +
            `To learn from them: w2s-native finetune --model MODEL --data ${config.export}${textFlag(config.text)}`,
    );
  },
};

/** The export's text column, where `finetune` would not find it by itself. */
function textFlag(text: string | undefined): string {
  const column = exportedTextColumn(text);
  return column === 'text' ? '' : ` --text ${column}`;
}
