/** `train`: configuration → plan → steps → the document, which is built from the store alone. */

import type { TrainConfig } from '../config/train.js';
import { planTrain, type TrainInputs, type TrainPlan } from '../experiments/train.js';
import type { TrainDocument } from '../metrics/document.js';
import { resolveModel } from '../models/index.js';
import type { BoundLoss } from '../tasks/loss.js';
import { type EngineOptions, type Found, stepContext } from './context.js';
import type { RunOptions } from './events.js';
import { datasetRequest, findData, findSupervision } from './resolve.js';
import { runPlan } from './runner.js';
import { trainDocument } from './trainDocument.js';

export interface TrainOptions extends RunOptions, EngineOptions {
  /** A loss of the student's, written in TypeScript, in place of the configured one. */
  loss?: BoundLoss;
}

/**
 * Runs one weak-to-strong experiment, or takes it from the store, and gives the document of DESIGN 3.1.
 * Rejects with a W2sError; with ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runTrain(config: TrainConfig, options: TrainOptions = {}): Promise<TrainDocument> {
  const onEvent = options.onEvent ?? (() => {});
  const { plan, found } = await prepareTrain(config, options.loss);
  const context = stepContext(config, found, options);
  await runPlan(plan, { context, onEvent, keepModels: config.keepModels });
  const document = await trainDocument(context.store, plan, config);
  const path = await context.store.writeRun(`train-${config.dataset}`, {
    command: 'train',
    time: new Date().toISOString(),
    config,
    plan: plan.steps,
    steps: document.steps,
    summary: document,
  });
  onEvent({ type: 'run-written', path });
  return document;
}

/** Finds what a configuration names, and plans. Nothing is run. */
export async function prepareTrain(
  config: TrainConfig,
  loss?: BoundLoss,
): Promise<{ plan: TrainPlan; found: Found }> {
  const { inputs, found } = await findInputs(config, loss);
  return { plan: planTrain(inputs), found };
}

/** From names to what a plan is made of. */
export async function findInputs(
  config: TrainConfig,
  loss?: BoundLoss,
): Promise<{ inputs: TrainInputs; found: Found }> {
  const strong = await resolveModel(config.strong);
  const weak = config.weakLabels === undefined ? await resolveModel(config.weak) : null;
  const dataset = await findData(datasetRequest(config), { models: weak ? [strong, weak] : [strong] });
  const labels = config.weakLabels === undefined ? null : await findSupervision(config.weakLabels);
  const inputs: TrainInputs = {
    settings: config,
    weakModel: weak?.contentHash ?? '',
    strongModel: strong.contentHash,
    dataset,
    weakLabels: labels?.sha256 ?? null,
    ...(loss
      ? { studentLoss: { loss: 'custom', name: loss.name, source: loss.source, params: loss.params } }
      : {}),
  };
  const modelFolders = {
    ...(weak ? { [weak.contentHash]: weak.folder } : {}),
    [strong.contentHash]: strong.folder,
  };
  const locations = { ...dataset.locations, ...labels?.locations };
  return { inputs, found: { modelFolders, locations, losses: loss ? [loss] : [] } };
}
