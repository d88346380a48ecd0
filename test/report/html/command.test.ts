import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { layersFrom } from '../../../src/cli/flags.js';
import { command as train } from '../../../src/cli/train.js';
import { parseFlags } from '../../../src/cli/usage.js';
import { presets } from '../../../src/config/presets.js';
import {
  allTrainKeys,
  resolveTrainConfig,
  type TrainConfig,
  type TrainRaw,
} from '../../../src/config/train.js';
import { withUserModules } from '../../../src/execution/userModules.js';
import { argumentsOf, commandOf, quoted, settingsOf } from '../../../src/report/html/command.js';
import { defineLoss } from '../../../src/tasks/loss.js';

const files: TrainRaw = { data: 'my data.csv', weak: './small', strong: './large' };

const CASES: readonly [
  what: string,
  settings: TrainRaw,
  task: 'classification' | 'completion',
  command: string,
][] = [
  ['the default', {}, 'completion', ''],
  [
    'another data set',
    { dataset: 'chess-legal', seed: [0, 1, 2] },
    'classification',
    '--dataset chess-legal --seed 0,1,2',
  ],
  [
    'its preset said again',
    { dataset: 'chess-legal', head: 'likelihood', weakLr: 5e-4, trainSize: 3000 },
    'classification',
    '--dataset chess-legal',
  ],
  [
    'another head',
    { dataset: 'chess-legal', head: 'linear' },
    'classification',
    '--dataset chess-legal --head linear',
  ],
  ['files', files, 'classification', "--data 'my data.csv' --weak ./small --strong ./large"],
  [
    'files for completion',
    { ...files, epochs: 3 },
    'completion',
    "--data 'my data.csv' --weak ./small --strong ./large --epochs 3",
  ],
  [
    'one rate for both',
    { dataset: 'chess-check', lr: 1e-4 },
    'classification',
    '--dataset chess-check --lr 0.0001',
  ],
  [
    'a rate for each',
    { ...files, lr: 1e-4, weakLr: 3e-4 },
    'classification',
    "--data 'my data.csv' --weak ./small --strong ./large --weak-lr 0.0003 --strong-lr 0.0001",
  ],
  [
    'tiny rates',
    { ...files, lr: 1e-7, headLr: 2.5e-7 },
    'classification',
    "--data 'my data.csv' --weak ./small --strong ./large --lr 1e-7 --head-lr 2.5e-7",
  ],
  [
    'the head as fast as the rest',
    { ...files, lr: 1e-3, headLr: 1e-3 },
    'classification',
    "--data 'my data.csv' --weak ./small --strong ./large --lr 0.001",
  ],
  [
    'confidence',
    { dataset: 'chess-legal', loss: 'confidence' },
    'classification',
    '--dataset chess-legal --loss confidence',
  ],
  [
    'another confidence',
    {
      dataset: 'chess-legal',
      loss: 'confidence',
      preset: 'openai',
      lossWarmup: 'as-released',
      alphaMax: 0.6,
    },
    'classification',
    '--dataset chess-legal --loss confidence --preset openai --alpha-max 0.6 --loss-warmup as-released',
  ],
  [
    'confidence of the student alone',
    { dataset: 'chess-legal', strongLoss: 'confidence', strongPreset: 'openai' },
    'classification',
    '--dataset chess-legal --loss confidence --strong-preset openai',
  ],
  [
    'a window of balanced labels',
    { dataset: 'chess-legal', loss: 'window', windowRadius: 'median', balanced: true },
    'classification',
    '--dataset chess-legal --loss window --window-radius median --balanced',
  ],
  [
    'a threshold',
    { dataset: 'chess-legal', loss: 'confidence', preset: 'openai', threshold: 0.4 },
    'classification',
    '--dataset chess-legal --loss confidence --preset openai --threshold 0.4',
  ],
  [
    'product, as it is by default',
    { dataset: 'chess-legal', loss: 'product', lossAlpha: 1 },
    'classification',
    '--dataset chess-legal --loss product',
  ],
  [
    'labels from outside',
    { weakLabels: '-labels.jsonl', dataset: 'chess-puzzles' },
    'completion',
    '--weak-labels=-labels.jsonl',
  ],
  [
    'machine',
    {
      device: 'cuda:1',
      threads: 2,
      deterministic: true,
      keepModels: true,
      microBatchTokens: 99,
      sharePrefixes: false,
      checkpointEvery: 0,
    },
    'completion',
    '--device cuda:1 --threads 2 --micro-batch-tokens 99 --no-share-prefixes --checkpoint-every 0 --deterministic --keep-models',
  ],
  [
    'one model alone',
    { weakEpochs: 5, strongMaxContext: 64, strongDtype: 'bf16', weakOptimizer: 'muon' },
    'completion',
    '--weak-epochs 5 --weak-optimizer muon --strong-max-context 64 --strong-dtype bf16',
  ],
  [
    'halves',
    {
      weakData: 'w.csv',
      transferData: 't.csv',
      testData: 'x.csv',
      weak: 'a',
      strong: 'b',
      text: 'review',
      label: 'stars',
      testSize: 9,
      dataSeed: 4,
    },
    'classification',
    '--test-data x.csv --weak-data w.csv --transfer-data t.csv --text review --label stars --weak a --strong b --test-size 9 --data-seed 4',
  ],
  [
    'odd files',
    { ...files, data: 'x.tsv', header: false, skipBadRows: true },
    'classification',
    '--data x.tsv --no-header --skip-bad-rows --weak ./small --strong ./large',
  ],
  ['lm', { loss: 'lm' }, 'completion', '--loss lm'],
];

/** The words of a command line, as a shell hands them over. */
function shellWords(command: string): string[] {
  const text = execFileSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' });
  return text.split('\0').slice(0, -1);
}

const withoutOut = ({ out: _, ...config }: TrainConfig): Omit<TrainConfig, 'out'> => config;

describe('commandOf', () => {
  test.each(CASES)('%s', async (_, settings, task, command) => {
    const config = resolveTrainConfig({ out: '/somewhere', ...settings }, presets, task);
    expect(commandOf(config)).toBe(`npx w2s-native train ${command}`.trimEnd());
    const words = shellWords(commandOf(config) ?? '').slice(3);
    const layers = await layersFrom<TrainRaw>('train', allTrainKeys, await parseFlags('train', train, words));
    expect(withoutOut(resolveTrainConfig(layers, presets, task))).toEqual(withoutOut(config));
  });

  test('has no command for a configuration that no settings give', () => {
    const config = resolveTrainConfig();
    expect(settingsOf({ ...config, forStrong: { ...config.forStrong, alphaMax: 0.123 } })).toBeNull();
    expect(commandOf({ ...config, unknown: 1 } as TrainConfig)).toBeNull();
  });
});

describe('quoted', () => {
  test.each([
    ['plain.csv', 'plain.csv'],
    ['', "''"],
    ["it's", "'it'\\''s'"],
    ['$HOME `x` "y" \\ !', '\'$HOME `x` "y" \\ !\''],
    ['a\nb', "$'a\\x0ab'"],
    ['\u202egpj.csv', "$'\\xe2\\x80\\xaegpj.csv'"],
    ['ünïcode 日本', "'ünïcode 日本'"],
  ])('%j', (argument, expected) => {
    expect(quoted(argument)).toBe(expected);
    expect(shellWords(quoted(argument))).toEqual([argument]);
  });
});

test('argumentsOf keeps a leading dash from being a flag', () => {
  expect(argumentsOf({ data: '--json', weak: 'a' })).toEqual(['--data=--json', '--weak', 'a']);
});

describe('code of the user’s own', () => {
  const layers = (values: TrainRaw) =>
    withUserModules<TrainRaw>([{ origin: { kind: 'call', command: 'train' }, values }]);

  test('by file: its name and its parameters', async () => {
    const said = {
      dataset: 'chess-legal',
      loss: './examples/sharpened.mjs',
      lossParams: { gamma: 3 },
      relabel: './examples/blend.mjs',
    } as const;
    const config = resolveTrainConfig(await layers(said), presets, 'classification');
    const command = commandOf(config) ?? '';
    expect(command).toBe(
      'npx w2s-native train --dataset chess-legal --relabel ./examples/blend.mjs --share 0.2 --keep-above 0 --loss ./examples/sharpened.mjs --gamma 3',
    );
    // What is printed can be typed.
    const words = command.split(' ').slice(3);
    const typed = await layersFrom<TrainRaw>('train', allTrainKeys, await parseFlags('train', train, words));
    expect(resolveTrainConfig(typed, presets, 'classification')).toEqual(config);
  });

  test('from a call: there is none', async () => {
    const loss = defineLoss({ name: 'mine', apply: ({ logits }) => ({ loss: 0, dLogits: logits }) });
    const [own, ...rest] = await withUserModules<TrainRaw>(
      [{ origin: { kind: 'call', command: 'train' }, values: { dataset: 'chess-legal' } }],
      { loss },
    );
    const config = resolveTrainConfig([own!, ...rest], presets, 'classification');
    expect(config.forStrong.customLoss?.name).toBe('mine');
    expect(commandOf(config)).toBeNull();
  });
});
