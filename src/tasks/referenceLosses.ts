/**
 * Twins of the built-in losses, written for reading (equations: DESIGN 3.6). Tests hold the native kernels
 * against them; copy one to start a loss of your own.
 */

import { z } from 'zod';
import { argmax, probabilities } from './classification.js';
import { defineLoss, type LossOutput } from './loss.js';

/** CE(f, f_w): the mean over examples of −Σ f_w log f. */
export const crossEntropy = defineLoss({
  name: 'xent-reference',
  params: z.object({}),
  apply({ logits, targets, classes }) {
    return crossEntropyOf(logits, targets, classes);
  },
});

/** (1−α) CE(f, f_w) + α CE(f, h), h the hardened prediction: one cross-entropy against a mixed target. */
export const confidence = defineLoss({
  name: 'confidence-reference',
  params: z.object({
    threshold: z.enum(['half', 'weak-mean']).default('half'),
    alphaMax: z.number().min(0).max(1).default(0.75),
    warmup: z.number().min(0).max(1).default(0.2),
  }),
  detached({ logits, targets, params, progress }) {
    const ramp = params.warmup === 0 ? 1 : Math.min(1, progress / params.warmup);
    const alpha = params.alphaMax * ramp;
    const hard = hardened(logits, targets, params.threshold);
    return targets.map((weak, i) => (1 - alpha) * weak + alpha * (hard[i] as number));
  },
  apply({ logits, classes, detached: mixed }) {
    return crossEntropyOf(logits, mixed, classes);
  },
});

function crossEntropyOf(logits: Float32Array, targets: Float32Array, classes: number): LossOutput {
  const batch = logits.length / classes;
  const f = probabilities(logits, classes);
  const dLogits = new Float32Array(logits.length);
  let loss = 0;
  for (let row = 0; row < batch; row++) {
    const start = row * classes;
    const top = logits[start + argmax(logits, start, classes)] as number;
    let logSum = 0;
    let mass = 0;
    for (let c = 0; c < classes; c++) {
      logSum += Math.exp((logits[start + c] as number) - top);
      mass += targets[start + c] as number;
    }
    logSum = top + Math.log(logSum);
    for (let c = 0; c < classes; c++) {
      const target = targets[start + c] as number;
      loss -= target * ((logits[start + c] as number) - logSum);
      dLogits[start + c] = (mass * (f[start + c] as number) - target) / batch;
    }
  }
  return { loss: loss / batch, dLogits };
}

/** One-hot rows [B · 2]: which examples count as positive. */
function hardened(
  logits: Float32Array,
  targets: Float32Array,
  threshold: 'half' | 'weak-mean',
): Float32Array {
  const batch = logits.length / 2;
  const f = probabilities(logits, 2);
  const positive = threshold === 'half' ? upperHalf(f, batch) : aboveWeakMean(f, targets, batch);
  const hard = new Float32Array(2 * batch);
  for (let row = 0; row < batch; row++) hard[2 * row + (positive[row] ? 1 : 0)] = 1;
  return hard;
}

/** The ⌊B/2⌋ with the highest probability of label 1; of equals the lower index. */
function upperHalf(f: Float64Array, batch: number): boolean[] {
  const order = Array.from({ length: batch }, (_, row) => row);
  order.sort((a, b) => (f[2 * b + 1] as number) - (f[2 * a + 1] as number) || a - b);
  const chosen = new Set(order.slice(0, Math.floor(batch / 2)));
  return order.map((_, row) => chosen.has(row));
}

/** Label 0 where P(label 0) reaches its own quantile at the batch's mean weak P(label 1). */
function aboveWeakMean(f: Float64Array, targets: Float32Array, batch: number): boolean[] {
  const negative = Array.from({ length: batch }, (_, row) => f[2 * row] as number);
  let share = 0;
  for (let row = 0; row < batch; row++) share += (targets[2 * row + 1] as number) / batch;
  const ordered = [...negative].sort((a, b) => a - b);
  const position = share * (batch - 1);
  const below = Math.floor(position);
  const low = ordered[below] as number;
  const high = ordered[Math.min(below + 1, batch - 1)] as number;
  const t = low + (position - below) * (high - low);
  return negative.map((p) => !(p >= t));
}
