/** `train`: configuration → plan → steps → the document, which is built from the store alone. */

import { weakModelsOf } from '../config/supervision.js';
import type { TrainConfig } from '../config/train.js';
import type { FileLocations } from '../data/types.js';
import { planTrain, type TrainInputs, type TrainPlan } from '../experiments/train.js';
import type { TrainDocument } from '../metrics/document.js';
import { type ResolvedModel, resolveModel } from '../models/index.js';
import type { EngineOptions, Found } from './context.js';
import type { RunOptions } from './events.js';
import { runRecorded } from './recordedRun.js';
import { datasetRequest, type FoundData, findData, findFeatures, findSupervision } from './resolve.js';
import { trainDocument } from './trainDocument.js';

export interface TrainOptions extends RunOptions, EngineOptions {}

/**
 * Runs one weak-to-strong experiment, or takes it from the store, and gives the document of DESIGN 3.1.
 * Rejects with a W2sError; with ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runTrain(config: TrainConfig, options: TrainOptions = {}): Promise<TrainDocument> {
  const { plan, found } = await prepareTrain(config);
  return runRecorded(
    {
      command: 'train',
      name: `train-${config.dataset}`,
      config,
      plan,
      found,
      documentOf: ({ store }) => trainDocument(store, plan, config),
    },
    options,
  );
}

/** Finds what a configuration names, and plans. Nothing is run. */
export async function prepareTrain(config: TrainConfig): Promise<{ plan: TrainPlan; found: Found }> {
  const { inputs, found } = await findInputs(config);
  return { plan: planTrain(inputs), found };
}

/** From names to what a plan is made of. */
export async function findInputs(config: TrainConfig): Promise<{ inputs: TrainInputs; found: Found }> {
  const weakNames = weakModelsOf(config);
  const models = await modelsOf(config.strong, ...weakNames);
  const dataset = await findData(datasetRequest(config), { models });
  const labels = config.weakLabels === undefined ? null : await findSupervision(config.weakLabels);
  const features = await featuresOf(config, dataset);
  const hashOf = (name: string): string => models.find((model) => model.name === name)?.contentHash ?? '';
  const inputs: TrainInputs = {
    settings: config,
    weakModel: hashOf(weakNames[0] ?? ''),
    ...(weakNames.length > 1 ? { weakModels: weakNames.map(hashOf) } : {}),
    strongModel: hashOf(config.strong),
    ...features.hashes,
    dataset,
    weakLabels: labels?.sha256 ?? null,
  };
  const modelFolders = Object.fromEntries(models.map(({ contentHash, folder }) => [contentHash, folder]));
  const locations = { ...dataset.locations, ...labels?.locations, ...features.locations };
  return { inputs, found: { modelFolders, locations } };
}

/** The models that are named; none where labels or features stand in for one. */
async function modelsOf(...names: readonly string[]): Promise<ResolvedModel[]> {
  const models: ResolvedModel[] = [];
  for (const name of names) if (name !== '') models.push(await resolveModel(name));
  return models;
}

/** Tables of features that the user brings instead of models. */
async function featuresOf(
  config: TrainConfig,
  dataset: FoundData,
): Promise<{ hashes: Pick<TrainInputs, 'weakFeatures' | 'strongFeatures'>; locations: FileLocations }> {
  const hashes: Pick<TrainInputs, 'weakFeatures' | 'strongFeatures'> = {};
  let locations: FileLocations = {};
  for (const side of ['weak', 'strong'] as const) {
    const file = config[`${side}Features`];
    if (file === undefined) continue;
    const found = await findFeatures(file, `--${side}-features`, dataset);
    hashes[`${side}Features`] = found.sha256;
    locations = { ...locations, ...found.locations };
  }
  return { hashes, locations };
}
