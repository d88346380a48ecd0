/** Numbers that depend on the optimizer step k = 0 … T − 1 alone (DESIGN 3.6). */

import type { OptimisationSpec } from '../experiments/plan.js';

/** T = epochs · ⌈n/B⌉. */
export function totalSteps(examples: number, optimisation: OptimisationSpec): number {
  return optimisation.epochs * stepsPerEpoch(examples, optimisation.batchSize);
}

export function stepsPerEpoch(examples: number, batchSize: number): number {
  return Math.ceil(examples / batchSize);
}

/**
 * Factor of both learning rates at step k of `total`: rises linearly over the warm-up steps, (k + 1)/W, then
 * stays, falls linearly, or falls along half a cosine towards 0, which it would reach at step T.
 */
export function scheduleFactor(
  k: number,
  total: number,
  { schedule, warmupSteps }: Pick<OptimisationSpec, 'schedule' | 'warmupSteps'>,
): number {
  if (k < warmupSteps) return (k + 1) / warmupSteps;
  const share = (k - warmupSteps) / Math.max(1, total - warmupSteps);
  if (schedule === 'linear') return 1 - share;
  if (schedule === 'cosine') return (1 + Math.cos(Math.PI * share)) / 2;
  return 1;
}

/**
 * Weight of the student's own predictions: α_k = α_max · min(1, k/(w·T)). `as-released` does as the public code: k/T during the first tenth, then a
 * jump to 1 (times α_max).
 */
export function rampedAlpha(
  k: number,
  total: number,
  { alphaMax, warmup }: { alphaMax: number; warmup: number | 'as-released' },
): number {
  const progress = k / total;
  if (warmup === 'as-released') return alphaMax * (progress > 0.1 ? 1 : progress);
  return warmup === 0 ? alphaMax : alphaMax * Math.min(1, progress / warmup);
}
