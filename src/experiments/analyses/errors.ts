/** Students of labels that are wrong equally often, but in different places. Pure. */

import { learnerOf, planLearner } from '../learner.js';
import { ENGINE_REVISION, type SimulateSpec, type StepHash } from '../plan.js';
import { objectivesOf, plainObjective } from '../settings.js';
import { gradeSpec } from '../specs.js';
import { experimentSplit } from '../splits.js';
import { planTrainSeed, type TrainInputs, type TrainRoles } from '../train.js';
import { type ArmsPlan, planArms } from './arms.js';

/** Kinds of errors, the supervisor's own first. */
const ERROR_KINDS = ['weak', 'random', 'longest', 'shortest', 'unconfident', 'confidently-wrong'] as const;

export type ErrorRoles = TrainRoles & { simulated: StepHash; reference: StepHash };

/** One arm a kind. The reference that knows which rows are easy is the strong model, trained on the weak half's truth. */
export function planErrors(inputs: TrainInputs): ArmsPlan<ErrorRoles> {
  const { settings, dataset } = inputs;
  return planArms(ERROR_KINDS, settings.seeds, (builder, kind, seed) => {
    const train = planTrainSeed(builder, inputs, seed);
    const split = (part: 'weak' | 'transfer' | 'test') => experimentSplit(dataset.spec, part, seed, settings);
    const own = builder.named(kind);
    const strong = learnerOf('strong', own, inputs, seed);
    const data = split('transfer');
    const reference = planLearner(
      'reference',
      { ...strong, builder },
      {
        data: split('weak'),
        labels: { from: 'data' },
        objective: plainObjective(dataset),
      },
    ).label('referenceLabels', data);
    const simulated = own.add('simulated', seed, {
      kind: 'simulate',
      engineRevision: ENGINE_REVISION,
      task: dataset.task,
      data,
      like: train.labels,
      errors: kind as SimulateSpec['errors'],
      ...(kind === 'unconfident' || kind === 'confidently-wrong' ? { reference } : {}),
      seed,
    });
    const labels = { from: 'step', step: simulated } as const;
    const objectives = objectivesOf(settings.forStrong, dataset);
    const student = planLearner('student', strong, { data, labels, ...objectives });
    return {
      ...train,
      simulated,
      reference,
      student: student.step,
      studentTest: student.evaluate('studentTest', split('test')),
      labelsGrade: own.add('labelsGrade', seed, gradeSpec(dataset, labels, data)),
    };
  });
}
