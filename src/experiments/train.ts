/**
 * `train`: a weak supervisor, its labels on the transfer half, a student trained on them, and the ceiling,
 * the same strong model trained on the truth. A pure function from the resolved configuration to a plan.
 */

import type { SupervisionConfig } from '../config/supervision.js';
import type { DatasetSpec } from '../data/types.js';
import { PlanBuilder } from './builder.js';
import type { MemberRoles } from './ensemble.js';
import { type LearnerInputs, learnerOf, planLearner } from './learner.js';
import type { Plan, StepHash } from './plan.js';
import { type DataShape, type ModelSettings, objectivesOf, plainObjective, readingOf } from './settings.js';
import { calibrationOn, evaluateSpec, readsWithoutTraining, type StepSettings } from './specs.js';
import { experimentSplit, type SplitSettings } from './splits.js';
import { type EarlyStopping, planRounds, type RoundRoles, withEarlyStop } from './students.js';
import { planSupervision, type Splits } from './supervision.js';

/** What the plan needs of the configuration (`TrainConfig` of src/config/train.ts, structurally). */
export interface TrainSettings extends SplitSettings, StepSettings, SupervisionConfig {
  seeds: readonly number[];
  forWeak: ModelSettings;
  forStrong: ModelSettings;
  /** Students one after another; absent: one. */
  rounds?: number;
  earlyStop?: EarlyStopping;
}

export interface TrainInputs {
  settings: TrainSettings;
  /** Content hashes of the two model folders; empty where labels or features stand in for one. */
  weakModel: string;
  /** Those of all supervisors' models; absent: there is one. */
  weakModels?: readonly string[];
  strongModel: string;
  /** sha256 of tables of features that stand in for a model. */
  weakFeatures?: string;
  strongFeatures?: string;
  dataset: DataShape & { spec: DatasetSpec };
  /** sha256 of the file of `--weak-labels`; null: the weak model labels. */
  weakLabels: string | null;
}

/**
 * Steps of one seed by role; `weak` is absent with labels from outside, `zeroShot` where it has no meaning. `labels`
 * are those that the student learns from, `beforeGrade` the grade of what they were made of, where that differs.
 */
export interface TrainRoles extends MemberRoles, RoundRoles {
  weak?: StepHash;
  labels: StepHash;
  student: StepHash;
  ceiling: StepHash;
  weakTest: StepHash;
  studentTest: StepHash;
  ceilingTest: StepHash;
  labelsGrade: StepHash;
  beforeGrade?: StepHash;
  zeroShot?: StepHash;
}

export interface TrainPlan extends Plan {
  seeds: readonly { seed: number; roles: TrainRoles }[];
}

/** Config → plan. Throws ERR_USAGE where loss, head and task do not fit. */
export function planTrain(inputs: TrainInputs): TrainPlan {
  const builder = new PlanBuilder();
  const seeds = inputs.settings.seeds.map((seed) => ({ seed, roles: planTrainSeed(builder, inputs, seed) }));
  return { ...builder.build(), seeds };
}

/** Adds the steps of one seed: for experiments that have `train` as a part. */
export function planTrainSeed(builder: PlanBuilder, inputs: TrainInputs, seed: number): TrainRoles {
  const { settings, dataset } = inputs;
  const splits: Splits = {
    weak: experimentSplit(dataset.spec, 'weak', seed, settings),
    transfer: experimentSplit(dataset.spec, 'transfer', seed, settings),
    test: experimentSplit(dataset.spec, 'test', seed, settings),
  };
  const strong = learnerOf('strong', builder, inputs, seed);
  const supervision = planSupervision(inputs, splits, strong);

  const { forStrong, earlyStop, rounds = 1 } = settings;
  const objectives = objectivesOf(forStrong, dataset);
  const { transfer: data } = splits;
  const lesson = withEarlyStop({ data, labels: supervision.labels, ...objectives }, earlyStop, forStrong);
  const { student, roles: earlier } = planRounds(strong, lesson, rounds, splits);
  const studentTest = student.evaluate('studentTest', splits.test);
  const truth = { data, labels: { from: 'data' }, objective: plainObjective(dataset) } as const;
  const ceiling = planLearner('ceiling', strong, withEarlyStop(truth, earlyStop, forStrong));
  const ceilingTest = ceiling.evaluate('ceilingTest', splits.test);
  return {
    ...supervision.roles,
    ...earlier,
    student: student.step,
    ceiling: ceiling.step,
    studentTest,
    ceilingTest,
    ...planZeroShot(strong, splits),
  };
}

/** The strong model before any training, where it can be read so. */
export function planZeroShot(
  { builder, seed, settings, dataset, model, base }: LearnerInputs,
  { transfer, test }: Splits,
): Pick<TrainRoles, 'zeroShot'> {
  const reading = readingOf(model, dataset);
  if (!readsWithoutTraining(reading.head)) return {};
  const spec = evaluateSpec(settings, base, reading, test, calibrationOn(reading, transfer));
  return { zeroShot: builder.add('zeroShot', seed, spec) };
}
