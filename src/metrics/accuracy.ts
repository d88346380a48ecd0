import { W2sError } from '../errors.js';
import type { Interval } from './document.js';
import { percentileInterval, wilson } from './intervals.js';
import { forEachDraw, indexGroups, sumDrawn } from './resample.js';

export interface BootstrapOptions {
  /** 10,000 unless told. */
  resamples?: number;
  /** Of the draws; 0 unless told. Same seed, same interval. */
  seed?: number;
}

export const DEFAULT_RESAMPLES = 10_000;

export interface Accuracy {
  accuracy: number;
  ci95: Interval;
  /** Items, counted once however many seeds there are. */
  n: number;
}

/** What each item counts: 1 for a right answer, ½ for a tie of two, 0 for a wrong one [n]. */
export type Credits = ArrayLike<number>;

/** Items by group, as the bootstrap wants them. */
export interface GroupedItems {
  /** Group index of each item [n]. */
  groupOf: Int32Array;
  /** Items of each group [groups]. */
  sizes: Float64Array;
  groups: number;
  n: number;
}

export function groupItems(names: readonly string[]): GroupedItems {
  const { groupOf, count } = indexGroups(names);
  return itemsOf(groupOf, count);
}

/** Items whose groups are numbered by first appearance. */
export function itemsOf(groupOf: Int32Array, count: number): GroupedItems {
  const sizes = new Float64Array(count);
  for (const group of groupOf) sizes[group]!++;
  return { groupOf, sizes, groups: count, n: groupOf.length };
}

/** Right answers of each group, a tie counting half [groups]. Sums of halves are exact. */
export function countCorrect(correct: Credits, items: GroupedItems): Float64Array {
  if (correct.length !== items.n) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected ${items.n} outcomes for as many grouped items but received ${correct.length}`,
    );
  }
  const counts = new Float64Array(items.groups);
  for (let i = 0; i < correct.length; i++) counts[items.groupOf[i]!]! += correct[i]!;
  return counts;
}

/** Mean of credits: the accuracy. */
export function shareRight(correct: Credits): number {
  let sum = 0;
  for (let i = 0; i < correct.length; i++) sum += correct[i]!;
  return sum / correct.length;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Mean accuracy over seeds with its 95 % interval (DESIGN 3.7): Wilson for one seed and items of their
 * own; otherwise the bootstrap over groups, crossed with seeds.
 *
 * @param seeds 1 for a right answer, ½ for a tie of two, else 0; the same items in the same order for every seed [seeds][n]
 * @param groups group name of each item [n], or the items by their groups
 * @throws ERR_ARGUMENT without items or seeds, or with outcomes of other lengths
 */
export function accuracyWithInterval(
  seeds: readonly Credits[],
  groups: readonly string[] | GroupedItems,
  options: BootstrapOptions = {},
): Accuracy {
  const items = 'groupOf' in groups ? groups : groupItems(groups);
  checkSomething(seeds.length, items.n);
  const accuracy = mean(seeds.map(shareRight));
  const resampled = resampleAccuracy(
    seeds.map((correct) => countCorrect(correct, items)),
    items,
    options,
    needsBootstrap(items, seeds.length),
  );
  return { accuracy, ci95: accuracyInterval(accuracy, items, resampled), n: items.n };
}

/** Whether an accuracy's interval comes from the bootstrap, not from Wilson's formula. */
export function needsBootstrap(items: GroupedItems, seeds: number): boolean {
  return seeds > 1 || items.groups < items.n;
}

export function checkSomething(seeds: number, items: number): void {
  if (seeds > 0 && items > 0) return;
  throw new W2sError(
    'ERR_ARGUMENT',
    `Expected at least one seed and one item for an accuracy but received ${seeds} and ${items}`,
  );
}

/**
 * The interval from resampled accuracies, or Wilson's where there are none. Where all resamples agree
 * (every group equally right) the bootstrap is blind: then Wilson over groups, the independent units.
 */
export function accuracyInterval(
  accuracy: number,
  items: GroupedItems,
  resampled: Float64Array | null,
): Interval {
  const interval = resampled === null ? null : percentileInterval(resampled);
  if (interval !== null && interval[0] < interval[1]) return interval;
  return wilson(accuracy * items.groups, items.groups);
}

function resampleAccuracy(
  counts: readonly Float64Array[],
  items: GroupedItems,
  options: BootstrapOptions,
  wanted: boolean,
): Float64Array | null {
  if (!wanted) return null;
  const { resamples = DEFAULT_RESAMPLES, seed = 0 } = options;
  const values = new Float64Array(resamples);
  const column = new Float64Array(items.groups);
  forEachDraw({ groups: items.groups, seeds: counts.length, resamples, seed }, (draw) => {
    if (!draw.sameSeeds) sumSeeds(counts, draw.seedCounts, column);
    values[draw.index] = sumDrawn(column, draw.groups) / (sumDrawn(items.sizes, draw.groups) * counts.length);
  });
  return values;
}

/** `into` becomes the right answers of each group over the drawn seeds. */
export function sumSeeds(counts: readonly Float64Array[], seedCounts: Uint8Array, into: Float64Array): void {
  into.fill(0);
  counts.forEach((column, s) => {
    const times = seedCounts[s]!;
    if (times === 0) return;
    for (let g = 0; g < into.length; g++) into[g]! += times * column[g]!;
  });
}
