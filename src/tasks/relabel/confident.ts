/** The filter `confident`: labels that are surest of themselves. */

import { argmaxRows } from '../classification.js';
import { keepBest } from './perClass.js';

/**
 * Keeps, of each hardened class, the share of rows whose label gives that class the highest probability.
 * @param labels probabilities [N · K]
 * @returns 1 for a row that is kept [N]
 */
export function confident(labels: Float64Array, classes: number, keep: number): Uint8Array {
  const answers = argmaxRows(labels, classes);
  const sureness = Float64Array.from(answers, (answer, row) => labels[row * classes + answer] as number);
  return keepBest(answers, sureness, keep);
}
