/** Who labels the transfer half: a weak supervisor trained on the truth, or a file. Pure. */

import type { SplitSpec } from '../data/types.js';
import type { PlanBuilder } from './builder.js';
import { brought, planLearner } from './learner.js';
import type { LabelSpec } from './plan.js';
import { plainObjective } from './settings.js';
import { gradeSpec } from './specs.js';
import type { TrainInputs, TrainRoles } from './train.js';

/** The parts of one seed's experiment. */
export interface Splits {
  weak: SplitSpec;
  transfer: SplitSpec;
  test: SplitSpec;
}

export type SupervisionRoles = Pick<TrainRoles, 'weak' | 'labels' | 'weakTest' | 'labelsGrade'>;

export interface Supervision {
  /** The labels of the transfer half. */
  labels: LabelSpec;
  roles: SupervisionRoles;
}

/** Adds the steps from which the labels of the transfer half come. */
export function planSupervision(
  builder: PlanBuilder,
  inputs: TrainInputs,
  splits: Splits,
  seed: number,
): Supervision {
  return inputs.weakLabels === null
    ? planSupervisor(builder, inputs, splits, seed)
    : planOutsideLabels(builder, inputs, splits, seed, inputs.weakLabels);
}

function planSupervisor(
  builder: PlanBuilder,
  inputs: TrainInputs,
  splits: Splits,
  seed: number,
): Supervision {
  const { settings, dataset, weakModel } = inputs;
  const weak = planLearner(
    'weak',
    {
      builder,
      seed,
      settings,
      dataset,
      model: settings.forWeak,
      base: { from: 'folder', contentHash: weakModel },
      ...brought(inputs.weakFeatures),
    },
    { data: splits.weak, labels: { from: 'data' }, objective: plainObjective(dataset) },
  );
  // Tested as soon as it is trained, like the other two.
  const weakTest = weak.evaluate('weakTest', splits.test);
  const step = weak.label('labels', splits.transfer);
  const labels: LabelSpec = { from: 'step', step };
  const labelsGrade = builder.add('labelsGrade', seed, gradeSpec(dataset, labels, splits.transfer));
  return { labels, roles: { weak: weak.step, labels: step, weakTest, labelsGrade } };
}

/** Labels from a file: graded on the transfer half, and on the test set if the file speaks of it. */
function planOutsideLabels(
  builder: PlanBuilder,
  { dataset }: TrainInputs,
  splits: Splits,
  seed: number,
  sha256: string,
): Supervision {
  const labels: LabelSpec = { from: 'file', sha256 };
  const labelsGrade = builder.add('labelsGrade', seed, gradeSpec(dataset, labels, splits.transfer));
  const onTest = gradeSpec(dataset, labels, splits.test, splits.transfer);
  const weakTest = builder.add('weakTest', seed, onTest);
  return { labels, roles: { labels: labelsGrade, labelsGrade, weakTest } };
}
