/** Bad rows that were left out of a run, as its steps' results keep them. */

import type { StepHash } from '../experiments/plan.js';
import type { SkippedRows } from '../steps/results.js';
import type { Store } from '../store/index.js';

/** For a document: `{ skippedRows }`, or nothing where no row was left out. */
export async function skippedIn(
  store: Store,
  steps: readonly StepHash[],
): Promise<{ skippedRows?: SkippedRows }> {
  const skippedRows: SkippedRows = {};
  for (const hash of steps) {
    const result = (await store.readResult(hash)) as { skippedRows?: SkippedRows } | null;
    Object.assign(skippedRows, result?.skippedRows);
  }
  return Object.keys(skippedRows).length > 0 ? { skippedRows } : {};
}
