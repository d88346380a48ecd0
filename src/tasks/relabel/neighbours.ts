/**
 * Nearest neighbours of hidden states by Euclidean distance, exactly: every pair of rows is looked at, N² · D / 2
 * operations (10⁴ rows of 10³ numbers: about a minute).
 */

import type { Hidden } from '../relabel.js';
import { type OnPause, pace } from './pace.js';

/** The nearest rows of each row, the nearest first. */
export interface Neighbours {
  /** Neighbours of a row: k, or fewer where there are not so many rows. */
  of(row: number): Int32Array;
  count: number;
}

/** Distances between two looks at the clock. */
const BETWEEN = 64;

export interface NearestOptions {
  /** Rows that are not neighbours of each other however near they are; absent: none. */
  apart?: (a: number, b: number) => boolean;
  onPause?: OnPause;
}

/** The k nearest other rows of every row; of equally distant ones the lower index. */
export async function nearest(
  { values, dimension }: Hidden,
  k: number,
  { apart, onPause }: NearestOptions = {},
): Promise<Neighbours> {
  const count = values.length / dimension;
  const lists = Array.from({ length: count }, () => new Nearest(k));
  const pauseDue = pace(onPause);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      if (apart?.(a, b)) continue;
      const distance = squaredDistance(values, a * dimension, b * dimension, dimension);
      lists[a]?.offer(b, distance);
      lists[b]?.offer(a, distance);
      const pause = b % BETWEEN === 0 ? pauseDue() : undefined;
      if (pause) await pause;
    }
  }
  const found = lists.map((list) => Int32Array.from(list.rows));
  return { of: (row) => found[row] ?? new Int32Array(0), count };
}

function squaredDistance(values: Float32Array, a: number, b: number, dimension: number): number {
  let sum = 0;
  for (let d = 0; d < dimension; d++) {
    const difference = (values[a + d] as number) - (values[b + d] as number);
    sum += difference * difference;
  }
  return sum;
}

/** The k nearest so far. */
class Nearest {
  readonly rows: number[] = [];
  private readonly distances: number[] = [];

  constructor(private readonly k: number) {}

  offer(row: number, distance: number): void {
    const { rows, distances, k } = this;
    // Not `push` and sort: nearly every row that is offered is too far, and is told so by one comparison.
    if (rows.length === k && distance >= (distances[k - 1] as number) && !this.winsTie(row, distance)) return;
    let at = rows.length;
    while (at > 0 && isBefore(distance, row, distances[at - 1] as number, rows[at - 1] as number)) at--;
    rows.splice(at, 0, row);
    distances.splice(at, 0, distance);
    if (rows.length > k) {
      rows.pop();
      distances.pop();
    }
  }

  private winsTie(row: number, distance: number): boolean {
    const last = this.k - 1;
    return distance === this.distances[last] && row < (this.rows[last] as number);
  }
}

function isBefore(distance: number, row: number, otherDistance: number, otherRow: number): boolean {
  return distance < otherDistance || (distance === otherDistance && row < otherRow);
}
