/**
 * Every setting of every command: what it may hold, its default, its help. Flags, keys of --config
 * files, keys of calls from Node, types and docs all come from here.
 */
import { key, type Raw } from './key.js';
import { lossKeys } from './lossKeys.js';
import { featureKeys, methodKeys, promptKeys } from './methodKeys.js';
import { lossModuleKeys, relabelModuleKeys } from './moduleKeys.js';
import { earlyStopKey, roundsKey } from './studentKeys.js';
import { supervisionKeys } from './supervisionKeys.js';
import {
  choice,
  device,
  numberBetween,
  onOff,
  positiveNumber,
  seedList,
  text,
  wholeNumber,
  wholeNumberOr,
} from './values.js';

/** Settings that `train` takes for both models, or with `weak-` or `strong-` in front for one. */
export const modelKeys = {
  ...lossKeys,
  epochs: key(wholeNumber(1, 1_000_000), { group: 'Training', describe: 'Passes over the data', default: 2 }),
  batchSize: key(wholeNumber(1, 1_000_000), {
    group: 'Training',
    describe: 'Examples in one optimizer step',
    default: 32,
  }),
  lr: key(positiveNumber(), { group: 'Training', describe: 'Learning rate', default: 1e-5 }),
  headLr: key(positiveNumber(), {
    group: 'Training',
    describe: "Learning rate of a fresh head's weights",
    defaultWords: 'as --lr',
  }),
  optimizer: key(choice(['adamw', 'adam', 'muon']), {
    group: 'Training',
    describe: 'Optimizer; muon on matrices with adamw on the rest',
    default: 'adamw',
  }),
  weightDecay: key(numberBetween(0, 1e6), { group: 'Training', describe: 'Weight decay', default: 0 }),
  clip: key(numberBetween(0, 1e30), {
    group: 'Training',
    describe: 'Largest global gradient norm; 0: no clipping',
    default: 1,
  }),
  schedule: key(choice(['constant', 'linear', 'cosine']), {
    group: 'Training',
    describe: 'Learning rate over the steps',
    default: 'cosine',
  }),
  warmupSteps: key(wholeNumber(0), {
    group: 'Training',
    describe: 'Steps over which the learning rate rises first',
    default: 0,
  }),
  maxContext: key(wholeNumber(2), {
    group: 'Training',
    describe: 'Most tokens of an example; longer texts lose their beginning',
    defaultWords: "the model's own context",
  }),
  head: key(choice(['linear', 'unembedding', 'tokens', 'scalar', 'likelihood', 'lm']), {
    group: 'Training',
    describe:
      'What is read from a model: a fresh linear map, one that starts from the rows of the answer tokens, the next-token logits of the answer tokens, a reward (scalar, of preferences), the likelihood of the completion, or (of completions) the language model itself',
    default: 'linear',
    defaultWords: 'linear; lm for completions, scalar for preferences',
  }),
  dtype: key(choice(['f32', 'bf16']), {
    group: 'Training',
    describe: 'Number format of the computation; masters, head and loss are f32 in both',
    default: 'f32',
  }),
  ...promptKeys,
  ...methodKeys,
} as const;

/** Where data come from. */
export const dataKeys = {
  dataset: key(text('the name of a data set or format', 'NAME'), {
    group: 'Data',
    describe:
      'Built-in or published data set, a file that defines one (./my-data.mjs), or the format of --data (see `npx w2s-native datasets`)',
    defaultWords: 'chess-puzzles; columns with --data',
  }),
  data: key(text('a file', 'FILE'), {
    group: 'Data',
    describe:
      'JSONL, JSON, CSV, TSV or Parquet to train on; each may be gzip (.gz), or on the hub (hf://datasets/OWNER/NAME/PATH)',
  }),
  testData: key(text('a file', 'FILE'), {
    group: 'Data',
    describe: 'File to test on',
    defaultWords: 'drawn from --data first',
  }),
  text: key(text('a column name', 'COLUMN'), {
    group: 'Data',
    describe: 'Column that holds the text',
    defaultWords: 'text, or prompt with completion',
  }),
  label: key(text('a column name', 'COLUMN'), {
    group: 'Data',
    describe: 'Column that holds the label',
    defaultWords: 'label',
  }),
  header: key(onOff(), {
    group: 'Data',
    describe:
      'CSV and TSV begin with the names of their columns; with --no-header the columns are called 1, 2, 3, …',
    default: true,
    defaultWords: 'as --dataset has it',
  }),
  skipBadRows: key(onOff(), {
    group: 'Data',
    describe:
      'Leave out rows that cannot be read, and say how many; --weak-labels must be without fault all the same',
    default: false,
  }),
  dataSeed: key(wholeNumber(0), {
    group: 'Data',
    describe: 'Seed of test items and their distractors',
    default: 0,
  }),
} as const;

/** Tokens computed at once where nobody says otherwise. */
export const MICRO_BATCH_TOKENS = 4096;

/** How and where it runs; none of these changes a result beyond rounding, but `deterministic`. */
export const machineKeys = {
  device: key(device(), {
    group: 'Machine',
    describe: 'Where to compute',
    default: 'auto',
    defaultWords: 'auto; cpu for built-in data sets',
  }),
  threads: key(wholeNumber(1, 4096), {
    group: 'Machine',
    describe: 'CPU threads',
    defaultWords: 'the cores this process may use',
  }),
  microBatchTokens: key(wholeNumberOr(1, 'auto'), {
    group: 'Machine',
    describe: 'Most tokens computed at once; auto: tried out on a GPU. Halved where memory runs out',
    default: MICRO_BATCH_TOKENS,
  }),
  sharePrefixes: key(onOff(), {
    group: 'Machine',
    describe:
      'Compute once what several texts begin with, such as the question before its answers; changes speed alone',
    default: true,
  }),
  deterministic: key(onOff(), {
    group: 'Machine',
    describe: 'Only kernels that give the same bits every time (CUDA)',
    default: false,
  }),
} as const;

/** How training is launched. */
export const graphKeys = {
  cudaGraphs: key(onOff(), {
    group: 'Machine',
    describe: 'Launch small training steps as a whole (CUDA graphs); changes nothing but speed and rounding',
    default: false,
  }),
} as const;

const checkpointKeys = {
  checkpointEvery: key(numberBetween(0, 86_400 * 365), {
    group: 'Machine',
    describe: 'Seconds between checkpoints; 0: after every step',
    default: 30,
  }),
} as const;

const outKey = {
  out: key(text('a folder', 'FOLDER'), {
    group: 'Output',
    describe: 'Folder of the store: finished steps are found there and not run again',
    default: 'results',
  }),
} as const;

const seedKey = {
  seed: key(seedList(), {
    group: 'Experiment',
    describe: 'Seeds of halves, shuffles and heads; several are averaged',
    default: [0],
  }),
} as const;

const pairKeys = {
  weak: key(text('a model', 'MODEL'), {
    group: 'Experiment',
    describe: 'Supervisor: a built-in model, a folder, or a name on the hub; several between commas',
    defaultWords: 'chess-xs for built-in data sets',
  }),
  strong: key(text('a model', 'MODEL'), {
    group: 'Experiment',
    describe: 'Student and ceiling',
    defaultWords: 'chess-m for built-in data sets',
  }),
} as const;

const halvesKeys = {
  weakData: key(text('a file', 'FILE'), {
    group: 'Data',
    describe: 'Rows for the supervisor, instead of half of --data; with --transfer-data and --test-data',
  }),
  transferData: key(text('a file', 'FILE'), {
    group: 'Data',
    describe: 'Rows for student and ceiling, instead of the other half of --data',
  }),
  weakLabels: key(text('a file', 'FILE'), {
    group: 'Data',
    describe: 'Labels for the transfer half by id, instead of those of --weak',
  }),
  trainSize: key(wholeNumber(2), {
    group: 'Data',
    describe: 'Rows of both halves together',
    defaultWords: 'all',
  }),
  testSize: key(wholeNumber(1), {
    group: 'Data',
    describe: 'Rows to test on',
    defaultWords: 'all of --test-data, else a fifth of --data',
  }),
} as const;

const keepKey = {
  keepModels: key(onOff(), {
    group: 'Output',
    describe: 'Keep the trained models as Hugging Face folders',
    default: false,
  }),
} as const;

const modelKey = {
  model: key(text('a model', 'MODEL'), {
    group: 'Experiment',
    describe: 'A built-in model, a folder, or a name on the hub',
  }),
} as const;

const exportKey = {
  export: key(text('a file that ends in .jsonl or .parquet', 'FILE'), {
    group: 'Output',
    describe:
      'Write id, label, logits and probabilities of every row, in input order, to FILE.jsonl or FILE.parquet',
  }),
} as const;

const oneSeedKey = {
  seed: key(wholeNumber(0), {
    group: 'Experiment',
    describe: 'Seed of shuffles and a fresh head',
    default: 0,
  }),
} as const;

const { method, probeFit, probeEpochs, probeLr, probeL2, shots, maxNewTokens, ...finetuneModelKeys } =
  modelKeys;
const { head, maxContext, dtype } = modelKeys;

export const trainKeys = {
  ...pairKeys,
  ...supervisionKeys,
  ...roundsKey,
  ...featureKeys,
  ...seedKey,
  ...dataKeys,
  ...halvesKeys,
  ...modelKeys,
  ...lossModuleKeys,
  ...relabelModuleKeys,
  ...earlyStopKey,
  ...machineKeys,
  ...graphKeys,
  ...checkpointKeys,
  ...keepKey,
  ...outKey,
} as const;

const { data, dataset, testData, text: textColumn, label, header, skipBadRows, dataSeed } = dataKeys;

export const finetuneKeys = {
  ...modelKey,
  ...oneSeedKey,
  dataset,
  data,
  text: textColumn,
  label,
  header,
  skipBadRows,
  dataSeed,
  ...finetuneModelKeys,
  ...lossModuleKeys,
  ...machineKeys,
  ...graphKeys,
  ...checkpointKeys,
  ...outKey,
} as const;

const readingKeys = { head, maxContext, dtype, ...promptKeys } as const;

const drawKey = {
  seed: key(wholeNumber(0), {
    group: 'Data',
    describe:
      'Draw distractors and orders as the halves of this seed of train have them, so that labels fit --weak-labels',
    defaultWords: 'drawn as for tests, by --data-seed',
  }),
} as const;

export const labelKeys = {
  ...modelKey,
  ...drawKey,
  dataset,
  data,
  text: textColumn,
  header,
  skipBadRows,
  dataSeed,
  ...readingKeys,
  ...machineKeys,
  ...outKey,
  ...exportKey,
} as const;

export const evaluateKeys = {
  ...modelKey,
  dataset,
  data,
  testData,
  text: textColumn,
  label,
  header,
  skipBadRows,
  dataSeed,
  ...readingKeys,
  ...machineKeys,
  ...outKey,
  ...exportKey,
} as const;

export type ModelKeyName = keyof typeof modelKeys;

/** `train`'s settings for one model only. */
export type SideRaw = {
  [N in ModelKeyName as `${'weak' | 'strong'}${Capitalize<N>}`]?: Raw<typeof modelKeys>[N];
};

/** What a layer of `train` may say. */
export type TrainRaw = Raw<typeof trainKeys> & SideRaw;
/**
 * Settings of `weakToStrong`: the flags of `train` in camelCase; `seed` is one seed or several.
 * @interface
 */
export type TrainSettings = Omit<TrainRaw, 'seed'> & { seed?: number | readonly number[] | undefined };
/**
 * Settings of `finetune`: its flags in camelCase.
 * @interface
 */
export type FinetuneRaw = Raw<typeof finetuneKeys>;
/**
 * Settings of `label`: its flags in camelCase.
 * @interface
 */
export type LabelRaw = Raw<typeof labelKeys>;
/**
 * Settings of `evaluate`: its flags in camelCase.
 * @interface
 */
export type EvaluateRaw = Raw<typeof evaluateKeys>;
