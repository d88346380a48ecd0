/** The student's last step, the step that its weak labels would stop at, and the best one. Pure. */

import { learnerOf, planLearner } from '../learner.js';
import type { EarlyStopSpec, StepHash } from '../plan.js';
import { objectivesOf, plainObjective } from '../settings.js';
import { experimentSplit } from '../splits.js';
import { HELD_OUT } from '../students.js';
import { planTrainSeed, type TrainInputs, type TrainRoles } from '../train.js';
import { type ArmsPlan, planArms } from './arms.js';

const OVERFITTING_ARMS = ['final', 'weak-stopped', 'oracle'] as const;

/** Steps whose results hold a curve over training. */
export type OverfittingRoles = TrainRoles & { curve: StepHash | null };

/**
 * All three learn the same rows, a tenth of the groups left out, and so does the ceiling that they are held against;
 * they differ only in the step whose weights are kept. `oracle` looks at held-out truth: for analysis alone.
 * @param checks how often in training the held-out rows are scored
 */
export function planOverfitting(inputs: TrainInputs, checks: number): ArmsPlan<OverfittingRoles> {
  return planArms(OVERFITTING_ARMS, inputs.settings.seeds, (builder, name, seed) => {
    const train = planTrainSeed(builder, inputs, seed);
    const { settings, dataset } = inputs;
    const part = (which: 'transfer' | 'test') => experimentSplit(dataset.spec, which, seed, settings);
    const data = { ...part('transfer'), fold: { share: HELD_OUT, take: 'rest' } } as const;
    const heldOut = { ...part('transfer'), fold: { share: HELD_OUT, take: 'held-out' } } as const;
    const own = builder.named(name);
    const strong = learnerOf('strong', own, inputs, seed);
    const against = { 'weak-stopped': 'labels', oracle: 'truth' }[name] as
      | EarlyStopSpec['against']
      | undefined;
    const student = planLearner('student', strong, {
      data,
      labels: { from: 'step', step: train.labels },
      ...objectivesOf(settings.forStrong, dataset),
      ...(against === undefined ? {} : { earlyStop: { data: heldOut, against, checks } }),
    });
    const truth = { data, labels: { from: 'data' }, objective: plainObjective(dataset) } as const;
    const ceiling = planLearner('ceiling', strong, truth);
    return {
      ...train,
      student: student.step,
      studentTest: student.evaluate('studentTest', part('test')),
      ceiling: ceiling.step,
      ceilingTest: ceiling.evaluate('ceilingTest', part('test')),
      curve: against === undefined ? null : student.step,
    };
  });
}
