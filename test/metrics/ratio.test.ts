import { describe, expect, test } from 'vitest';
import {
  accuracyWithInterval,
  calibration,
  calibrationError,
  combined,
  ratio,
  slope,
} from '../../src/metrics/index.js';

const RESAMPLES = { resamples: 2000 };

describe('ratio', () => {
  test('is Σ above / Σ below, the mean over seeds', () => {
    const seeds = [
      { above: [1, 0, 1, 0], below: [1, 1, 2, 0] },
      { above: [0, 0, 3, 1], below: [1, 1, 1, 1] },
    ];
    expect(ratio(seeds, ['a', 'b', 'c', 'd'], RESAMPLES)?.value).toBeCloseTo((2 / 4 + 4 / 4) / 2, 12);
  });

  test('of right answers is the accuracy of several seeds, with the same interval', () => {
    const seeds = [
      Uint8Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0 : 1)),
      Uint8Array.from({ length: 60 }, (_, i) => (i % 4 === 0 ? 0 : 1)),
    ];
    const groups = Array.from({ length: 60 }, (_, i) => `g${i >> 1}`);
    const measure = ratio(
      seeds.map((above) => ({ above })),
      groups,
      RESAMPLES,
    );
    const expected = accuracyWithInterval(seeds, groups, RESAMPLES);
    expect(measure?.value).toBeCloseTo(expected.accuracy, 12);
    expect(measure?.ci95?.[0]).toBeCloseTo(expected.ci95[0], 12);
    expect(measure?.ci95?.[1]).toBeCloseTo(expected.ci95[1], 12);
  });

  test('leaves out seeds without anything below, and is null where none has', () => {
    const nothing = { above: [0, 0], below: [0, 0] };
    const half = { above: [1, 0], below: [1, 1] };
    expect(ratio([half, nothing], ['a', 'b'], RESAMPLES)?.value).toBe(0.5);
    expect(ratio([nothing], ['a', 'b'], RESAMPLES)).toBeNull();
  });

  test('differences are paired: a model against itself has no interval', () => {
    const above = Array.from({ length: 50 }, (_, i) => (i * 7) % 3);
    const groups = above.map((_, i) => String(i));
    const one = ratio([{ above }], groups, RESAMPLES);
    if (!one) throw new Error('no measure');
    const difference = combined([one, one], ([a = 0, b = 0]) => a - b);
    expect(difference.value).toBe(0);
    expect(difference.ci95).toEqual([0, 0]);
  });
});

describe('slope', () => {
  test('is that of a line through its points', () => {
    expect(slope([1, 2, 4], [1, 3, 7])).toBeCloseTo(2, 12);
    expect(slope([0, 1, 2], [0, 2, 1])).toBeCloseTo(0.5, 12);
    expect(slope([3, 3], [1, 2])).toBeNaN();
  });
});

describe('calibrationError', () => {
  const claims = Array.from({ length: 200 }, (_, i) => ({
    confidence: 0.5 + ((i * 37) % 100) / 200,
    right: (i * 53) % 100 < 60 ? 1 : 0,
  }));
  const groups = claims.map((_, i) => String(i));

  test('has the value of the reliability diagram', () => {
    const probabilities = claims.map(({ confidence }) => [confidence, 1 - confidence]);
    const labels = claims.map(({ right }) => (right === 1 ? 0 : 1));
    expect(calibrationError([claims], groups, RESAMPLES).value).toBeCloseTo(
      calibration(probabilities, labels).ece,
      12,
    );
  });

  test('is zero, and can be nothing else, where every claim is kept', () => {
    const kept = Array.from({ length: 30 }, () => ({ confidence: 1, right: 1 }));
    const found = calibrationError(
      [kept],
      kept.map((_, i) => String(i)),
      RESAMPLES,
    );
    expect(found).toEqual({ value: 0, ci95: [0, 0] });
  });

  test('has an interval that does not lie above the value, as the plain percentiles of a small set do', () => {
    const { value, ci95 } = calibrationError([claims], groups, RESAMPLES);
    expect(ci95?.[0]).toBeLessThanOrEqual(value);
    expect(ci95?.[0]).toBeGreaterThanOrEqual(0);
  });
});
