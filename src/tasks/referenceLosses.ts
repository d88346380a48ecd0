/**
 * Twins of the built-in losses, written for reading (equations: docs/method.md). Tests hold the native kernels
 * against them; copy one to start a loss of your own. Targets are labels times their examples' weights.
 */

import { z } from 'zod';
import { probabilities } from './classification.js';
import { defineLoss, type LossInput, type LossOutput } from './loss.js';

type Batch = Pick<LossInput<unknown>, 'logits' | 'targets' | 'classes'>;

/** CE(f, y): the mean over examples of −Σ y log f. */
export const crossEntropy = defineLoss({
  name: 'xent-reference',
  params: z.object({}),
  apply({ logits, targets, classes }) {
    return crossEntropyOf(logits, targets, classes);
  },
});

/** (1−α) CE(f, y) + α CE(f, h), h the hardened prediction: one cross-entropy against a mixed target. */
export const confidence = defineLoss({
  name: 'confidence-reference',
  params: z.object({
    threshold: z.union([z.enum(['half', 'weak-mean']), z.number().min(0).max(1)]).default('half'),
    alphaMax: z.number().min(0).max(1).default(0.75),
    warmup: z.number().min(0).max(1).default(0.2),
  }),
  detached({ params, progress, ...batch }) {
    const alpha = ramped(params, progress);
    const positive = positives(probabilities(batch.logits, 2), batch.targets, params.threshold);
    return eachRow(batch, ({ y, weight }, row) => {
      const hard = positive[row] ? [0, 1] : [1, 0];
      return y.map((label, c) => weight * ((1 - alpha) * label + alpha * (hard[c] as number)));
    });
  },
  apply({ logits, classes, detached: mixed }) {
    return crossEntropyOf(logits, mixed, classes);
  },
});

/** CE(f, t), t ∝ f^β · y^α without a gradient through it. */
export const product = defineLoss({
  name: 'product-reference',
  params: z.object({ alpha: z.number().min(0).default(1), beta: z.number().min(0).default(1) }),
  detached({ params: { alpha, beta }, ...batch }) {
    return eachRow(batch, ({ f, y, weight }) => {
      const powers = f.map((p, c) => p ** beta * (y[c] as number) ** alpha);
      const sum = total(powers);
      return powers.map((power) => (sum === 0 ? 0 : (weight * power) / sum));
    });
  },
  apply({ logits, classes, detached: mixed }) {
    return crossEntropyOf(logits, mixed, classes);
  },
});

/** KL(f ‖ y), with a millionth of the uniform distribution in y so that no label is 0. */
export const reverseKl = defineLoss({
  name: 'reverse-kl-reference',
  params: z.object({}),
  apply({ logits, targets, classes }) {
    return summed({ logits, targets, classes }, ({ f, logF, y, weight }) => {
      const ratio = logF.map((log, c) => log - Math.log((1 - 1e-6) * (y[c] as number) + 1e-6 / classes));
      const divergence = total(f.map((p, c) => p * (ratio[c] as number)));
      return {
        loss: weight * divergence,
        dLogits: f.map((p, c) => weight * p * ((ratio[c] as number) - divergence)),
      };
    });
  },
});

/** CE(f, y) on the examples where max f < ½ + r, or is at most the batch's median; divided by all of B. */
export const window = defineLoss({
  name: 'window-reference',
  params: z.object({ radius: z.union([z.literal('median'), z.number().min(0).max(0.5)]).default(0.25) }),
  detached({ params: { radius }, ...batch }) {
    const surest = rowsOf(batch).map(({ f }) => Math.max(...f));
    const median = surest.toSorted((a, b) => a - b)[Math.floor((surest.length - 1) / 2)] as number;
    return batch.targets.map((target, i) => {
      const own = surest[Math.floor(i / batch.classes)] as number;
      const inside = radius === 'median' ? own <= median : own < 0.5 + radius;
      return inside ? target : 0;
    });
  },
  apply({ logits, classes, detached: masked }) {
    return crossEntropyOf(logits, masked, classes);
  },
});

/** (1−α) CE(f, y) + α H(f), with the gradient through H. */
export const entropy = defineLoss({
  name: 'entropy-reference',
  params: z.object({
    alphaMax: z.number().min(0).max(1).default(0.5),
    warmup: z.number().min(0).max(1).default(0.1),
  }),
  apply({ logits, targets, classes, params, progress }) {
    const alpha = ramped(params, progress);
    return summed({ logits, targets, classes }, ({ f, logF, y, weight }) => {
      const h = -total(f.map((p, c) => p * (logF[c] as number)));
      const ce = -total(y.map((label, c) => label * (logF[c] as number)));
      return {
        loss: weight * ((1 - alpha) * ce + alpha * h),
        dLogits: f.map(
          (p, c) => weight * ((1 - alpha) * (p - (y[c] as number)) - alpha * p * ((logF[c] as number) + h)),
        ),
      };
    });
  },
});

/** (1−β) CE(f, y) + β CE(f, f̂) with a β for each example, from both cross-entropies against hard labels. */
export const adaptiveConfidence = defineLoss({
  name: 'adaptive-confidence-reference',
  params: z.object({ temperature: z.number().positive().default(1) }),
  detached({ params: { temperature }, ...batch }) {
    return eachRow(batch, ({ logF, y, weight }) => {
      const [own, weak] = [hardLabel(logF), hardLabel(y)];
      const against = (hard: number[]) => -total(hard.map((label, c) => label * (logF[c] as number)));
      const power = (hard: number[]) => Math.exp(against(hard) / temperature);
      const beta = power(own) / (power(own) + power(weak));
      return y.map((label, c) => weight * ((1 - beta) * label + beta * (own[c] as number)));
    });
  },
  apply({ logits, classes, detached: mixed }) {
    return crossEntropyOf(logits, mixed, classes);
  },
});

/** One example: f, log f, its label and weight. */
interface Row {
  f: number[];
  logF: number[];
  y: number[];
  weight: number;
}

function rowsOf({ logits, targets, classes }: Batch): Row[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const logF = logSoftmax(logits.subarray(row * classes, (row + 1) * classes));
    const target = Array.from(targets.subarray(row * classes, (row + 1) * classes));
    const weight = total(target);
    return { f: logF.map(Math.exp), logF, y: target.map((t) => (weight === 0 ? 0 : t / weight)), weight };
  });
}

function logSoftmax(row: Float32Array): number[] {
  const z = Array.from(row);
  const top = Math.max(...z);
  const logSum = top + Math.log(total(z.map((logit) => Math.exp(logit - top))));
  return z.map((logit) => logit - logSum);
}

/** New targets [B · K], made row by row. */
function eachRow(batch: Batch, make: (row: Row, index: number) => number[]): Float64Array {
  return Float64Array.from(rowsOf(batch).flatMap(make));
}

/** A loss that is a sum over examples, divided by B. */
function summed(batch: Batch, term: (row: Row) => { loss: number; dLogits: readonly number[] }): LossOutput {
  const terms = rowsOf(batch).map(term);
  return {
    loss: total(terms.map(({ loss }) => loss)) / terms.length,
    dLogits: Float32Array.from(terms.flatMap(({ dLogits }) => dLogits.map((d) => d / terms.length))),
  };
}

function crossEntropyOf(logits: Float32Array, targets: ArrayLike<number>, classes: number): LossOutput {
  const batch = logits.length / classes;
  const dLogits = new Float32Array(logits.length);
  let loss = 0;
  for (let start = 0; start < logits.length; start += classes) {
    const logF = logSoftmax(logits.subarray(start, start + classes));
    const target = logF.map((_, c) => targets[start + c] as number);
    const mass = total(target);
    logF.forEach((log, c) => {
      loss -= ((target[c] as number) * log) / batch;
      dLogits[start + c] = (mass * Math.exp(log) - (target[c] as number)) / batch;
    });
  }
  return { loss, dLogits };
}

function ramped({ alphaMax, warmup }: { alphaMax: number; warmup: number }, progress: number): number {
  return alphaMax * (warmup === 0 ? 1 : Math.min(1, progress / warmup));
}

/** 1 at the largest value; equal largest values share it. */
function hardLabel(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const count = values.filter((value) => value === largest).length;
  return values.map((value) => (value === largest ? 1 / count : 0));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Which examples count as positive. */
function positives(
  f: Float64Array,
  targets: Float32Array,
  threshold: 'half' | 'weak-mean' | number,
): boolean[] {
  const batch = f.length / 2;
  if (threshold === 'half') return upperHalf(f, batch);
  if (threshold === 'weak-mean') return aboveWeakMean(f, targets, batch);
  return Array.from({ length: batch }, (_, row) => (f[2 * row + 1] as number) >= threshold);
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
  let [ones, all] = [0, 0];
  for (let row = 0; row < batch; row++) {
    ones += targets[2 * row + 1] as number;
    all += (targets[2 * row] as number) + (targets[2 * row + 1] as number);
  }
  const ordered = [...negative].sort((a, b) => a - b);
  const position = (ones / all) * (batch - 1);
  const below = Math.floor(position);
  const low = ordered[below] as number;
  const high = ordered[Math.min(below + 1, batch - 1)] as number;
  const t = low + (position - below) * (high - low);
  return negative.map((p) => !(p >= t));
}
