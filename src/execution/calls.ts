/** The package's calls: plain settings in, the JSON document of the command of the same name out. */

import type { Keys } from '../config/key.js';
import { finetuneKeys } from '../config/keys.js';
import { type Layer, parseLayer } from '../config/layers.js';
import { presets } from '../config/presets.js';
import {
  type EvaluateRaw,
  type FinetuneRaw,
  type LabelRaw,
  resolveEvaluateConfig,
  resolveFinetuneConfig,
  resolveLabelConfig,
} from '../config/steps.js';
import { allTrainKeys, resolveTrainConfig, type TrainRaw, type TrainSettings } from '../config/train.js';
import { type DatasetRequest, resolveDataset } from '../data/index.js';
import type { TaskKind } from '../data/types.js';
import type { TrainDocument } from '../metrics/document.js';
import type { RunOptions } from './events.js';
import { runEvaluate, runFinetune, runLabel } from './single.js';
import type { EvaluateDocument, StepDocument } from './stepDocument.js';
import { runTrain } from './train.js';
import { type LossOption, withUserLoss } from './userModules.js';

/**
 * One weak-to-strong experiment. Settings are the flags of `train` in camelCase; without any, the built-in
 * default. Steps that the store (`out`) holds are not run again.
 *
 * @returns the document of `w2s-native train --json`
 * Rejects with a W2sError: ERR_CONFIG on bad settings, ERR_DATA, ERR_WEIGHTS, ERR_NOT_FINITE, …; with
 * ERR_ABORTED, after a checkpoint, when `signal` fires.
 */
export async function weakToStrong(
  settings: TrainSettings = {},
  options: RunOptions & LossOption = {},
): Promise<TrainDocument> {
  const layers = await callLayers<TrainRaw>('train', allTrainKeys, settings, options);
  return runTrain(await withTask((task) => resolveTrainConfig(layers, presets, task)), options);
}

/** Fine-tunes a model on every row of a file. @returns the document of `w2s-native finetune --json` */
export async function finetune(
  settings: FinetuneRaw,
  options: RunOptions & LossOption = {},
): Promise<StepDocument> {
  const layers = await callLayers<FinetuneRaw>('finetune', finetuneKeys, settings, options);
  return runFinetune(await withTask((task) => resolveFinetuneConfig(layers, presets, task)), options);
}

/** Predicts every row of a file without reading its labels. @returns the document of `w2s-native label --json` */
export async function label(settings: LabelRaw, options: RunOptions = {}): Promise<StepDocument> {
  return runLabel(await withTask((task) => resolveLabelConfig(settings, presets, task)), options);
}

/** Holds a model against the labels of a file. @returns the document of `w2s-native evaluate --json` */
export async function evaluate(settings: EvaluateRaw, options: RunOptions = {}): Promise<EvaluateDocument> {
  return runEvaluate(await withTask((task) => resolveEvaluateConfig(settings, presets, task)), options);
}

/** The settings of a call as a layer, with the loss of the user's own loaded that they or the options name. */
export async function callLayers<R extends object>(
  command: string,
  keys: Keys,
  settings: object,
  options: LossOption = {},
): Promise<readonly Layer<R>[]> {
  return withUserLoss([parseLayer<R>(keys, { ...settings }, { kind: 'call', command })], options);
}

/** Resolves once to learn which files are meant, and again when they say what they are for. */
async function withTask<C extends DatasetRequest & { dataset: string }>(
  resolve: (task?: TaskKind) => C,
): Promise<C> {
  const config = resolve();
  if (Object.hasOwn(presets, config.dataset)) return config;
  return resolve((await resolveDataset(config)).task);
}
