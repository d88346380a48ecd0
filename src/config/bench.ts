/** The configuration of `bench`: what is measured, and on what. Pure. */
import { key, type Raw } from './key.js';
import { dataKeys, graphKeys, MICRO_BATCH_TOKENS, machineKeys, modelKeys } from './keys.js';
import { type Layer, Layers, settingError } from './layers.js';
import { choice, nameList, positiveNumber, text, wholeNumber } from './values.js';

const { dataset, data, text: textColumn, header } = dataKeys;
const { optimizer, dtype, batchSize } = modelKeys;

/** Losses over classes, with a kernel of the engine's each. */
const LOSSES = [
  'xent',
  'confidence',
  'product',
  'reverse-kl',
  'window',
  'entropy',
  'adaptive-confidence',
] as const;

export const benchKeys = {
  model: key(nameList('models between commas', 'MODEL'), {
    group: 'Experiment',
    describe:
      'Built-in models, folders or names on the hub, or shapes with random weights: gpt2-124m, gpt2-350m, gpt2-774m, gpt2-1.5b, llama-23m',
    defaultWords: 'chess-m,llama-23m; gpt2-124m for kernels',
  }),
  lengths: key(text('short, long, token counts or a file', 'LENGTHS'), {
    group: 'Data',
    describe:
      "Sequence lengths: short or long (SciQ's questions with each of four answers, without and with the paragraph, by GPT-2's tokenizer), counts between commas, or a file of counts",
    defaultWords: 'short',
  }),
  dataset: {
    ...dataset,
    describe: 'Real rows instead of --lengths, by the tokenizer of the model',
    defaultWords: 'none',
  },
  data,
  text: textColumn,
  header,
  batchSize: {
    ...batchSize,
    describe: 'Examples in one optimizer step; of label: at least so many in one call',
  },
  head: key(choice(['linear', 'lm']), {
    group: 'Training',
    describe: 'What is read from the model: a linear map for two classes, or the language model',
    default: 'linear',
  }),
  loss: key(choice(LOSSES), {
    group: 'Training',
    describe: 'Objective of train; --head lm has its own',
    default: 'xent',
  }),
  optimizer,
  dtype,
  steps: key(wholeNumber(3, 1_000_000), {
    group: 'Experiment',
    describe: 'Repetitions that are measured: optimizer steps of train, calls of label',
    defaultWords: 'as many as --seconds allows, three at least',
  }),
  seconds: key(positiveNumber(), {
    group: 'Experiment',
    describe: 'How long each measurement takes, without loading and warm-up',
    default: 5,
  }),
  ...machineKeys,
  ...graphKeys,
  // What is measured is said, not tried out.
  microBatchTokens: key(wholeNumber(1), {
    group: 'Machine',
    describe: 'Most tokens computed at once',
    default: MICRO_BATCH_TOKENS,
  }),
  out: key(text('a file', 'FILE'), {
    group: 'Output',
    describe: 'Write the JSON document to FILE as well',
  }),
} as const;

/** Settings of `bench`: its flags in camelCase. */
export type BenchRaw = Raw<typeof benchKeys>;

/** What `bench` measures. */
export type BenchWhat = 'train' | 'label' | 'kernels';

export interface BenchConfig {
  what: readonly BenchWhat[];
  models: readonly string[];
  /** Absent: real rows. */
  lengths?: string;
  dataset?: string;
  data?: string;
  text?: string;
  header?: boolean;
  batchSize: number;
  head: 'linear' | 'lm';
  loss: (typeof LOSSES)[number];
  optimizer: 'adamw' | 'adam' | 'muon';
  dtype: 'f32' | 'bf16';
  steps: number | null;
  seconds: number;
  device: string;
  threads: number | null;
  microBatchTokens: number;
  sharePrefixes: boolean;
  cudaGraphs: boolean;
  deterministic: boolean;
  out?: string;
}

/** Resolves `bench`. @throws ERR_USAGE (flags) or ERR_CONFIG for contradictory settings. */
export function resolveBenchConfig(
  what: BenchWhat | undefined,
  input: readonly Layer<BenchRaw>[],
): BenchConfig {
  const said = new Layers(input, benchKeys);
  const rows = said.find('dataset', 'data');
  const lengths = said.find('lengths');
  if (rows !== undefined && lengths !== undefined) {
    throw settingError(
      lengths.origin,
      'Expected one of --lengths and --dataset or --data but received both.',
      'Leave out one.',
    );
  }
  const loss = said.find('loss');
  if (loss !== undefined && said.value('head') === 'lm') {
    throw settingError(
      loss.origin,
      `Expected no --loss with --head lm, which has its own, but received ${loss.value}.`,
      'Leave out one: npx w2s-native bench train --head lm',
    );
  }
  const parts = Object.fromEntries(
    (['dataset', 'data', 'text', 'header', 'out'] as const)
      .map((name) => [name, said.maybe(name)] as const)
      .filter(([, value]) => value !== undefined),
  );
  return {
    what: what === undefined ? ['train', 'label'] : [what],
    models: said.maybe('model') ?? defaultModels(what, rows !== undefined),
    ...(rows === undefined ? { lengths: lengths?.value ?? 'short' } : {}),
    ...parts,
    batchSize: said.value('batchSize'),
    head: said.value('head'),
    loss: said.value('loss'),
    optimizer: said.value('optimizer'),
    dtype: said.value('dtype'),
    steps: said.maybe('steps') ?? null,
    seconds: said.value('seconds'),
    device: said.value('device'),
    threads: said.maybe('threads') ?? null,
    microBatchTokens: said.value('microBatchTokens'),
    sharePrefixes: said.value('sharePrefixes'),
    cudaGraphs: said.value('cudaGraphs'),
    deterministic: said.value('deterministic'),
  };
}

/** The kernels are measured at the sizes of a shape; real rows need a tokenizer, which shapes lack. */
function defaultModels(what: BenchWhat | undefined, withRows: boolean): readonly string[] {
  if (what === 'kernels') return ['gpt2-124m'];
  return withRows ? ['chess-m'] : ['chess-m', 'llama-23m'];
}
