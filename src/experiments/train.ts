/**
 * `train`: a weak supervisor, its labels on the transfer half, a student trained on them, and the ceiling,
 * the same strong model trained on the truth. A pure function from the resolved configuration to a plan.
 */

import type { DatasetSpec, SplitSpec } from '../data/types.js';
import { PlanBuilder } from './builder.js';
import {
  ENGINE_REVISION,
  type EvaluateSpec,
  type FinetuneSpec,
  type GradeSpec,
  type HeadSpec,
  type LabelSpec,
  type LabelStepSpec,
  type ModelSpec,
  type ObjectiveSpec,
  type Plan,
  type ReadingSpec,
  type StepHash,
} from './plan.js';
import {
  type DataShape,
  type ModelSettings,
  objectiveOf,
  optimisationOf,
  plainObjective,
  readingOf,
} from './settings.js';
import { experimentSplit, type SplitSettings } from './splits.js';

/** What the plan needs of the configuration (`TrainConfig` of src/config/train.ts, structurally). */
export interface TrainSettings extends SplitSettings {
  seeds: readonly number[];
  deterministic: boolean;
  forWeak: ModelSettings;
  forStrong: ModelSettings;
}

export interface TrainInputs {
  settings: TrainSettings;
  /** Content hashes of the two model folders. */
  weakModel: string;
  strongModel: string;
  dataset: DataShape & { spec: DatasetSpec };
  /** sha256 of the file of `--weak-labels`; null: the weak model labels. */
  weakLabels: string | null;
  /** A loss of the student's that is written in TypeScript; it takes the place of its settings' loss. */
  studentLoss?: Extract<ObjectiveSpec, { loss: 'custom' }>;
}

/** Steps of one seed by role; `weak` is absent with labels from outside, `zeroShot` where it has no meaning. */
export interface TrainRoles {
  weak?: StepHash;
  labels: StepHash;
  student: StepHash;
  ceiling: StepHash;
  weakTest: StepHash;
  studentTest: StepHash;
  ceilingTest: StepHash;
  labelsGrade: StepHash;
  zeroShot?: StepHash;
}

export interface TrainPlan extends Plan {
  seeds: readonly { seed: number; roles: TrainRoles }[];
}

/** Config → plan. Throws ERR_USAGE where loss, head and task do not fit. */
export function planTrain(inputs: TrainInputs): TrainPlan {
  const builder = new PlanBuilder();
  const seeds = inputs.settings.seeds.map((seed) => ({ seed, roles: planSeed(builder, inputs, seed) }));
  return { ...builder.build(), seeds };
}

interface Splits {
  weak: SplitSpec;
  transfer: SplitSpec;
  test: SplitSpec;
}

function planSeed(builder: PlanBuilder, inputs: TrainInputs, seed: number): TrainRoles {
  const { settings, dataset } = inputs;
  const splits: Splits = {
    weak: experimentSplit(dataset.spec, 'weak', seed, settings),
    transfer: experimentSplit(dataset.spec, 'transfer', seed, settings),
    test: experimentSplit(dataset.spec, 'test', seed, settings),
  };
  const supervision =
    inputs.weakLabels === null
      ? planSupervisor(builder, inputs, splits, seed)
      : planOutsideLabels(builder, inputs, splits, seed, inputs.weakLabels);

  const reading = readingOf(settings.forStrong, dataset);
  const base: ModelSpec = { from: 'folder', contentHash: inputs.strongModel };
  const train = (role: string, labels: LabelSpec, objective: ObjectiveSpec): StepHash =>
    builder.add(role, seed, {
      ...finetuneSpec(settings, settings.forStrong, base, reading, seed),
      data: splits.transfer,
      labels,
      objective,
    });
  const test = (role: string, model: ModelSpec, calibration: SplitSpec | null): StepHash =>
    builder.add(role, seed, evaluateSpec(settings, model, reading, splits.test, calibration));

  const objective = objectiveOf(settings.forStrong, dataset, inputs.studentLoss);
  const student = train('student', supervision.spec, objective);
  const studentTest = test('studentTest', { from: 'step', step: student }, null);
  const ceiling = train('ceiling', { from: 'data' }, plainObjective(dataset));
  const ceilingTest = test('ceilingTest', { from: 'step', step: ceiling }, null);
  const roles: TrainRoles = { ...supervision.roles, student, ceiling, studentTest, ceilingTest };
  if (readsWithoutTraining(reading.head)) {
    const calibration = reading.head.kind === 'likelihood' ? splits.transfer : null;
    roles.zeroShot = test('zeroShot', base, calibration);
  }
  return roles;
}

type SupervisionRoles = Pick<TrainRoles, 'weak' | 'labels' | 'weakTest' | 'labelsGrade'>;

function planSupervisor(
  builder: PlanBuilder,
  inputs: TrainInputs,
  splits: Splits,
  seed: number,
): { spec: LabelSpec; roles: SupervisionRoles } {
  const { settings, dataset } = inputs;
  const reading = readingOf(settings.forWeak, dataset);
  const base: ModelSpec = { from: 'folder', contentHash: inputs.weakModel };
  const weak = builder.add('weak', seed, {
    ...finetuneSpec(settings, settings.forWeak, base, reading, seed),
    data: splits.weak,
    labels: { from: 'data' },
    objective: plainObjective(dataset),
  });
  const model: ModelSpec = { from: 'step', step: weak };
  // Tested as soon as it is trained, like the other two.
  const weakTest = builder.add('weakTest', seed, evaluateSpec(settings, model, reading, splits.test, null));
  const labels = builder.add('labels', seed, labelSpec(settings, model, reading, splits.transfer));
  const spec: LabelSpec = { from: 'step', step: labels };
  return {
    spec,
    roles: {
      weak,
      labels,
      weakTest,
      labelsGrade: builder.add('labelsGrade', seed, gradeSpec(dataset, spec, splits.transfer, null)),
    },
  };
}

/** Labels from a file: graded on the transfer half, and on the test set if the file speaks of it. */
function planOutsideLabels(
  builder: PlanBuilder,
  inputs: TrainInputs,
  splits: Splits,
  seed: number,
  sha256: string,
): { spec: LabelSpec; roles: SupervisionRoles } {
  const spec: LabelSpec = { from: 'file', sha256 };
  const labelsGrade = builder.add(
    'labelsGrade',
    seed,
    gradeSpec(inputs.dataset, spec, splits.transfer, null),
  );
  const onTest = gradeSpec(inputs.dataset, spec, splits.test, splits.transfer);
  const weakTest = builder.add('weakTest', seed, onTest);
  return { spec, roles: { labels: labelsGrade, labelsGrade, weakTest } };
}

/** Whether a base model has an answer before any training: by its language model, but not by a fresh head. */
export function readsWithoutTraining(head: HeadSpec): boolean {
  return head.kind === 'lm' || head.kind === 'likelihood';
}

function finetuneSpec(
  settings: Pick<TrainSettings, 'deterministic'>,
  model: ModelSettings,
  base: ModelSpec,
  reading: ReadingSpec,
  seed: number,
): Omit<FinetuneSpec, 'data' | 'labels' | 'objective'> {
  return {
    kind: 'finetune',
    engineRevision: ENGINE_REVISION,
    model: base,
    reading,
    optimisation: optimisationOf(model),
    seed,
    deterministic: settings.deterministic,
  };
}

export function labelSpec(
  settings: Pick<TrainSettings, 'deterministic'>,
  model: ModelSpec,
  reading: ReadingSpec,
  data: SplitSpec,
  calibration: SplitSpec | null = null,
): LabelStepSpec {
  const { deterministic } = settings;
  return { kind: 'label', engineRevision: ENGINE_REVISION, model, reading, data, calibration, deterministic };
}

export function evaluateSpec(
  settings: Pick<TrainSettings, 'deterministic'>,
  model: ModelSpec,
  reading: ReadingSpec,
  data: SplitSpec,
  calibration: SplitSpec | null,
): EvaluateSpec {
  const { deterministic } = settings;
  return {
    kind: 'evaluate',
    engineRevision: ENGINE_REVISION,
    model,
    reading,
    data,
    calibration,
    deterministic,
  };
}

function gradeSpec(
  dataset: DataShape,
  labels: LabelSpec,
  data: SplitSpec,
  unlessIn: SplitSpec | null,
): GradeSpec {
  return {
    kind: 'grade',
    engineRevision: ENGINE_REVISION,
    task: dataset.task,
    labels,
    data,
    unlessIn,
  };
}
