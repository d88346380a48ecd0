/** How students and ceilings learn beyond a plain lesson: with rows held out. Pure. */

import type { Fold } from '../data/types.js';
import type { Lesson } from './learner.js';
import type { ModelSettings } from './settings.js';

/** By what held-out accuracy the kept weights are chosen: weak labels, or the truth, for analysis alone. */
export type EarlyStopping = 'labels' | 'oracle';

/** Share of a part's groups that is held out. */
const HELD_OUT = 0.1;
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
