/** `train`: one weak-to-strong experiment. */
import { prefixed } from '../config/case.js';
import { modelKeys } from '../config/keys.js';
import { allTrainKeys } from '../config/train.js';
import type { Command } from './command.js';
import { configOption, jsonOption, optionsOf } from './flags.js';
import { printJson, printText, reportPaint } from './output.js';
import { trainConfig } from './settings.js';
import { watchRun } from './watch.js';

/** Flags for one model are many and all alike: one line at the end of --help stands for them. */
const forOneModel = new Set(
  Object.keys(modelKeys).flatMap((key) => [prefixed('weak', key), prefixed('strong', key)]),
);

export const command: Command = {
  describe:
    'Runs one weak-to-strong experiment: a weak supervisor learns from true labels, labels the transfer half, ' +
    'a strong student learns from these labels, and its ceiling from the true ones. Prints the accuracy of the ' +
    'three with 95 % intervals, and the performance gap recovered: (student − weak) / (ceiling − weak). Without ' +
    'flags: the built-in chess puzzles, on the CPU, in about two minutes.',
  options: {
    ...optionsOf(allTrainKeys, (name) => forOneModel.has(name)),
    ...configOption,
    ...jsonOption,
  },
  examples: [
    ['train', 'the built-in default'],
    ['train --dataset chess-legal --loss confidence --seed 0,1,2', 'another task and loss, three seeds'],
    [
      'train --data my.csv --text review --label stars --weak ./small --strong ./large',
      'your own data and models',
    ],
    ['train --lr 1e-4 --weak-lr 5e-4 --weak-epochs 3', 'other settings for one model'],
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
    if (argv.json === true) return printJson(context, document);
    const { trainReport } = await import('../report/index.js');
    printText(context, `${trainReport(document, reportPaint(context))}\n\n${nextSteps(config.out)}`);
  },
};

function nextSteps(out: string): string {
  return `Stored in ${out}. All results there: w2s-native report ${out}`;
}
