import { describe, expect, test } from 'vitest';
import { epochOrder, gather, slice } from '../../src/steps/batches.js';
import { rampedAlpha, scheduleFactor, stepsPerEpoch, totalSteps } from '../../src/steps/schedule.js';

const optimisation = { epochs: 2, batchSize: 32 } as Parameters<typeof totalSteps>[1];

test('T = epochs · ⌈n/B⌉: the last, smaller batch of an epoch is kept', () => {
  expect(totalSteps(100, optimisation)).toBe(8);
  expect(stepsPerEpoch(64, 32)).toBe(2);
  expect(stepsPerEpoch(1, 32)).toBe(1);
});

describe('learning rate', () => {
  const factors = (schedule: 'constant' | 'linear' | 'cosine', warmupSteps: number, total = 8) =>
    Array.from({ length: total }, (_, k) => scheduleFactor(k, total, { schedule, warmupSteps }));

  test('constant', () => expect(factors('constant', 0)).toEqual(Array(8).fill(1)));
  test('linear falls to 0 at step T', () => expect(factors('linear', 0, 4)).toEqual([1, 0.75, 0.5, 0.25]));
  test('cosine', () => {
    const values = factors('cosine', 0, 4);
    [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2].forEach((value, k) => {
      expect(values[k]).toBeCloseTo(value, 12);
    });
  });
  test('warm-up rises to 1, then the schedule begins', () => {
    expect(factors('linear', 4).slice(0, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 0.75]);
  });
  test('warm-up as long as training stays below 1 and finite', () => {
    expect(factors('cosine', 100, 4)).toEqual([0.01, 0.02, 0.03, 0.04]);
    expect(factors('cosine', 4, 4).at(-1)).toBe(1);
  });
});

describe('alpha of the confidence loss', () => {
  const alphas = (alphaMax: number, warmup: number | 'as-released', total: number) =>
    Array.from({ length: total }, (_, k) => rampedAlpha(k, total, { alphaMax, warmup }));

  test('α_k = α_max · min(1, k/(w·T))', () => {
    const values = alphas(0.75, 0.2, 20);
    expect(values.slice(0, 5)).toEqual([0, 0.1875, 0.375, expect.closeTo(0.5625, 12), 0.75]);
    expect(values.at(-1)).toBe(0.75);
  });
  test('no warm-up means α_max from the first step', () =>
    expect(alphas(0.5, 0, 3)).toEqual([0.5, 0.5, 0.5]));
  test('as released: k/T for a tenth, then a jump', () => {
    const values = alphas(0.5, 'as-released', 20);
    expect(values.slice(0, 4)).toEqual([0, 0.025, 0.05, 0.5]);
  });
});

describe('batches', () => {
  const all = {
    tokens: Int32Array.of(1, 2, 3, 4, 5, 6),
    offsets: Int32Array.of(0, 2, 3, 6),
    targetStarts: Int32Array.of(1, 1, 2),
  };

  test('every epoch has an order of its own, the same for every model', () => {
    expect(epochOrder(0, 0, 50)).toEqual(epochOrder(0, 0, 50));
    expect(epochOrder(0, 0, 50)).not.toEqual(epochOrder(0, 1, 50));
    expect([...epochOrder(3, 2, 50)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('gather lays chosen sequences end to end', () => {
    expect(gather(all, [2, 0])).toEqual({
      tokens: Int32Array.of(4, 5, 6, 1, 2),
      offsets: Int32Array.of(0, 3, 5),
      targetStarts: Int32Array.of(2, 1),
    });
  });

  test('slice begins at 0 again', () => {
    expect(slice(all, 1, 3)).toEqual({
      tokens: Int32Array.of(3, 4, 5, 6),
      offsets: Int32Array.of(0, 1, 4),
      targetStarts: Int32Array.of(1, 2),
    });
  });
});
