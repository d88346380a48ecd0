/**
 * Classification: labels → targets of a loss, logits → answers and scores. Everything is a flat matrix,
 * row by row: B examples, K classes.
 */

import { W2sError } from '../errors.js';

/** Labels as one matrix of target probabilities [B · K]. */
export function targetMatrix(labels: readonly (readonly number[])[], classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    if (label.length !== classes) {
      throw new W2sError(
        'ERR_DATA',
        `Expected ${classes} label probabilities for example ${row + 1} but received ${label.length}`,
        { hint: 'Use one set of classes for all files: npx w2s-native datasets show NAME' },
      );
    }
    targets.set(label, row * classes);
  });
  return targets;
}

/** Softmax of each row [B · K], in double precision. */
export function probabilities(logits: ArrayLike<number>, classes: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c] as number);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const power = Math.exp((logits[start + c] as number) - largest);
      result[start + c] = power;
      sum += power;
    }
    for (let c = 0; c < classes; c++) result[start + c] = (result[start + c] as number) / sum;
  }
  return result;
}

/** Probabilities as logits: their logarithms, as far down as a label needs them. */
export function logitsOf(probabilities: readonly number[]): number[] {
  return probabilities.map((p) => Math.log(Math.max(p, 1e-30)));
}

/** The likeliest class of each row [B]; of equals the first. */
export function argmaxRows(values: ArrayLike<number>, classes: number): Int32Array {
  const answers = new Int32Array(values.length / classes);
  for (let row = 0; row < answers.length; row++) answers[row] = argmax(values, row * classes, classes);
  return answers;
}

/** Index of the largest of `count` values from `start`; of equals the first. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let c = 1; c < count; c++) {
    if ((values[start + c] as number) > (values[start + best] as number)) best = c;
  }
  return best;
}

/** What ROC curves rank a two-class example by: the log-odds of class 1. */
export function binaryScore(logits: readonly number[]): number {
  return (logits[1] as number) - (logits[0] as number);
}

/** Share of rows whose likeliest class is the likeliest target. */
export function batchAccuracy(
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
  classes: number,
): number | null {
  const rows = logits.length / classes;
  if (rows === 0) return null;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    if (argmax(logits, row * classes, classes) === argmax(targets, row * classes, classes)) right += 1;
  }
  return right / rows;
}
