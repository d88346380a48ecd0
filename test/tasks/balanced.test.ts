import { describe, expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { balancedLabels, balancingShift } from '../../src/tasks/balanced.js';

const pairs = (...ones: number[]) => Float32Array.from(ones.flatMap((p) => [1 - p, p]));
const logOdds = (p: number) => Math.log(p / (1 - p));

describe('balanced labels', () => {
  test('two labels meet in the middle of their log-odds', () => {
    const balanced = balancedLabels(pairs(0.6, 0.9), 2);
    const half = (logOdds(0.9) - logOdds(0.6)) / 2;
    const wanted = 1 / (1 + Math.exp(half));
    expect(balanced[1]).toBeCloseTo(wanted, 6);
    expect(balanced[3]).toBeCloseTo(1 - wanted, 6);
    expect(balanced[0]! + balanced[1]!).toBeCloseTo(1, 6);
  });

  test('three of 2:1 odds against one: a quadratic equation', () => {
    // Odds x of the three and x/4 of the one: 3x/(1 + x) + x/(4 + x) = 2, so 2x² + 3x − 8 = 0.
    const three = 2 / 3;
    const one = 1 / 3;
    const balanced = balancedLabels(pairs(three, three, three, one), 2);
    const x = (-3 + Math.sqrt(9 + 4 * 2 * 8)) / 4;
    expect(balanced[1]).toBeCloseTo(x / (1 + x), 6);
    expect(balanced[7]).toBeCloseTo(x / (4 + x), 6);
  });

  test('any batch: the mean is ½, order and differences of log-odds stay', () => {
    for (const seed of [1, 2, 3]) {
      const random = stream(seed, 'balanced');
      const ones = Array.from({ length: 33 }, () => random.uniform() ** 3);
      const balanced = balancedLabels(pairs(...ones), 2);
      const found = ones.map((_, row) => balanced[2 * row + 1]!);
      expect(found.reduce((sum, p) => sum + p, 0) / 33).toBeCloseTo(0.5, 6);
      const shifts = found.map((p, row) => logOdds(p) - logOdds(ones[row]!));
      for (const shift of shifts) expect(shift).toBeCloseTo(shifts[0]!, 2);
    }
  });

  test('a batch that is balanced already stays', () => {
    expect(balancedLabels(pairs(0.25, 0.75), 2)).toEqual(pairs(0.25, 0.75));
    expect(balancedLabels(new Float32Array(0), 2)).toEqual(new Float32Array(0));
  });

  test('labels that are all equal become even, hard ones too', () => {
    for (const p of [0.9, 1, 0, 0.5]) expect(balancedLabels(pairs(p, p, p), 2)).toEqual(pairs(0.5, 0.5, 0.5));
  });

  test('of hard labels the larger side becomes less sure', () => {
    const balanced = balancedLabels(pairs(1, 1, 1, 0), 2);
    expect([...balanced]).toEqual(
      [1 / 3, 2 / 3, 1 / 3, 2 / 3, 1 / 3, 2 / 3, 1, 0].map((p) => expect.closeTo(p, 5)),
    );
  });

  test('weights weigh the mean and stay; a row of weight 0 does not count', () => {
    const balanced = balancedLabels(Float32Array.of(0.5, 1.5, 0.75, 0.25, 0, 0), 2);
    const weighted = balancedLabels(pairs(0.75, 0.75, 0.25), 2);
    expect(balanced[1]).toBeCloseTo(2 * weighted[1]!, 6);
    expect(balanced[3]).toBeCloseTo(weighted[5]!, 6);
    expect([...balanced.slice(4)]).toEqual([0, 0]);
  });

  test('the shift is solved to double precision', () => {
    const odds = [-3, 0.5, 8, 8.5, 30];
    const shift = balancingShift(
      odds,
      odds.map(() => 1),
    );
    const sum = odds.reduce((total, l) => total + 1 / (1 + Math.exp(-(l + shift))) - 0.5, 0);
    expect(Math.abs(sum)).toBeLessThan(1e-13);
  });

  test('more than two classes are refused', () => {
    expect(() => balancedLabels(new Float32Array(6), 3)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});
