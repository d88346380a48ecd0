/** The configuration of `run`: that of `train`, for an experiment that a user defines. Pure. */
import type { Keys, Raw } from './key.js';
import type { TrainRaw } from './keys.js';
import type { Layer } from './layers.js';
import type { TaskName } from './model.js';
import { experimentModuleKeys } from './moduleKeys.js';
import { type DatasetPreset, presets } from './presets.js';
import { allTrainKeys, resolveTrainConfig, type TrainConfig, type TrainSettings } from './train.js';

// How many students there are is the experiment's own affair.
const { rounds: _, ...shared } = allTrainKeys;

/** Every key of `run`. */
export const allRunKeys: Keys = { ...shared, ...experimentModuleKeys };

/** What a layer of `run` may say. */
export type RunRaw = Omit<TrainRaw, 'rounds'> & Raw<typeof experimentModuleKeys>;

/**
 * Settings of `runExperiment`: the flags of `run` in camelCase, and `params` for the experiment's own.
 * @interface
 */
export type RunSettings = Omit<TrainSettings, 'rounds'> & {
  params?: Readonly<Record<string, unknown>> | undefined;
};

/** What is known of an experiment that a user defines. */
export interface ExperimentIdentity {
  name: string;
  /** sha256 of its code. What of it decides results stands in the steps. */
  source: string;
  params: Readonly<Record<string, unknown>>;
  /** As it was named; absent where a call brought the definition itself. */
  file?: string;
}

export interface RunConfig extends TrainConfig {
  experiment: ExperimentIdentity;
}

/** @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings. */
export function resolveRunConfig(
  layers: readonly Layer<RunRaw>[],
  experiment: ExperimentIdentity,
  known: Readonly<Record<string, DatasetPreset>> = presets,
  task?: TaskName,
): RunConfig {
  const train = layers.map(({ origin, values: { params: _, ...values } }) => ({ origin, values }));
  return { ...resolveTrainConfig(train, known, task), experiment };
}
