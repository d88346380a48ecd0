/** `bootstrap`: configuration → plan → steps → the document, which is built from the store alone. */

import type { BootstrapConfig } from '../config/bootstrap.js';
import { type BootstrapPlan, planBootstrap } from '../experiments/bootstrap.js';
import type { BootstrapDocument } from '../metrics/index.js';
import { type ResolvedModel, resolveModel } from '../models/index.js';
import { bootstrapDocument } from './bootstrapDocument.js';
import type { EngineOptions, Found } from './context.js';
import type { RunOptions } from './events.js';
import { runRecorded } from './recordedRun.js';
import { datasetRequest, findData } from './resolve.js';

export interface BootstrapOptions extends RunOptions, EngineOptions {}

/**
 * Runs a chain of models and what it is compared with, or takes it from the store.
 * Rejects with a W2sError; with ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runBootstrap(
  config: BootstrapConfig,
  options: BootstrapOptions = {},
): Promise<BootstrapDocument> {
  const { plan, found } = await prepareBootstrap(config);
  return runRecorded(
    {
      command: 'bootstrap',
      name: `bootstrap-${config.dataset}`,
      config,
      plan,
      found,
      documentOf: ({ store }) => bootstrapDocument(store, plan, config),
    },
    options,
  );
}

/** Finds what a configuration names, and plans. Nothing is run. */
export async function prepareBootstrap(
  config: BootstrapConfig,
): Promise<{ plan: BootstrapPlan; found: Found }> {
  const models: ResolvedModel[] = [];
  for (const name of config.chain) models.push(await resolveModel(name));
  // The strongest counts most where folders name classes.
  const dataset = await findData(datasetRequest(config), { models: models.toReversed() });
  const plan = planBootstrap({
    settings: config,
    models: models.map(({ contentHash }) => contentHash),
    dataset,
  });
  const modelFolders = Object.fromEntries(models.map(({ contentHash, folder }) => [contentHash, folder]));
  return { plan, found: { modelFolders, locations: dataset.locations } };
}
