/** A linear classifier, as probes and filters fit it. */

import { type OnPause, pace } from './relabel/pace.js';

export interface LinearModel {
  /** W [K · D], row by row. */
  weight: Float32Array;
  /** b [K]. */
  bias: Float32Array;
}

/**
 * Its logits of rows, W x + b [N · K], summed in double precision.
 * @param features [N · D]
 */
export async function linearLogits(
  { weight, bias }: LinearModel,
  features: Float32Array,
  onPause?: OnPause,
): Promise<Float64Array> {
  const classes = bias.length;
  const dimension = weight.length / classes;
  const rows = features.length / dimension;
  const logits = new Float64Array(rows * classes);
  const pauseDue = pace(onPause);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < classes; k++) {
      let sum = bias[k] as number;
      for (let d = 0; d < dimension; d++) {
        sum += (weight[k * dimension + d] as number) * (features[row * dimension + d] as number);
      }
      logits[row * classes + k] = sum;
    }
    const pause = pauseDue();
    if (pause) await pause;
  }
  return logits;
}
