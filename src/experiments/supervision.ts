/** Who labels the transfer half: a weak supervisor trained on the truth, several, nobody, or a file. Pure. */

import type { SplitSpec } from '../data/types.js';
import { planElicitation } from './elicitation.js';
import { type MemberRoles, planSupervisors } from './ensemble.js';
import type { LearnerInputs } from './learner.js';
import type { LabelSpec, StepHash } from './plan.js';
import { planRelabelling } from './relabelling.js';
import { gradeSpec } from './specs.js';
import type { TrainInputs, TrainRoles } from './train.js';

/** The parts of one seed's experiment. */
export interface Splits {
  weak: SplitSpec;
  transfer: SplitSpec;
  test: SplitSpec;
}

export type SupervisionRoles = MemberRoles &
  Pick<TrainRoles, 'weak' | 'labels' | 'weakTest' | 'labelsGrade' | 'beforeGrade'>;

export interface Supervision {
  /** The labels of the transfer half. */
  labels: LabelSpec;
  roles: SupervisionRoles;
}

/**
 * Adds the steps from which the labels of the transfer half come.
 * @param strong the student before any training: what elicits labels of its own, and whose hidden states filters read
 */
export function planSupervision(inputs: TrainInputs, splits: Splits, strong: LearnerInputs): Supervision {
  const { builder, seed } = strong;
  const { labels, before, roles } =
    inputs.weakLabels === null
      ? planSupervisor(inputs, splits, strong)
      : planOutsideLabels(inputs, splits, strong, inputs.weakLabels);
  const latest = planRelabelling(inputs.settings, strong, splits, labels);
  const grade = (role: string, of: LabelSpec): StepHash =>
    builder.add(role, seed, gradeSpec(inputs.dataset, of, splits.transfer));
  const relabelled = latest === before ? {} : { beforeGrade: grade('beforeGrade', before) };
  const labelsGrade = grade('labelsGrade', latest);
  return {
    labels: latest,
    roles: {
      ...roles(),
      labels: latest.from === 'step' ? latest.step : labelsGrade,
      labelsGrade,
      ...relabelled,
    },
  };
}

/** Labels, what they were before they were made consistent with each other, and the steps beside them. */
interface Source {
  labels: LabelSpec;
  before: LabelSpec;
  /** Called once the labels are graded. */
  roles(): MemberRoles & Pick<TrainRoles, 'weak' | 'weakTest'>;
}

/** The supervisor is trained and tested, as the lower end of PGR, even where it labels nothing. */
function planSupervisor(inputs: TrainInputs, splits: Splits, strong: LearnerInputs): Source {
  const { supervisor } = inputs.settings;
  const weak = planSupervisors(strong.builder, inputs, splits, strong.seed);
  if (supervisor !== undefined) {
    const { labels, zeroShot } = planElicitation(supervisor, strong, splits);
    const before: LabelSpec = labels.step === zeroShot ? labels : { from: 'step', step: zeroShot };
    return { labels, before, roles: () => weak.roles };
  }
  const { labels, roles } = weak.labels();
  return { labels, before: labels, roles: () => ({ ...weak.roles, ...roles }) };
}

/** Labels from a file: on the test set they are graded if the file speaks of it. */
function planOutsideLabels(
  { dataset }: TrainInputs,
  splits: Splits,
  { builder, seed }: LearnerInputs,
  sha256: string,
): Source {
  const labels: LabelSpec = { from: 'file', sha256 };
  const onTest = gradeSpec(dataset, labels, splits.test, splits.transfer);
  return { labels, before: labels, roles: () => ({ weakTest: builder.add('weakTest', seed, onTest) }) };
}
