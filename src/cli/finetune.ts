/** `finetune`: one model on every row of one file. */
import { finetuneKeys } from '../config/keys.js';
import type { FinetuneConfig } from '../config/steps.js';
import type { Command } from './command.js';
import { configOption, jsonOption, stepOptionsOf } from './flags.js';
import { plural } from './measures.js';
import { flagsOf, type NextCommand, nextText, outFlag, quoted } from './next.js';
import { printJson, printText, separate } from './output.js';
import { finetuneConfig } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Fine-tunes a model on every row of a file, in one step folder of the store, which keeps the trained model as ' +
    'a Hugging Face folder. Labels are class indices, class names or probabilities; rows with prompt and ' +
    'completion and no label are completions to learn.',
  options: { ...stepOptionsOf(finetuneKeys), ...configOption, ...jsonOption },
  examples: [
    ['finetune --model chess-xs --dataset chess-legal', 'built-in model and data'],
    ['finetune --model ./my-model --data my.jsonl --lr 1e-4 --epochs 3', 'your own'],
    ['finetune --model ./large --data labels.jsonl', 'learn from what label --export wrote'],
  ],

  epilogue: 'Other flags of train are taken too, and are of no effect here.',

  async run(argv, context) {
    const config = await finetuneConfig(argv, context);
    const { runFinetune } = await import('../execution/single.js');
    const watch = watchRun(context);
    const document = await runFinetune(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) return printJson(context, document);
    const model = `${document.store}/steps/${document.step}/model`;
    separate(context);
    printText(context, `Trained ${document.model} on ${plural(document.n, 'row')}. The model: ${model}\n\n`);
    printText(context, nextText(nextCommands(config, model)));
  },
};

function nextCommands(
  { dataset, data, text, label, header, out }: FinetuneConfig,
  model: string,
): NextCommand[] {
  const named = `--model ${quoted(model)}`;
  if (data === undefined) {
    const format = `--dataset ${quoted(dataset)}${outFlag(out)}`;
    return [
      {
        command: `npx w2s-native evaluate ${named} ${format}`,
        why: 'test it on the test set of the same data',
      },
      {
        command: `npx w2s-native label ${named} ${format} --export labels.jsonl`,
        why: 'its labels, for another model',
      },
    ];
  }
  const columns = flagsOf({ dataset: dataset === 'columns' ? undefined : dataset, text, header });
  return [
    {
      command: `npx w2s-native evaluate ${named} --test-data FILE${columns}${flagsOf({ label })}${outFlag(out)}`,
      why: 'test it on rows that it has not seen',
    },
    {
      command: `npx w2s-native label ${named} --data FILE${columns}${outFlag(out)} --export labels.jsonl`,
      why: 'its labels for other rows, for another model to learn from',
    },
  ];
}
