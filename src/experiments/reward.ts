/**
 * `reward`: weak-to-strong on preferences, which is `train`; and with generative fine-tuning the same once more from
 * a strong model that has first learned to write the completions of the transfer half. A pure function from the
 * resolved configuration to a plan.
 */

import { W2sError } from '../errors.js';
import { PlanBuilder } from './builder.js';
import type { EvaluateSpec, FinetuneSpec, Plan, StepHash, WeightsSpec } from './plan.js';
import { generativeObjective, languageReading } from './settings.js';
import { finetuneSpec } from './specs.js';
import { planTrainSeed, type TrainInputs, type TrainRoles } from './train.js';

export interface RewardInputs extends TrainInputs {
  /** How the strong model learns the completions first; absent: it does not. */
  generative?: { epochs: number; lr: number };
}

/** Steps of one seed by role. The last five are there with generative fine-tuning alone. */
export interface RewardRoles extends TrainRoles {
  /** The strong model that has learned to write completions, no preference read. */
  generative?: StepHash;
  /** Student and ceiling that start from it. */
  tunedStudent?: StepHash;
  tunedStudentTest?: StepHash;
  tunedCeiling?: StepHash;
  tunedCeilingTest?: StepHash;
}

export interface RewardPlan extends Plan {
  seeds: readonly { seed: number; roles: RewardRoles }[];
}

/** Config → plan. Throws ERR_USAGE where loss, head and task do not fit. */
export function planReward(inputs: RewardInputs): RewardPlan {
  const builder = new PlanBuilder();
  const seeds = inputs.settings.seeds.map((seed) => ({ seed, roles: planRewardSeed(builder, inputs, seed) }));
  return { ...builder.build(), seeds };
}

/** Adds the steps of one seed: for experiments that have `reward` as a part. */
export function planRewardSeed(builder: PlanBuilder, inputs: RewardInputs, seed: number): RewardRoles {
  const roles = planTrainSeed(builder, inputs, seed);
  return inputs.generative
    ? { ...roles, ...planTuned(builder, inputs, inputs.generative, seed, roles) }
    : roles;
}

/** Student and ceiling again, all alike but for the weights that they start from. */
function planTuned(
  builder: PlanBuilder,
  { settings, dataset }: RewardInputs,
  { epochs, lr }: NonNullable<RewardInputs['generative']>,
  seed: number,
  roles: TrainRoles,
): Omit<RewardRoles, keyof TrainRoles> {
  const student = trained(builder, roles.student);
  const writing = { ...settings.forStrong, epochs, lr, headLr: lr };
  const generative = builder.add('generative', seed, {
    ...finetuneSpec(settings, writing, student.model, languageReading(writing, dataset), student.seed),
    data: student.data,
    // Which of two completions is the better is not read: both are learned alike.
    labels: { from: 'none' },
    objective: generativeObjective(dataset),
  });
  const base: WeightsSpec = { from: 'step', step: generative };
  const again = (role: 'Student' | 'Ceiling', from: FinetuneSpec, test: StepHash) => {
    const step = builder.add(`tuned${role}`, seed, { ...from, model: base });
    const model: WeightsSpec = { from: 'step', step };
    const spec = builder.specOf(test) as EvaluateSpec;
    return { step, test: builder.add(`tuned${role}Test`, seed, { ...spec, model }) };
  };
  const tunedStudent = again('Student', student, roles.studentTest);
  const tunedCeiling = again('Ceiling', trained(builder, roles.ceiling), roles.ceilingTest);
  return {
    generative,
    tunedStudent: tunedStudent.step,
    tunedStudentTest: tunedStudent.test,
    tunedCeiling: tunedCeiling.step,
    tunedCeilingTest: tunedCeiling.test,
  };
}

function trained(builder: PlanBuilder, step: StepHash): FinetuneSpec {
  const spec = builder.specOf(step);
  if (spec?.kind === 'finetune') return spec;
  throw new W2sError(
    'ERR_USAGE',
    'Expected --method finetune for student and ceiling with --generative-finetune but received another, which leaves the weights as they are',
    { hint: 'Leave out --method' },
  );
}
