/** The configurations of `reward` and `best-of`: that of `train` on preferences, and what they ask beside it. Pure. */
import { z } from 'zod';
import { type Keys, key, type Raw } from './key.js';
import type { TrainRaw } from './keys.js';
import { type Layer, Layers, nameOf, parseLayer, settingError } from './layers.js';
import type { TaskName } from './model.js';
import { type DatasetPreset, presets } from './presets.js';
import { allTrainKeys, resolveTrainConfig, type TrainConfig, type TrainSettings } from './train.js';
import { numberBetween, onOff, positiveNumber, text, wholeNumber } from './values.js';

/** What `reward` runs when it is told nothing. */
const DEFAULT_PREFERENCES = 'chess-preference';

const generativeKeys = {
  generativeFinetune: key(onOff(), {
    group: 'Training',
    describe:
      'First fine-tune the strong model on the completions of the transfer half, both of each pair and no preference read; student and a second ceiling start from it',
    default: false,
  }),
  generativeEpochs: key(wholeNumber(1, 1_000_000), {
    group: 'Training',
    describe: 'With --generative-finetune: passes over the completions',
    default: 1,
  }),
  generativeLr: key(positiveNumber(), {
    group: 'Training',
    describe: 'With --generative-finetune: learning rate',
    defaultWords: "student's --lr",
  }),
} as const;

/** Different whole numbers between commas, from small to large. */
function counts() {
  const words = (value: unknown): unknown =>
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
  const count = z.preprocess(
    (value) => (typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value),
    z.number().int().min(1).max(4096),
  );
  return {
    schema: z
      .preprocess(words, z.array(count).min(1))
      .transform((values) => [...new Set(values)].sort((a, b) => a - b)),
    expects: 'whole numbers from 1 to 4096 between commas, such as 1,2,4,8',
    placeholder: 'N,N,…',
  };
}

const samplingKeys = {
  n: key(counts(), {
    group: 'Experiment',
    describe:
      'How many completions a reward model chooses from; as many as the largest are drawn of each prompt',
    default: [1, 2, 4, 8, 16],
  }),
  policy: key(text('a model', 'MODEL'), {
    group: 'Experiment',
    describe: 'What writes the completions',
    defaultWords: 'the strong model, before any training',
  }),
  temperature: key(numberBetween(0, 100), {
    group: 'Experiment',
    describe: 'Of the drawing; 0: the likeliest completion each time',
    default: 1,
  }),
  topP: key(numberBetween(0, 1), {
    group: 'Experiment',
    describe: 'Draw from the likeliest tokens alone that have this probability together',
    default: 1,
  }),
  sampleSeed: key(wholeNumber(0), { group: 'Experiment', describe: 'Seed of the drawing', default: 0 }),
} as const;

export const rewardKeys: Keys = { ...allTrainKeys, ...generativeKeys };
export const bestOfKeys: Keys = { ...rewardKeys, ...samplingKeys };

/** What a layer of `reward` may say. */
export type RewardRaw = TrainRaw & Raw<typeof generativeKeys>;
/**
 * Settings of `reward`: the flags in camelCase; `seed` is one seed or several.
 * @interface
 */
export type RewardSettings = TrainSettings & Raw<typeof generativeKeys>;

/** What a layer of `best-of` may say. */
export type BestOfRaw = RewardRaw & Raw<typeof samplingKeys>;
/**
 * Settings of `bestOf`: the flags in camelCase; `seed` is one seed or several.
 * @interface
 */
export type BestOfSettings = RewardSettings &
  Omit<Raw<typeof samplingKeys>, 'n'> & {
    n?: number | string | readonly number[] | undefined;
  };

export interface RewardConfig extends TrainConfig {
  /** The strong model learns the completions first. Absent: it does not. */
  generative?: { epochs: number; lr: number };
}

/** The experiment whose weak, student and ceiling models choose, and what from. */
export interface BestOfConfig extends RewardConfig {
  /** From small to large. */
  n: readonly number[];
  /** Absent: the strong model. */
  policy?: string;
  temperature: number;
  topP: number;
  sampleSeed: number;
  /** Most tokens of a completion. Absent: as the policy's folder has it. */
  maxNewTokens?: number;
}

type Known = Readonly<Record<string, DatasetPreset>>;

/**
 * Resolves what was said about a reward experiment.
 * @param input values by camelCase key, or layers that were checked already, the strongest first
 * @param task of files that were looked into
 * @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings, and data without preferences.
 */
export function resolveRewardConfig(
  input: RewardSettings | readonly Layer<RewardRaw>[] = {},
  known: Known = presets,
  task?: TaskName,
): RewardConfig {
  const layers = isLayers<RewardRaw>(input)
    ? input
    : [parseLayer<RewardRaw>(rewardKeys, { ...input }, { kind: 'call', command: 'reward' })];
  const said = new Layers<RewardRaw>(layers, rewardKeys);
  const brings = said.find('data', 'weakData', 'transferData') !== undefined;
  const dataset = said.maybe('dataset') ?? (brings ? 'pairs' : DEFAULT_PREFERENCES);
  const asks = task ?? (Object.hasOwn(known, dataset) ? known[dataset]?.task : undefined);
  checkPreferences(said, dataset, asks);
  const usual: Layer<TrainRaw> = {
    origin: { kind: 'preset', command: said.origin.command },
    values: { dataset },
  };
  const train = resolveTrainConfig([...layers.map(withoutOwn), usual], known, asks ?? 'preference');
  const generative = resolveGenerative(said, train);
  return generative === undefined ? train : { ...train, generative };
}

/** Resolves what was said about `best-of`. @throws as `resolveRewardConfig` */
export function resolveBestOfConfig(
  input: BestOfSettings | readonly Layer<BestOfRaw>[] = {},
  known: Known = presets,
  task?: TaskName,
): BestOfConfig {
  const layers = isLayers<BestOfRaw>(input)
    ? input
    : [parseLayer<BestOfRaw>(bestOfKeys, { ...input }, { kind: 'call', command: 'best-of' })];
  const said = new Layers<BestOfRaw>(layers, bestOfKeys);
  const policy = said.maybe('policy');
  const maxNewTokens = said.maybe('maxNewTokens');
  return {
    ...resolveRewardConfig(layers.map(withoutSampling), known, task),
    n: said.value('n'),
    ...(policy === undefined ? {} : { policy }),
    temperature: said.value('temperature'),
    topP: said.value('topP'),
    sampleSeed: said.value('sampleSeed'),
    ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
  };
}

function isLayers<R>(input: object | readonly Layer<R>[]): input is readonly Layer<R>[] {
  return Array.isArray(input);
}

function withoutOwn({ origin, values }: Layer<RewardRaw>): Layer<TrainRaw> {
  const { generativeFinetune: _f, generativeEpochs: _e, generativeLr: _l, ...rest } = values;
  return { origin, values: rest };
}

function withoutSampling({ origin, values }: Layer<BestOfRaw>): Layer<RewardRaw> {
  const { n: _n, policy: _p, temperature: _t, topP: _o, sampleSeed: _s, maxNewTokens: _m, ...rest } = values;
  return { origin, values: rest };
}

function checkPreferences(said: Layers<RewardRaw>, dataset: string, task: TaskName | undefined): void {
  if (task === undefined || task === 'preference') return;
  const found = said.find('dataset', 'data');
  const { command } = said.origin;
  throw settingError(
    found?.origin ?? said.origin,
    `Expected preferences for ${command} but received the data set ${dataset}, which asks for ${task === 'completion' ? 'completions' : 'classes'}.`,
    `Take pairs (--dataset pairs, hh or chess-preference), or: npx w2s-native train --dataset ${dataset}`,
  );
}

function resolveGenerative(
  said: Layers<RewardRaw>,
  { forStrong, rounds }: TrainConfig,
): RewardConfig['generative'] {
  if (said.value('generativeFinetune')) {
    // The tuned student would learn what an untuned one before it says: neither method would be seen by itself.
    if (rounds !== undefined) {
      const found = said.find('rounds');
      throw settingError(
        found?.origin ?? said.origin,
        `Expected one round beside --generative-finetune but received ${rounds}.`,
        'Leave out --rounds, or --generative-finetune.',
      );
    }
    return { epochs: said.value('generativeEpochs'), lr: said.maybe('generativeLr') ?? forStrong.lr };
  }
  const idle = said.find('generativeEpochs', 'generativeLr');
  if (idle === undefined) return undefined;
  throw settingError(
    idle.origin,
    `Expected --generative-finetune beside ${nameOf(idle.key, idle.origin)} but received none.`,
    'Add --generative-finetune',
  );
}
