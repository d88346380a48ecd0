/** The filter `topological`: the largest connected component of each class. */

import { argmaxRows } from '../classification.js';
import type { Neighbours } from './neighbours.js';
import { rowsByClass } from './perClass.js';

/**
 * Keeps, of each hardened class, the largest connected component of its rows in the graph of mutual neighbours: an
 * edge joins two rows of one class of which each is among the nearest of the other. Of equally large components the
 * one with the lowest index is kept.
 * @param labels probabilities [N · K]
 * @param neighbours over all rows, whatever their class
 * @returns 1 for a row that is kept [N]
 */
export function topological(labels: Float64Array, classes: number, neighbours: Neighbours): Uint8Array {
  const answers = argmaxRows(labels, classes);
  const near = Array.from({ length: answers.length }, (_, row) => new Set(neighbours.of(row)));
  const joined = new Components(answers.length);
  near.forEach((others, a) => {
    for (const b of others) {
      if (b < a && answers[a] === answers[b] && near[b]?.has(a)) joined.join(a, b);
    }
  });
  const kept = new Uint8Array(answers.length);
  for (const rows of rowsByClass(answers).values()) {
    let best = rows[0] ?? 0;
    for (const row of rows) if (joined.sizeOf(row) > joined.sizeOf(best)) best = row;
    for (const row of rows) if (joined.find(row) === joined.find(best)) kept[row] = 1;
  }
  return kept;
}

/** Disjoint sets of rows. */
class Components {
  private readonly parent: Int32Array;
  private readonly size: Int32Array;

  constructor(count: number) {
    this.parent = Int32Array.from({ length: count }, (_, i) => i);
    this.size = new Int32Array(count).fill(1);
  }

  find(row: number): number {
    let root = row;
    while (this.parent[root] !== root) root = this.parent[root] as number;
    for (let at = row; at !== root; ) {
      const next = this.parent[at] as number;
      this.parent[at] = root;
      at = next;
    }
    return root;
  }

  sizeOf(row: number): number {
    return this.size[this.find(row)] as number;
  }

  join(a: number, b: number): void {
    const [small, large] = [this.find(a), this.find(b)].sort((x, y) => this.sizeOf(x) - this.sizeOf(y)) as [
      number,
      number,
    ];
    if (small === large) return;
    this.parent[small] = large;
    this.size[large] = this.sizeOf(large) + this.sizeOf(small);
  }
}
