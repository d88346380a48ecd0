/** Random calls of the kernels that work row by row. */
import { type Call, integer, normal, random, tensor } from './kernels.js';

const ACTIVATIONS = ['gelu-tanh', 'gelu', 'silu', 'relu'] as const;

/** Calls of each kernel by seed: from one row and one column up, most widths not whole vectors. */
export const CALLS: Record<string, (seed: number) => Call> = {
  activation: (seed) => {
    const from = random(seed, 'activation');
    const [rows, columns] = [integer(from, 1, 150), integer(from, 1, 70)];
    const inputs = {
      x: normal(from, rows, columns),
      dY: normal(from, rows, columns),
      ...(seed % 3 ? { bias: normal(from, columns) } : {}),
    };
    return { kernel: 'activation', activation: ACTIVATIONS[seed % 4]!, inputs };
  },
  gated: (seed) => {
    const from = random(seed, 'gated');
    const [rows, columns] = [integer(from, 1, 90), integer(from, 1, 70)];
    const inputs = { gateUp: normal(from, rows, 2 * columns), dY: normal(from, rows, columns) };
    return { kernel: 'gated', activation: ACTIVATIONS[seed % 4]!, inputs };
  },
  norm: (seed) => {
    const from = random(seed, 'norm');
    const [rows, columns] = [integer(from, 1, 150), integer(from, 1, 70)];
    const layer = seed % 2 === 0;
    const inputs = {
      x: normal(from, rows, columns),
      weight: normal(from, columns),
      dY: normal(from, rows, columns),
      ...(layer ? { bias: normal(from, columns) } : {}),
      ...(seed % 3 ? { delta: normal(from, rows, columns) } : {}),
      ...(seed % 5 > 2 ? { deltaBias: normal(from, columns) } : {}),
      ...(seed % 7 > 2 ? { dX: normal(from, rows, columns) } : {}),
    };
    return { kernel: 'norm', norm: layer ? 'layer' : 'rms', epsilon: 1e-5, inputs };
  },
  residual: (seed) => {
    const from = random(seed, 'residual');
    const [rows, columns] = [integer(from, 1, 90), integer(from, 1, 70)];
    const inputs = {
      x: normal(from, rows, columns),
      ...(seed % 3 ? { delta: normal(from, rows, columns) } : {}),
      ...(seed % 2 ? { bias: normal(from, columns) } : {}),
    };
    return { kernel: 'residual', inputs };
  },
  columnSums: (seed) => {
    const from = random(seed, 'sums');
    const [rows, columns] = [integer(from, 1, 300), integer(from, 1, 70)];
    return {
      kernel: 'columnSums',
      inputs: { x: normal(from, rows, 2, columns), sums: normal(from, columns) },
    };
  },
  rotate: (seed) => {
    const from = random(seed, 'rotate');
    const [rows, heads, half] = [integer(from, 1, 40), integer(from, 1, 5), integer(from, 1, 40)];
    const angles = Array.from({ length: rows * half }, () => 6 * from.normal());
    const inputs = {
      x: normal(from, rows, heads, 2 * half),
      cos: tensor([rows, half], angles.map(Math.cos)),
      sin: tensor([rows, half], angles.map(Math.sin)),
    };
    return { kernel: 'rotate', inverse: seed % 2 === 1, inputs };
  },
  score: (seed) => {
    const from = random(seed, 'score');
    const [rows, columns] = [integer(from, 1, 9), integer(from, 1, 700)];
    const logits = normal(from, rows, columns);
    logits.values = logits.values.map((x) => Math.round(8 * x));
    const targets = Int32Array.from({ length: rows }, () => integer(from, 0, columns - 1));
    const inputs = { logits, ...(seed % 2 ? { dLogProbs: normal(from, rows) } : {}) };
    return { kernel: 'score', targets, inputs };
  },
};
