/** How students and ceilings learn beyond a plain lesson: with rows held out, and one after another. Pure. */

import type { Fold, SplitSpec } from '../data/types.js';
import { type Learned, type LearnerInputs, type Lesson, planLearner } from './learner.js';
import type { StepHash } from './plan.js';
import type { ModelSettings } from './settings.js';
import { gradeSpec } from './specs.js';

/** By what held-out accuracy the kept weights are chosen: weak labels, or the truth, for analysis alone. */
export type EarlyStopping = 'labels' | 'oracle';

/** Share of a part's groups that is held out. */
export const HELD_OUT = 0.1;
const CHECKS_PER_EPOCH = 5;

/**
 * The lesson with a tenth of its rows' groups held out, by which the kept step is chosen (Burns et al. 2023, section
 * 5.1.1). What learns from the truth is held against the truth whichever is asked for.
 */
export function withEarlyStop(
  lesson: Lesson,
  by: EarlyStopping | undefined,
  { epochs }: Pick<ModelSettings, 'epochs'>,
): Lesson {
  if (by === undefined) return lesson;
  const part = (take: Fold['take']) => ({ ...lesson.data, fold: { share: HELD_OUT, take } });
  const against = by === 'oracle' && lesson.labels.from !== 'data' ? 'truth' : 'labels';
  const earlyStop = { data: part('held-out'), against, checks: CHECKS_PER_EPOCH * epochs } as const;
  return { ...lesson, data: part('rest'), earlyStop };
}

/** Of students before the last: `student1`, `student1Test`, and the labels that each gave the next. */
export type RoundRoles = { [role in `student${number}${'' | 'Test' | 'Labels' | 'LabelsGrade'}`]: StepHash };

/**
 * Strong-to-strong iterations: the student of a round labels the transfer half, and the strong model, afresh, learns
 * these labels in the next.
 * @param lesson of the first round
 */
export function planRounds(
  strong: LearnerInputs,
  lesson: Lesson,
  rounds: number,
  { transfer, test }: { transfer: SplitSpec; test: SplitSpec },
): { student: Learned; roles: RoundRoles } {
  const roles: RoundRoles = {};
  let current = lesson;
  for (let round = 1; round < rounds; round++) {
    const name = `student${round}` as const;
    const student = planLearner(name, strong, current);
    roles[`${name}Test`] = student.evaluate(`${name}Test`, test);
    // A prompt is no step before something was read with it.
    roles[name] = student.step;
    const step = student.label(`${name}Labels`, transfer);
    const labels = { from: 'step', step } as const;
    roles[`${name}Labels`] = step;
    const grade = gradeSpec(strong.dataset, labels, transfer);
    roles[`${name}LabelsGrade`] = strong.builder.add(`${name}LabelsGrade`, strong.seed, grade);
    current = { ...lesson, labels };
  }
  return { student: planLearner('student', strong, current), roles };
}
