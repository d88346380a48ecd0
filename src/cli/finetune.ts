/** `finetune`: one model on every row of one file. */
import { finetuneKeys } from '../config/keys.js';
import type { Command } from './command.js';
import { configOption, jsonOption, stepOptionsOf } from './flags.js';
import { printJson, printText } from './output.js';
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
    const config = await finetuneConfig(argv);
    const { runFinetune } = await import('../execution/single.js');
    const watch = watchRun(context);
    const document = await runFinetune(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) return printJson(context, document);
    const model = `${document.store}/steps/${document.step}/model`;
    printText(
      context,
      `Trained ${document.model} on ${document.n} rows. The model: ${model}\n` +
        `To test it: w2s-native evaluate --model ${model} --test-data FILE`,
    );
  },
};
