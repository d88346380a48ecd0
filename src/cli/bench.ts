/** `bench`: how fast this machine trains and labels, and where the time goes. */
import { type BenchRaw, type BenchWhat, benchKeys, resolveBenchConfig } from '../config/bench.js';
import { nearestOf } from '../config/nearest.js';
import { W2sError } from '../errors.js';
import type { Argv, Command } from './command.js';
import { configOption, jsonOption, layersFrom, optionsOf } from './flags.js';
import { printJson, printText, reportPaint, separate } from './output.js';
import { checkWritable } from './writable.js';

const WHATS: readonly BenchWhat[] = ['train', 'label', 'kernels'];

export const command: Command = {
  describe:
    'Measures optimizer steps and labelling with a model: tokens a second, memory, the parts of a step, and the share of ' +
    'the speed of a matrix product by itself, measured in the same run. Nothing is stored but with --out.',
  positionals: [
    { name: 'WHAT', describe: 'train, label or kernels; train and label without it', required: false },
  ],
  options: { ...optionsOf(benchKeys), ...configOption, ...jsonOption },
  examples: [
    ['bench', 'the default models, less than a minute'],
    [
      'bench train --model gpt2-124m --lengths long --json',
      'fine-tuning in the shape of GPT-2, on texts of 110 tokens',
    ],
    ['bench train --model gpt2-350m --head lm --lengths 1024 --batch-size 8', 'language modelling, packed'],
    ['bench label --model ./my-model --data test.jsonl', 'labelling with a model on real rows'],
  ],

  async run(argv, context) {
    const what = whatOf(argv);
    const layers = await layersFrom<BenchRaw>('bench', benchKeys, argv);
    const config = resolveBenchConfig(what, layers);
    if (config.out !== undefined) await checkWritable('--out', config.out, 'bench.json');
    const { runBench } = await import('../bench/run.js');
    const onProgress = (line: string) => context.stderr.write(`${line}\n`);
    const document = await runBench(config, { signal: context.signal, onProgress });
    if (config.out !== undefined) {
      const { writeAtomically } = await import('../store/index.js');
      await writeAtomically(config.out, `${JSON.stringify(document, null, 2)}\n`);
    }
    if (argv.json === true) return printJson(context, document);
    const { benchReport } = await import('./benchReport.js');
    separate(context);
    printText(context, benchReport(document, reportPaint(context)));
  },
};

function whatOf({ _: [word] }: Argv): BenchWhat | undefined {
  if (word === undefined) return undefined;
  const what = WHATS.find((one) => one === word);
  if (what !== undefined) return what;
  throw new W2sError('ERR_USAGE', `Expected train, label or kernels after bench but received ${word}.`, {
    hint: `npx w2s-native bench ${nearestOf(word, WHATS) ?? 'train'}`,
  });
}
