/** The filter `logistic`: labels that a linear model of the other rows would give too. */

import { stream } from '../../data/random.js';
import { argmaxRows, probabilities } from '../classification.js';
import { type LinearModel, linearLogits } from '../linear.js';
import type { Hidden, RelabelRow } from '../relabel.js';
import { keepBest } from './perClass.js';

/** Rows are cut into this many folds; each is predicted by a model of the others. */
export const FOLDS = 5;

/** What is fitted: n rows. */
export interface LinearTask {
  /** [n · D]. */
  features: Float32Array;
  dimension: number;
  /** Target probabilities [n · K]. */
  targets: Float32Array;
  classes: number;
  /** Weight of ½‖W‖² beside the mean cross-entropy. */
  l2: number;
}

export type FitLinear = (task: LinearTask) => Promise<LinearModel>;

/**
 * Keeps, of each hardened class, the share of rows to whose class a logistic regression on hidden states gives the
 * highest probability. A row is predicted by a model that has seen none of its group: whole groups go to five folds
 * in an order that the seed draws. Columns are standardised by the mean and deviation of the rows fitted on; the
 * penalty is ½‖W‖² / n beside the mean cross-entropy, which is scikit-learn's C = 1.
 * @param labels probabilities, the soft targets of the fit [N · K]
 * @returns 1 for a row that is kept [N]
 */
export async function logistic(
  labels: Float64Array,
  classes: number,
  hidden: Hidden,
  rows: readonly RelabelRow[],
  { keep, seed, fitLinear }: { keep: number; seed: number; fitLinear: FitLinear },
): Promise<Uint8Array> {
  const scores = await outOfFold(labels, classes, hidden, foldsOf(rows, seed), fitLinear);
  const answers = argmaxRows(labels, classes);
  const belief = Float64Array.from(answers, (answer, row) => scores[row * classes + answer] as number);
  return keepBest(answers, belief, keep);
}

/** Fold of each row [N]: groups in a random order, dealt one by one. Fewer groups than folds: as many folds. */
export function foldsOf(rows: readonly RelabelRow[], seed: number): Int32Array {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const order = stream(seed, 'relabel-folds').permutation(groups.length);
  const fold = new Map<string, number>();
  order.forEach((group, i) => {
    fold.set(groups[group] ?? '', i % FOLDS);
  });
  return Int32Array.from(rows, ({ group }) => fold.get(group) ?? 0);
}

/** Probabilities of each row by the model of the other folds [N · K]; uniform where there is no other fold. */
export async function outOfFold(
  labels: Float64Array,
  classes: number,
  hidden: Hidden,
  folds: Int32Array,
  fitLinear: FitLinear,
): Promise<Float64Array> {
  const result = new Float64Array(labels.length).fill(1 / classes);
  for (let fold = 0; fold < FOLDS; fold++) {
    const seen = indices(folds, (other) => other !== fold);
    const unseen = indices(folds, (other) => other === fold);
    if (seen.length === 0 || unseen.length === 0) continue;
    const scale = standardiser(hidden, seen);
    const targets = Float32Array.from(
      seen.flatMap((row) => [...labels.subarray(row * classes, (row + 1) * classes)]),
    );
    const task = {
      features: scale(seen),
      dimension: hidden.dimension,
      targets,
      classes,
      l2: 1 / seen.length,
    };
    const predicted = probabilities(await linearLogits(await fitLinear(task), scale(unseen)), classes);
    unseen.forEach((row, i) => {
      result.set(predicted.subarray(i * classes, (i + 1) * classes), row * classes);
    });
  }
  return result;
}

function indices(folds: Int32Array, wanted: (fold: number) => boolean): number[] {
  return Array.from(folds.keys()).filter((row) => wanted(folds[row] as number));
}

/** Makes columns of rows have mean 0 and deviation 1 among the rows `seen`; a constant column becomes 0. */
function standardiser({ values, dimension }: Hidden, seen: readonly number[]) {
  const mean = new Float64Array(dimension);
  const square = new Float64Array(dimension);
  for (const row of seen) {
    for (let d = 0; d < dimension; d++)
      mean[d] = (mean[d] as number) + (values[row * dimension + d] as number) / seen.length;
  }
  for (const row of seen) {
    for (let d = 0; d < dimension; d++) {
      const difference = (values[row * dimension + d] as number) - (mean[d] as number);
      square[d] = (square[d] as number) + difference ** 2 / seen.length;
    }
  }
  return (rows: readonly number[]): Float32Array => {
    const scaled = new Float32Array(rows.length * dimension);
    rows.forEach((row, i) => {
      for (let d = 0; d < dimension; d++) {
        const deviation = Math.sqrt(square[d] as number);
        const difference = (values[row * dimension + d] as number) - (mean[d] as number);
        scaled[i * dimension + d] = deviation > 0 ? difference / deviation : 0;
      }
    });
    return scaled;
  };
}
