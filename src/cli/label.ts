/** `label`: a model's predictions on every row of one file, whose labels are not read. */
import { exportedTextColumn } from '../config/exportColumns.js';
import { labelKeys } from '../config/keys.js';
import type { LabelConfig } from '../config/steps.js';
import type { Argv, Command } from './command.js';
import { configOption, jsonOption, stepOptionsOf } from './flags.js';
import { plural } from './measures.js';
import { commandWith, flagsOf, type NextCommand, nextText, outFlag, quoted } from './next.js';
import { printJson, printText, separate } from './output.js';
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
    const config = await labelConfig(argv, context);
    await checkExportFolder(config);
    await noteFreshHead(config, context);
    const { runLabel } = await import('../execution/single.js');
    const watch = watchRun(context);
    const document = await runLabel(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) return printJson(context, document);
    const predictions = `${document.store}/steps/${document.step}/predictions.jsonl`;
    separate(context);
    printText(context, `Labelled ${plural(document.n, 'row')}: ${config.export ?? predictions}\n\n`);
    printText(context, nextText([await nextCommand(argv, config)]));
  },
};

async function nextCommand(
  argv: Argv,
  { export: file, dataset, text, out }: LabelConfig,
): Promise<NextCommand> {
  if (file === undefined) {
    return {
      command: commandWith('label', argv, { export: 'labels.jsonl' }),
      why: 'the same as a file that a model can learn from; nothing is computed again',
    };
  }
  const column = exportedTextColumn(text);
  const { findFormat } = await import('../data/formats/index.js');
  const { task } = await findFormat(dataset);
  // What `finetune` finds by itself is not said.
  const columns = flagsOf({
    dataset: task === 'preference' ? 'pairs' : undefined,
    text: column === 'text' ? undefined : column,
  });
  return {
    command: `npx w2s-native finetune --model MODEL --data ${quoted(file)}${columns}${outFlag(out)}`,
    why: 'train a model on these labels',
  };
}
