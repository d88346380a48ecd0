/** What a document tells of an `evaluate` step's predictions: of each row a few bytes are in memory, not its line. */

import { NamedNumbers } from '../data/namedNumbers.js';
import { W2sError } from '../errors.js';
import type { StepHash } from '../experiments/plan.js';
import { accuracyWithInterval, auroc, type GroupedItems, type Interval, itemsOf } from '../metrics/index.js';
import { creditOf } from '../steps/evaluate.js';
import type { Store } from '../store/index.js';
import { binaryScore } from '../tasks/classification.js';
import { groupOf } from './outcomes.js';

export interface Scores {
  accuracy: number;
  ci95: Interval;
  /** Null unless the task is binary and both classes occur. */
  auroc: number | null;
}

/** Rejects with ERR_STORE where the predictions are not those of the step's result. */
export async function scoresOf(store: Store, hash: StepHash): Promise<Scores> {
  const n = Number((await store.readResult(hash))?.n ?? 0);
  const credits = new Float32Array(n);
  const scores = new Float64Array(n);
  const labels = new Uint8Array(n);
  let [rows, binary] = [0, 0];
  let isGrouped = false;
  for await (const line of store.streamPredictions(hash)) {
    credits[rows++] = creditOf(line);
    isGrouped ||= line.group !== undefined;
    if (line.logits?.length !== 2 || typeof line.label !== 'number') continue;
    labels[binary] = line.label;
    scores[binary++] = binaryScore(line.logits);
  }
  if (rows !== n) throw otherRows(store, hash, n, rows);
  const { accuracy, ci95 } = accuracyWithInterval([credits], await groupsOf(store, hash, n, isGrouped));
  return { accuracy, ci95, auroc: binary === n ? auroc(scores, labels) : null };
}

/** Rows by the groups that their lines name; a row that names none is of the group of its id. */
async function groupsOf(store: Store, hash: StepHash, n: number, isGrouped: boolean): Promise<GroupedItems> {
  const groups = new Int32Array(n);
  if (!isGrouped)
    return itemsOf(
      groups.map((_, row) => row),
      n,
    );
  const numbers = new NamedNumbers();
  let [row, count] = [0, 0];
  for await (const line of store.streamPredictions(hash)) {
    const name = groupOf(line);
    const known = numbers.get(name);
    if (known === undefined) numbers.set(name, ++count);
    groups[row++] = (known ?? count) - 1;
  }
  return itemsOf(groups, count);
}

function otherRows(store: Store, hash: StepHash, n: number, rows: number): W2sError {
  return new W2sError(
    'ERR_STORE',
    `Expected ${n} predictions in ${store.stepFolder(hash)} but received ${rows}`,
    { hint: `Do the step again: rm -r ${store.stepFolder(hash)}` },
  );
}
