import { describe, expect, test } from 'vitest';
import { percentileInterval, wilson } from '../../src/metrics/index.js';

describe('wilson', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (successes, n, low, high) => {
    const interval = wilson(successes, n);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });

  test('reaches the ends exactly and mirrors', () => {
    expect(wilson(0, 7)[0]).toBe(0);
    expect(wilson(7, 7)[1]).toBe(1);
    expect(wilson(2, 9)[0]).toBeCloseTo(1 - wilson(7, 9)[1], 12);
  });

  test('knows nothing of no items', () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
  });
});

describe('percentileInterval', () => {
  test('leaves 2.5 % outside on each side', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => 999 - i);
    expect(percentileInterval(values)).toEqual([25, 974]);
  });

  test('leaves NaN out and keeps infinities outside', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i < 25 ? Number.POSITIVE_INFINITY : i));
    expect(percentileInterval(values)).toEqual([50, 999]);
    expect(percentileInterval(Float64Array.of(Number.NaN, 3))).toEqual([3, 3]);
    expect(percentileInterval(Float64Array.of(Number.NaN))).toBeNull();
  });
});
