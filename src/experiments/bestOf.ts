/**
 * `best-of`: what the reward models of a `reward` experiment choose from completions that a policy writes to the
 * test prompts. A pure function from the resolved configuration to a plan.
 */

import type { SplitSpec } from '../data/types.js';
import { W2sError } from '../errors.js';
import { PlanBuilder } from './builder.js';
import {
  ENGINE_REVISION,
  type EvaluateSpec,
  type ModelSpec,
  type Plan,
  type ReadingSpec,
  type StepHash,
} from './plan.js';
import { planRewardSeed, type RewardInputs, type RewardRoles } from './reward.js';
import { languageReading } from './settings.js';

export interface BestOfInputs {
  reward: RewardInputs;
  /** Content hash of the policy's folder. */
  policy: string;
  /** Completions that are drawn of each prompt. */
  samples: number;
  temperature: number;
  topP: number;
  /** Of the drawing. */
  sampleSeed: number;
  /** Most tokens of a completion; absent: as the policy's folder has it. */
  maxNewTokens?: number;
}

/** Steps of one seed by role: those of `reward`, the completions, and what each model gives them. */
export interface BestOfRoles extends RewardRoles {
  candidates: StepHash;
  /** Absent with labels from outside: there is no supervisor that could choose. */
  weakRank?: StepHash;
  studentRank: StepHash;
  ceilingRank: StepHash;
}

export interface BestOfPlan extends Plan {
  /** Rows of the prompts. */
  test: SplitSpec;
  seeds: readonly { seed: number; roles: BestOfRoles }[];
}

/** Config → plan. Throws ERR_USAGE where loss, head and task do not fit. */
export function planBestOf(inputs: BestOfInputs): BestOfPlan {
  const builder = new PlanBuilder();
  const { seeds } = inputs.reward.settings;
  const planned = seeds.map((seed) => ({ seed, roles: planSeed(builder, inputs, seed) }));
  const first = planned[0];
  if (!first) throw new W2sError('ERR_ARGUMENT', 'Expected at least one seed but received none');
  const test = (builder.specOf(first.roles.studentTest) as EvaluateSpec).data;
  return { ...builder.build(), test, seeds: planned };
}

function planSeed(builder: PlanBuilder, inputs: BestOfInputs, seed: number): BestOfRoles {
  const { reward, samples, temperature, topP, sampleSeed, maxNewTokens } = inputs;
  const { dataset, settings } = reward;
  const roles = planRewardSeed(builder, reward, seed);
  const { data } = builder.specOf(roles.studentTest) as EvaluateSpec;
  const { deterministic } = settings;
  // The same completions for all seeds: what differs is who chooses.
  const candidates = builder.add('candidates', seed, {
    kind: 'generate',
    engineRevision: ENGINE_REVISION,
    model: { from: 'folder', contentHash: inputs.policy },
    reading: {
      ...languageReading(settings.forStrong, dataset),
      ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
    },
    data,
    samples,
    temperature,
    topP,
    seed: sampleSeed,
    deterministic,
  });
  const rank = (role: string, test: StepHash): StepHash => {
    const { model, reading } = readBy(builder, test);
    return builder.add(role, seed, {
      kind: 'rank',
      engineRevision: ENGINE_REVISION,
      model,
      reading,
      data,
      candidates,
      deterministic,
    });
  };
  return {
    ...roles,
    candidates,
    ...(roles.weak === undefined ? {} : { weakRank: rank('weakRank', roles.weakTest) }),
    studentRank: rank('studentRank', roles.tunedStudentTest ?? roles.studentTest),
    ceilingRank: rank('ceilingRank', roles.tunedCeilingTest ?? roles.ceilingTest),
  };
}

/** The model that a test reads, and how. */
function readBy(
  builder: PlanBuilder,
  test: StepHash,
): { model: Exclude<ModelSpec, { from: 'probe' }>; reading: ReadingSpec } {
  const { model, reading } = builder.specOf(test) as EvaluateSpec;
  if (model.from !== 'probe') return { model, reading };
  throw new W2sError(
    'ERR_USAGE',
    'Expected --method finetune for models that choose completions but received a probe',
    { hint: 'Leave out --method' },
  );
}
