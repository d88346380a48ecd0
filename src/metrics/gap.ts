import type { Resampled } from './compare.js';
import type { GapRecovered, Interval } from './document.js';
import { percentileInterval } from './intervals.js';

/**
 * Performance gap recovered, (student − weak)/(ceiling − weak), with its percentile interval (DESIGN 3.7).
 * It exists only where the ceiling is above the weak model beyond doubt: where the interval of
 * ceiling − weak includes zero the ratio's denominator may be anything, and where it lies below zero
 * there is no gap to recover.
 */
export function gapRecovered(
  { weak, student, ceiling }: Resampled,
  groups: number,
): { gap: { value: number; ci95: Interval }; recovered: GapRecovered } {
  const gapDraws = ceiling.draws.map((value, i) => value - weak.draws[i]!);
  const ci95 = percentileInterval(gapDraws) ?? [-1, 1];
  const gap = { value: ceiling.value - weak.value, ci95 };
  const reason = whyNone(gap.ci95, groups);
  if (reason !== null) return { gap, recovered: { value: null, ci95: null, reason } };
  // At most 2.5 % of the gaps are zero or below here, so that what they give never reaches the interval's ends.
  const ratios = gapDraws.map((value, i) => (student.draws[i]! - weak.draws[i]!) / value);
  const value = (student.value - weak.value) / gap.value;
  return { gap, recovered: { value, ci95: percentileInterval(ratios), reason: null } };
}

function whyNone([low, high]: Interval, groups: number): string | null {
  if (groups < 2) return 'all test items belong to one group, so that no interval of ceiling − weak exists';
  const shown = `[${low.toFixed(4)}, ${high.toFixed(4)}]`;
  if (low <= 0 && high >= 0) return `the 95 % interval of ceiling − weak, ${shown}, includes zero`;
  if (high < 0) return `the ceiling is below the weak model: the 95 % interval of ceiling − weak is ${shown}`;
  return null;
}
