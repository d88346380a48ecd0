/** `reward`: configuration → plan → steps → the document, which is built from the store alone. */

import type { RewardConfig } from '../config/reward.js';
import { planReward, type RewardInputs, type RewardPlan } from '../experiments/reward.js';
import type { RewardDocument } from '../metrics/index.js';
import type { Found } from './context.js';
import { runRecorded } from './recordedRun.js';
import { rewardDocument } from './rewardDocument.js';
import { findInputs, type TrainOptions } from './train.js';

/**
 * Runs weak-to-strong on preferences, or takes it from the store.
 * Rejects with a W2sError; with ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runReward(config: RewardConfig, options: TrainOptions = {}): Promise<RewardDocument> {
  const { plan, found } = await prepareReward(config);
  return runRecorded(
    {
      command: 'reward',
      name: `reward-${config.dataset}`,
      config,
      plan,
      found,
      documentOf: ({ store }) => rewardDocument(store, plan, config),
    },
    options,
  );
}

/** Finds what a configuration names, and plans. Nothing is run. */
export async function prepareReward(config: RewardConfig): Promise<{ plan: RewardPlan; found: Found }> {
  const { inputs, found } = await findRewardInputs(config);
  return { plan: planReward(inputs), found };
}

/** From names to what a plan is made of. */
export async function findRewardInputs(
  config: RewardConfig,
): Promise<{ inputs: RewardInputs; found: Found }> {
  const { generative } = config;
  const { inputs, found } = await findInputs(config);
  return { inputs: generative ? { ...inputs, generative } : inputs, found };
}
