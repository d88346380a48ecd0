/** `best-of`: configuration → plan → steps → the document. */

import type { BestOfConfig } from '../config/reward.js';
import { judgeOf } from '../data/index.js';
import { W2sError } from '../errors.js';
import { type BestOfPlan, planBestOf } from '../experiments/bestOf.js';
import type { BestOfDocument } from '../metrics/index.js';
import { resolveModel } from '../models/index.js';
import { bestOfDocument } from './bestOfDocument.js';
import type { Found } from './context.js';
import { runRecorded } from './recordedRun.js';
import { findRewardInputs } from './reward.js';
import type { TrainOptions } from './train.js';

/**
 * Draws completions of the test prompts, lets the reward models of an experiment choose, and holds their choices
 * against the truth.
 * Rejects with a W2sError: ERR_DATA where the data set says of no completion but its own what it is worth; with
 * ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runBestOf(config: BestOfConfig, options: TrainOptions = {}): Promise<BestOfDocument> {
  const { plan, found } = await prepareBestOf(config);
  return runRecorded(
    {
      command: 'best-of',
      name: `best-of-${config.dataset}`,
      config,
      plan,
      found,
      documentOf: (context) => bestOfDocument(context, plan, config),
    },
    options,
  );
}

/** Finds what a configuration names, and plans. Nothing is run. */
export async function prepareBestOf(config: BestOfConfig): Promise<{ plan: BestOfPlan; found: Found }> {
  const { n, temperature, topP, sampleSeed, maxNewTokens } = config;
  await requireJudge(config.dataset);
  const { inputs, found } = await findRewardInputs(config);
  const policy = await resolveModel(config.policy ?? config.strong);
  const samples = Math.max(...n);
  const plan = planBestOf({
    reward: inputs,
    policy: policy.contentHash,
    samples,
    temperature,
    topP,
    sampleSeed,
    ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
  });
  const modelFolders = { ...found.modelFolders, [policy.contentHash]: policy.folder };
  return { plan, found: { ...found, modelFolders } };
}

/** Before the first training: without a judge nothing can be said of what is chosen. */
async function requireJudge(dataset: string): Promise<void> {
  if ((await judgeOf(dataset)) !== undefined) return;
  throw new W2sError(
    'ERR_DATA',
    `Expected a data set that says what any completion is worth for best-of but received ${dataset}, which knows its own two alone`,
    { hint: 'Take the built-in one, whose truth is an engine: --dataset chess-preference' },
  );
}
