/** `run`: an experiment that a user defines, from its module or definition to the document. */

import { createHash } from 'node:crypto';
import type { Layer } from '../config/layers.js';
import { MODULE_SETTINGS, paramsOf } from '../config/moduleKeys.js';
import { parseParams } from '../config/parseParams.js';
import type { ExperimentIdentity, RunConfig, RunRaw } from '../config/run.js';
import { loadUserModule } from '../config/userModule.js';
import { type ExperimentDefinition, planExperiment } from '../experiments/define.js';
import type { ExperimentDocument } from '../metrics/index.js';
import { trustGradient } from '../tasks/gradientCheck.js';
import { boundLoss } from '../tasks/loss.js';
import type { EngineOptions } from './context.js';
import type { RunOptions } from './events.js';
import { experimentDocument } from './experimentDocument.js';
import { runRecorded } from './recordedRun.js';
import { findInputs } from './train.js';
import { gatherParams } from './userModules.js';

/** A definition, its parameters filled in. */
export interface OpenedExperiment {
  identity: ExperimentIdentity;
  definition: ExperimentDefinition<unknown>;
  /** As the schema parses them. */
  params: unknown;
  /** Train with gradients of losses that the plan brings as they are. */
  unchecked: boolean;
}

/**
 * Loads an experiment and fills in its parameters.
 * @param given a definition, or the file of a module that exports one
 * @param layers may hold `params`, the strongest first
 * Rejects with ERR_CONFIG where the module cannot be loaded, with ERR_USAGE where its schema refuses the parameters.
 */
export async function openExperiment(
  given: string | ExperimentDefinition<unknown>,
  layers: readonly Layer<RunRaw>[],
): Promise<OpenedExperiment> {
  const setting = MODULE_SETTINGS.experiment;
  const module =
    typeof given === 'string'
      ? await loadUserModule<ExperimentDefinition<unknown>>(given, 'experiment')
      : undefined;
  const definition = module?.definition ?? (given as ExperimentDefinition<unknown>);
  const known = paramsOf(setting, definition, module?.named);
  const params = parseParams('experiment', definition, gatherParams(setting, layers, known, undefined));
  const { name, plan } = definition;
  const identity: ExperimentIdentity = {
    name,
    source: module?.source ?? createHash('sha256').update(plan.toString()).digest('hex'),
    params: JSON.parse(JSON.stringify(params)) as Readonly<Record<string, unknown>>,
    ...(module === undefined ? {} : { file: module.named }),
  };
  const checks = layers.map(({ values }) => values.gradientCheck);
  const unchecked = checks.find((check) => check !== undefined) === false;
  return { identity, definition, params, unchecked };
}

/**
 * Runs an experiment, or takes it from the store.
 * Rejects with a W2sError; with ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runOpened(
  config: RunConfig,
  { definition, params, unchecked }: OpenedExperiment,
  options: RunOptions & EngineOptions = {},
): Promise<ExperimentDocument> {
  const { inputs, found } = await findInputs(config);
  const plan = planExperiment(definition, params, inputs, config.experiment.source);
  for (const { spec } of plan.steps) {
    if (spec.kind === 'finetune' && spec.objective.loss === 'custom')
      trustGradient(boundLoss(spec.objective), unchecked);
  }
  return runRecorded(
    {
      command: 'run',
      name: `run-${config.experiment.name}`,
      config,
      plan,
      found,
      documentOf: ({ store }) => experimentDocument(store, plan, config),
    },
    options,
  );
}
