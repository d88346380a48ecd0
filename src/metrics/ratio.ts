/** Shares and means over items with their intervals, and what is computed from several of them. */

import { type BootstrapOptions, DEFAULT_RESAMPLES, groupItems, mean } from './accuracy.js';
import type { Interval } from './document.js';
import { percentileInterval } from './intervals.js';
import { forEachDraw } from './resample.js';

/** A number with its 95 % interval; null where no interval exists. */
export interface Measure {
  value: number;
  ci95: Interval | null;
}

/** A measure and its resampled values, from which differences and slopes are made. */
export interface ResampledMeasure extends Measure {
  /** NaN where a resample has nothing to divide by [resamples]. */
  draws: Float64Array;
}

/** What each item adds above and below the line [n] each; below absent: 1. */
export interface RatioItems {
  above: ArrayLike<number>;
  below?: ArrayLike<number>;
}

/**
 * Σ above / Σ below over items, the mean over seeds, with the crossed bootstrap's interval (DESIGN 3.7): an accuracy,
 * a share among some items, a mean distance. Measures over the same groups and as many seeds are paired, because
 * they share their draws.
 *
 * @param seeds the same items in the same order for every seed
 * @param groups group name of each item [n]
 * @returns null where no seed has anything below the line
 */
export function ratio(
  seeds: readonly RatioItems[],
  groups: readonly string[],
  { resamples = DEFAULT_RESAMPLES, seed = 0 }: BootstrapOptions = {},
): ResampledMeasure | null {
  const items = groupItems(groups);
  const sums = seeds.map(({ above, below }) => ({
    above: byGroup(above, items.groupOf, items.groups),
    below: below ? byGroup(below, items.groupOf, items.groups) : Float64Array.from(items.sizes),
  }));
  const whole = sums
    .map(({ above, below }) => total(above) / total(below))
    .filter((value) => !Number.isNaN(value));
  if (whole.length === 0) return null;
  const draws = new Float64Array(resamples);
  forEachDraw({ groups: items.groups, seeds: seeds.length, resamples, seed }, (draw) => {
    let weighted = 0;
    let weight = 0;
    for (const [s, { above, below }] of sums.entries()) {
      const times = draw.seedCounts[s] ?? 0;
      if (times === 0) continue;
      const value = drawn(above, draw.groups) / drawn(below, draw.groups);
      if (Number.isNaN(value)) continue;
      weighted += times * value;
      weight += times;
    }
    draws[draw.index] = weighted / weight;
  });
  return { value: mean(whole), ci95: percentileInterval(draws), draws };
}

/**
 * What a function makes of measures that share their draws: a difference, a slope.
 *
 * @param measures of the same items and seeds
 */
export function combined(
  measures: readonly ResampledMeasure[],
  combine: (values: readonly number[]) => number,
): ResampledMeasure {
  const [first] = measures;
  if (!first) throw new TypeError('nothing to combine');
  const draws = Float64Array.from(first.draws, (_, i) =>
    combine(measures.map((measure) => measure.draws[i] ?? Number.NaN)),
  );
  return { value: combine(measures.map(({ value }) => value)), ci95: percentileInterval(draws), draws };
}

/** Slope of the least-squares line through points (x, y); NaN where all x are one. */
export function slope(x: readonly number[], y: readonly number[]): number {
  const [middleX, middleY] = [mean(x), mean(y)];
  let above = 0;
  let below = 0;
  for (const [i, value] of x.entries()) {
    above += (value - middleX) * ((y[i] ?? 0) - middleY);
    below += (value - middleX) ** 2;
  }
  return below === 0 ? Number.NaN : above / below;
}

function byGroup(values: ArrayLike<number>, groupOf: Int32Array, groups: number): Float64Array {
  const sums = new Float64Array(groups);
  for (let i = 0; i < groupOf.length; i++) {
    const group = groupOf[i] ?? 0;
    sums[group] = (sums[group] ?? 0) + (values[i] ?? 0);
  }
  return sums;
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function drawn(values: Float64Array, groups: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < groups.length; i++) sum += values[groups[i] ?? 0] ?? 0;
  return sum;
}
