/** The filter `knn`: labels that agree with those of their neighbours. */

import { argmaxRows } from '../classification.js';
import type { Neighbours } from './neighbours.js';
import { keepBest } from './perClass.js';

/**
 * How far a row's neighbours agree with it: the mean, over its nearest neighbours, of the probability that their
 * labels give to the row's hardened class. 0 for a row without neighbours.
 * @param labels probabilities [N · K]
 * @returns from 0 to 1 [N]
 */
export function agreementOfNeighbours(
  labels: Float64Array,
  classes: number,
  neighbours: Neighbours,
): Float64Array {
  return Float64Array.from(argmaxRows(labels, classes), (answer, row) => {
    const near = neighbours.of(row);
    if (near.length === 0) return 0;
    return near.reduce((sum, other) => sum + (labels[other * classes + answer] as number), 0) / near.length;
  });
}

/**
 * Keeps, of each hardened class, the share of rows with which their neighbours agree most.
 * @returns 1 for a row that is kept [N]
 */
export function knn(labels: Float64Array, classes: number, neighbours: Neighbours, keep: number): Uint8Array {
  const agreement = agreementOfNeighbours(labels, classes, neighbours);
  return keepBest(argmaxRows(labels, classes), agreement, keep);
}
