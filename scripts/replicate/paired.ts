/** Students of two presets on the same test items and seeds: their difference, far narrower than two intervals. */

import { groupOf, type Lines, outcome, readLines } from '../../src/execution/outcomes.js';
import type { TrainDocument } from '../../src/metrics/document.js';
import { combined, type Measure, type ResampledMeasure, ratio } from '../../src/metrics/index.js';
import type { Store } from '../../src/store/index.js';

/** Accuracy of a student less that of another; null where they were not tested on the same items. */
export async function pairedDifference(
  store: Store,
  own: TrainDocument,
  base: TrainDocument,
): Promise<Measure | null> {
  const [mine, others] = [await studentsOf(store, own), await studentsOf(store, base)];
  if (mine.items !== others.items) return null;
  const { value, ci95 } = combined([mine.accuracy, others.accuracy], ([a = 0, b = 0]) => a - b);
  return { value, ci95 };
}

async function studentsOf(
  store: Store,
  { perSeed }: TrainDocument,
): Promise<{ items: string; accuracy: ResampledMeasure }> {
  const lines: Lines[] = await Promise.all(
    perSeed.map(({ steps }) => readLines(store, steps.studentTest ?? '')),
  );
  const first = lines[0] ?? [];
  const accuracy = ratio(
    lines.map((one) => ({ above: outcome(one).correct })),
    first.map(groupOf),
  );
  if (accuracy === null) throw new TypeError('no test items');
  return { items: `${lines.length} ${first.map(({ id }) => id).join()}`, accuracy };
}
