import type { Interval } from './document.js';

/** Two-sided 95 % point of the standard normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * Wilson's 95 % score interval of a share (Wilson 1927; Newcombe 1998, method 3).
 *
 * @param successes from 0 to n; need not be whole, so that a mean over clusters can be given
 * @param n how many independent items the share is of; with 0 nothing is known: [0, 1]
 */
export function wilson(successes: number, n: number): Interval {
  if (!(n > 0)) return [0, 1];
  const share = successes / n;
  const z2 = Z_95 * Z_95;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  // At the two ends the formula meets 0 and 1 exactly, but rounding may not.
  const low = successes <= 0 ? 0 : Math.max(0, centre - half);
  const high = successes >= n ? 1 : Math.min(1, centre + half);
  return [low, high];
}

/**
 * The 95 % percentile interval of resampled values: as many of them lie below as above, ⌊2.5 %⌋ each. No
 * interpolation, so that infinite values beyond the ends never leak into them.
 *
 * @param values resampled statistics; NaN (a resample in which the statistic does not exist) is left out
 * @returns null when nothing is left
 */
export function percentileInterval(values: Float64Array): Interval | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return null;
  const outside = outsideEachEnd(sorted.length);
  return [sorted[outside]!, sorted[sorted.length - 1 - outside]!];
}

/** How many of n resampled values lie beyond each end of a 95 % interval. */
export const outsideEachEnd = (n: number): number => Math.floor(n * 0.025);
