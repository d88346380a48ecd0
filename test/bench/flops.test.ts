/** The FLOP formulas, against counts made by hand. */
import { describe, expect, it } from 'vitest';
import { attentionPairs, blockWeights, type ModelShape, modelFlops } from '../../src/bench/flops.js';
import { executedProducts } from '../support/executedProducts.js';

/** D 8, H 4, G 2, E 3 (H E is not D), F 20, gated; the second layer sees two tokens. */
const shape: ModelShape = {
  layers: 2,
  hiddenSize: 8,
  heads: 4,
  kvHeads: 2,
  headSize: 3,
  mlpSize: 20,
  mlpGated: true,
  windows: [0, 2],
};

describe('model FLOPs', () => {
  it('counts the weights of a block', () => {
    // Query 8 × 12, key and value 8 × 6 each, out 12 × 8; gate, up and down 8 × 20 each.
    expect(blockWeights(shape)).toBe(96 + 48 + 48 + 96 + 3 * 160);
    expect(blockWeights({ ...shape, mlpGated: false })).toBe(96 + 48 + 48 + 96 + 2 * 160);
  });

  it('counts what queries see, with and without a window', () => {
    expect(attentionPairs(4, 0)).toBe(1 + 2 + 3 + 4);
    expect(attentionPairs(4, 2)).toBe(1 + 2 + 2 + 2);
    expect(attentionPairs(4, 4)).toBe(10);
    expect(attentionPairs(1, 1)).toBe(1);
  });

  it('counts a forward pass of a classifier without the unembedding', () => {
    const pass = { lengths: [4, 2], readRows: 2, outputs: 3, training: false };
    const products = 2 * 6 * 2 * 768 + 2 * 2 * 8 * 3;
    // A layer without a window: 10 + 3 pairs; with one of two tokens: 7 + 3.
    const attention = 4 * 12 * (10 + 3 + 7 + 3);
    expect(modelFlops(shape, pass)).toEqual({ products, attention, total: products + attention });
  });

  it('counts the unembedding of target tokens, and a training step thrice', () => {
    const pass = { lengths: [4, 2], readRows: 4, outputs: 50, training: true };
    const products = 3 * (2 * 6 * 2 * 768 + 2 * 4 * 8 * 50);
    expect(modelFlops(shape, pass).products).toBe(products);
    // As the usual 6 N P has it, where nothing else is read.
    expect(modelFlops(shape, { ...pass, readRows: 0 }).products).toBe(6 * 6 * (2 * 768));
  });
});

it('counts in the last block keys and values of all tokens, and the rest of the rows that are read', () => {
  const pass = { lengths: [4, 2], readRows: 2, outputs: 3, training: false };
  const first = 6 * 768;
  const last = 6 * 96 + 2 * (768 - 96);
  expect(executedProducts(shape, pass, 2)).toBe(2 * (first + last + 2 * 8 * 3));
  expect(executedProducts(shape, { ...pass, training: true }, 2)).toBe(6 * (first + last + 2 * 8 * 3));
});
