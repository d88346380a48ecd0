import { describe, expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { bestOfKl, expectedBest } from '../../src/metrics/bestOf.js';

/** Every subset of n of the pool, each as likely; among the best of it by reward a fair choice. */
function bruteForce(rewards: readonly number[], truths: readonly number[], n: number): number {
  let sum = 0;
  let subsets = 0;
  for (let mask = 0; mask < 2 ** rewards.length; mask++) {
    const members = rewards.flatMap((_, i) => ((mask >> i) & 1 ? [i] : []));
    if (members.length !== n) continue;
    const top = Math.max(...members.map((i) => rewards[i] ?? 0));
    const best = members.filter((i) => rewards[i] === top);
    sum += best.reduce((total, i) => total + (truths[i] ?? 0), 0) / best.length;
    subsets += 1;
  }
  return sum / subsets;
}

describe('expectedBest', () => {
  test('by hand: the better of two of three', () => {
    // Pairs {a, b}, {a, c}, {b, c} with rewards 3, 2, 1 choose a, a, b.
    expect(expectedBest([3, 2, 1], [10, 20, 90], 2)).toBeCloseTo((10 + 10 + 20) / 3, 12);
    expect(expectedBest([3, 2, 1], [10, 20, 90], 1)).toBeCloseTo(40, 12);
    expect(expectedBest([3, 2, 1], [10, 20, 90], 3)).toBe(10);
  });

  test('is the mean over all subsets, ties and blanks included', () => {
    const random = stream(5, 'best-of');
    for (let trial = 0; trial < 40; trial++) {
      const size = 1 + random.below(9);
      // Few different rewards, so that many tie; the lowest is that of a blank.
      const rewards = Array.from({ length: size }, () =>
        random.below(4) === 0 ? Number.NEGATIVE_INFINITY : random.below(4),
      );
      const truths = Array.from({ length: size }, () => random.normal());
      for (let n = 1; n <= size; n++) {
        expect(expectedBest(rewards, truths, n)).toBeCloseTo(bruteForce(rewards, truths, n), 12);
      }
    }
  });

  test('has no bias: its mean over pools is what fresh samples of n give', () => {
    const random = stream(6, 'best-of');
    // Completions a, b, c with chances ½, ¼, ¼; the reward likes c best, the truth b.
    const rewardOf = [0, 1, 2];
    const truthOf = [0, 10, 3];
    const draw = () => (random.below(2) === 0 ? 0 : 1 + random.below(2));
    const pools = 20_000;
    let mean = 0;
    for (let pool = 0; pool < pools; pool++) {
      const drawn = Array.from({ length: 6 }, draw);
      const rewards = drawn.map((i) => rewardOf[i] ?? 0);
      mean +=
        expectedBest(
          rewards,
          drawn.map((i) => truthOf[i] ?? 0),
          3,
        ) / pools;
    }
    // Best of three fresh ones: c unless none is, then b unless none is.
    const [c, b] = [1 - 0.75 ** 3, 0.75 ** 3 - 0.5 ** 3];
    expect(mean).toBeCloseTo(3 * c + 10 * b, 1);
  });

  test('large pools stay exact', () => {
    const size = 1024;
    const values = Array.from({ length: size }, (_, i) => i);
    // Of n without replacement the largest of 0 … N − 1 is n(N + 1)/(n + 1) − 1 on average.
    for (const n of [1, 2, 64, 1000, 1024]) {
      expect(expectedBest(values, values, n)).toBeCloseTo((n * (size + 1)) / (n + 1) - 1, 8);
    }
  });

  test('refuses an n that the pool does not have', () => {
    expect(() => expectedBest([1, 2], [1, 2], 3)).toThrow(/from 1 to the 2 samples/);
    expect(() => expectedBest([1, 2], [1, 2], 0)).toThrow(/from 1 to the 2 samples/);
  });
});

test('KL of best-of-n from its policy', () => {
  expect(bestOfKl(1)).toBe(0);
  expect(bestOfKl(4)).toBeCloseTo(Math.log(4) - 0.75, 12);
});
