/** The configuration of `bootstrap`: that of `train` with a chain of models in the place of two. Pure. */
import { type Keys, key, type Raw } from './key.js';
import {
  dataKeys,
  graphKeys,
  machineKeys,
  modelKeys,
  type SideRaw,
  type TrainRaw,
  trainKeys,
} from './keys.js';
import { type Layer, Layers, missing, nameOf, parseLayer, settingError } from './layers.js';
import type { TaskName } from './model.js';
import { lossModuleKeys } from './moduleKeys.js';
import { type DatasetPreset, DEFAULT_DATASET, presets } from './presets.js';
import { earlyStopKey } from './studentKeys.js';
import { resolveTrainConfig, sideKeys, type TrainConfig } from './train.js';
import { nameList } from './values.js';

const { seed, trainSize, testSize, checkpointEvery, keepModels, out } = trainKeys;

/** Settings of `bootstrap` but those for some models alone. */
export const bootstrapKeys = {
  chain: key(nameList('two or more models between commas, the weakest first', 'MODEL,MODEL,…'), {
    group: 'Experiment',
    describe: 'M1 to Mn, the weakest first: built-in models, folders, or names on the hub',
    defaultWords: 'chess-xs,chess-s,chess-m for built-in data sets',
  }),
  seed,
  ...dataKeys,
  trainSize: { ...trainSize, describe: 'Rows of all sets of the chain together' },
  testSize,
  ...modelKeys,
  ...lossModuleKeys,
  ...earlyStopKey,
  ...machineKeys,
  ...graphKeys,
  checkpointEvery,
  keepModels,
  out,
} as const;

/** Every key of `bootstrap`, those with `weak-` and `strong-` in front included. */
export const allBootstrapKeys: Keys = {
  ...bootstrapKeys,
  ...sideKeys('weak', 'the first model of the chain'),
  ...sideKeys('strong', 'the models after the first'),
};

/** What a layer of `bootstrap` may say. */
export type BootstrapRaw = Raw<typeof bootstrapKeys> & SideRaw;
/**
 * Settings of `bootstrap`: its flags in camelCase; `seed` is one seed or several.
 * @interface
 */
export type BootstrapSettings = Omit<BootstrapRaw, 'seed' | 'chain'> & {
  seed?: number | readonly number[] | undefined;
  chain?: string | readonly string[] | undefined;
};

export interface BootstrapConfig extends Omit<TrainConfig, 'weak' | 'strong'> {
  /** Names of M1 to Mn. */
  chain: readonly string[];
}

/** The built-in models, weakest first. */
const BUILT_IN_CHAIN = ['chess-xs', 'chess-s', 'chess-m'];
/** Rows of all sets together, where a built-in data set is not told how many: two minutes on two cores. */
const BUILT_IN_SIZE = 1800;

/**
 * Resolves what was said about a chain.
 * @param input values by camelCase key, or layers that were checked already, the strongest first
 * @param task of files that were looked into
 * @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings.
 */
export function resolveBootstrapConfig(
  input: BootstrapSettings | readonly Layer<BootstrapRaw>[] = {},
  known: Readonly<Record<string, DatasetPreset>> = presets,
  task?: TaskName,
): BootstrapConfig {
  const layers = Array.isArray(input)
    ? (input as readonly Layer<BootstrapRaw>[])
    : [parseLayer<BootstrapRaw>(allBootstrapKeys, { ...input }, { kind: 'call', command: 'bootstrap' })];
  const said = new Layers<BootstrapRaw>(layers, allBootstrapKeys);
  const chain = resolveChain(said, known);
  const ends = { weak: chain[0], strong: chain.at(-1) };
  const of: Layer<TrainRaw> = { origin: said.origin, values: ends };
  const train = resolveTrainConfig([of, ...layers.map(withoutChain)], withSizes(known), task);
  const { weak: _weak, strong: _strong, ...rest } = train;
  return { chain, ...rest };
}

function resolveChain(
  said: Layers<BootstrapRaw>,
  known: Readonly<Record<string, DatasetPreset>>,
): readonly string[] {
  const found = said.find('chain');
  const hint = 'Name two or more, the weakest first: --chain chess-xs,chess-s,chess-m';
  if (found === undefined) {
    const dataset = said.maybe('dataset') ?? (said.maybe('data') === undefined ? DEFAULT_DATASET : 'columns');
    const isBuiltIn = Object.hasOwn(known, dataset);
    if (isBuiltIn) return BUILT_IN_CHAIN;
    throw missing(said.origin, 'chain', 'for bootstrap', hint.replace(/chess.*$/, 'SMALL,MEDIUM,LARGE'));
  }
  if (found.value.length > 1) return found.value;
  throw settingError(
    found.origin,
    `Expected two or more models for ${nameOf('chain', found.origin)} but received one, ${found.value[0]}: nothing is left to learn from it.`,
    hint,
  );
}

function withoutChain({ origin, values }: Layer<BootstrapRaw>): Layer<TrainRaw> {
  const { chain: _chain, ...rest } = values;
  return { origin, values: rest };
}

/** More models learn here than in `train`, and one of them from several sets. */
function withSizes(known: Readonly<Record<string, DatasetPreset>>): Record<string, DatasetPreset> {
  return Object.fromEntries(
    Object.entries(known).map(([name, { task, settings }]) => [
      name,
      { task, settings: { ...settings, trainSize: BUILT_IN_SIZE } },
    ]),
  );
}
