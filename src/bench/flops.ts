/**
 * Floating-point operations of a pass, by its formula. A multiplication and an addition count as two; norms, activations,
 * rotary embedding, softmax, loss and optimizer count as none.
 *
 * With N real tokens in sequences of lengths L_b, layers 1 … n, hidden size D, H query heads and G key-value heads of
 * E dimensions each, MLP size F (three matrices where it is gated, else two), and a read-out of R rows to O outputs:
 *
 *     weights of a block   P = D (H + 2 G) E + H E D + (2 or 3) D F
 *     products             2 N n P + 2 R D O
 *     attention            Σ_layers Σ_b 4 H E pairs(L_b),   pairs(L) = L (L + 1) / 2 without a window
 *     forward              products + attention
 *     a training step      3 × forward (backward: once by the inputs, once by the weights)
 *
 * R and O: sequences and classes of a classifier; target tokens and vocabulary of the language model. The unembedding
 * counts where it is used, and there alone: for `lm`, not for classification. Embedding look-ups are no products.
 */

import type { NativeModelInfo } from '../native/binding.js';

/** What a decoder's products depend on: n, D, H, G, E, F, two or three matrices of the MLP, and windows. */
export type ModelShape = Pick<
  NativeModelInfo,
  'layers' | 'hiddenSize' | 'heads' | 'kvHeads' | 'headSize' | 'mlpSize' | 'mlpGated' | 'windows'
>;

/** A pass over some sequences. */
export interface Pass {
  lengths: readonly number[];
  /** R: rows that the read-out multiplies. */
  readRows: number;
  /** O: its outputs. */
  outputs: number;
  /** Forward alone, or forward and backward. */
  training: boolean;
}

/** Operations of a pass. */
export interface Flops {
  products: number;
  attention: number;
  total: number;
}

/** P: weights of one block's matrices. */
export function blockWeights(shape: ModelShape): number {
  const { hiddenSize, heads, kvHeads, headSize, mlpSize, mlpGated } = shape;
  const attention = hiddenSize * (heads + 2 * kvHeads) * headSize + heads * headSize * hiddenSize;
  return attention + (mlpGated ? 3 : 2) * hiddenSize * mlpSize;
}

/** Keys that the queries of one sequence see, summed over its L queries. */
export function attentionPairs(length: number, window: number): number {
  const all = (length * (length + 1)) / 2;
  if (window === 0 || window >= length) return all;
  return all - ((length - window) * (length - window + 1)) / 2;
}

function attentionFlops(shape: ModelShape, lengths: readonly number[]): number {
  let pairs = 0;
  for (let layer = 0; layer < shape.layers; layer++) {
    const window = shape.windows[layer] ?? 0;
    for (const length of lengths) pairs += attentionPairs(length, window);
  }
  return 4 * shape.heads * shape.headSize * pairs;
}

/**
 * Model FLOPs: every real token through every matrix of every block. What is left out, padded or computed once for
 * several sequences changes nothing here: it is what MFU takes, and what other programs are held against.
 */
export function modelFlops(shape: ModelShape, pass: Pass): Flops {
  const tokens = pass.lengths.reduce((sum, length) => sum + length, 0);
  const passes = pass.training ? 3 : 1;
  const readout = 2 * pass.readRows * shape.hiddenSize * pass.outputs;
  const products = passes * (2 * tokens * shape.layers * blockWeights(shape) + readout);
  const attention = passes * attentionFlops(shape, pass.lengths);
  return { products, attention, total: products + attention };
}
