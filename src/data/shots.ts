/** Examples for a few-shot prompt, drawn from a part of a data set. */

import { W2sError } from '../errors.js';
import { displayPath } from './badRow.js';
import { type LoadedExamples, loadSplit } from './load.js';
import { stream } from './random.js';
import type { Example, FileLocations, SplitSpec, TaskKind } from './types.js';

export interface ShotsRequest {
  count: number;
  /** Decides which rows, and their order. */
  seed: number;
  /** False: no label (or completion that is one) leaves this function. */
  labels: boolean;
  /** Ids of rows that are not shown; absent: none. */
  without?: ReadonlySet<string>;
}

/**
 * `count` rows of a part in an order that the seed draws, one of each group. As with the halves of an experiment,
 * the true labels balance the classes where there are enough rows, and for nothing else: student and ceiling are
 * shown the same rows.
 * Throws ERR_DATA where the part has fewer groups.
 */
export async function loadShots(
  data: SplitSpec,
  task: TaskKind,
  locations: FileLocations,
  { count, seed, labels, without }: ShotsRequest,
): Promise<LoadedExamples> {
  const loaded = await loadSplit(data, task, locations, { labels: true });
  const order = stream(seed, 'shots').permutation(loaded.rows.length);
  const shuffled = Array.from(order, (index) => loaded.rows[index] as Example);
  const free = without === undefined ? shuffled : shuffled.filter(({ id }) => !without.has(id));
  const chosen = chooseShots(free, count);
  if (chosen.length < count) {
    throw new W2sError(
      'ERR_DATA',
      `Expected ${count} rows of groups of their own for --shots in ${displayPath(loaded.file)} but received ${chosen.length}.`,
      { hint: `Show fewer: --shots ${chosen.length}` },
    );
  }
  return { ...loaded, rows: labels ? chosen : chosen.map((row) => unlabelled(row, task)) };
}

/** In the order given: of each group the first row at most, and of each class as many as of the others, where there are. */
export function chooseShots(rows: readonly Example[], count: number): readonly Example[] {
  const taken = new Map<number, number>();
  const groups = new Set<string>();
  const chosen = new Set<Example>();
  const timesTaken = (row: Example): number => taken.get(classOf(row)) ?? 0;
  while (chosen.size < count) {
    const free = rows.filter((row) => !groups.has(row.group));
    const [first, ...others] = free;
    if (first === undefined) break;
    const next = others.reduce((best, row) => (timesTaken(row) < timesTaken(best) ? row : best), first);
    chosen.add(next);
    groups.add(next.group);
    taken.set(classOf(next), timesTaken(next) + 1);
  }
  // In the order of the rows, not of the choosing, in which classes take turns.
  return rows.filter((row) => chosen.has(row));
}

function classOf({ label }: Example): number {
  return label === undefined ? 0 : label.indexOf(Math.max(...label));
}

function unlabelled({ label: _label, ...row }: Example, task: TaskKind): Example {
  if (task !== 'completion') return row;
  const { completions: _completions, ...prompt } = row;
  return prompt;
}
