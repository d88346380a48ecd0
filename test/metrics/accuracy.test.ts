import { describe, expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { accuracyWithInterval, wilson } from '../../src/metrics/index.js';
import { forEachDraw } from '../../src/metrics/resample.js';

const alone = (n: number): string[] => Array.from({ length: n }, (_, i) => `item ${i}`);

describe('accuracyWithInterval', () => {
  test('is Wilson for one seed and items of their own', () => {
    const correct = Uint8Array.of(1, 0, 1, 1, 0, 1, 1);
    expect(accuracyWithInterval([correct], alone(7))).toEqual({ accuracy: 5 / 7, ci95: wilson(5, 7), n: 7 });
  });

  test('a tie counts half', () => {
    const credits = Float32Array.of(1, 0.5, 0, 0.5, 0.5, 1);
    expect(accuracyWithInterval([credits], alone(6))).toEqual({
      accuracy: 3.5 / 6,
      ci95: wilson(3.5, 6),
      n: 6,
    });
    // Nothing but ties: the bootstrap sees no spread, whatever is drawn.
    const ties = new Float32Array(40).fill(0.5);
    const grouped = alone(40).map((_, i) => `group ${i >> 1}`);
    expect(accuracyWithInterval([ties], grouped)).toEqual({ accuracy: 0.5, ci95: wilson(10, 20), n: 40 });
  });

  test('resamples groups where items come in groups', () => {
    const groups = Array.from({ length: 400 }, (_, i) => `question ${i >> 2}`);
    const random = stream(3, 'grouped');
    const byGroup = Uint8Array.from({ length: 100 }, () => random.below(2));
    const correct = Uint8Array.from(groups, (_, i) => byGroup[i >> 2]!);
    const { ci95, accuracy } = accuracyWithInterval([correct], groups);
    // Four equal answers a group tell as much as one: the interval is that of 100 items, not of 400.
    const expected = wilson(accuracy * 100, 100);
    expect(ci95[0]).toBeCloseTo(expected[0], 1);
    expect(ci95[1]).toBeCloseTo(expected[1], 1);
    expect(ci95[1] - ci95[0]).toBeGreaterThan(
      1.7 * (wilson(accuracy * 400, 400)[1] - wilson(accuracy * 400, 400)[0]),
    );
  });

  test('takes the spread between seeds in', () => {
    const seedOf = (share: number) => Uint8Array.from({ length: 1000 }, (_, i) => (i < share * 1000 ? 1 : 0));
    const near = accuracyWithInterval([seedOf(0.7), seedOf(0.7), seedOf(0.7)], alone(1000));
    const far = accuracyWithInterval([seedOf(0.5), seedOf(0.7), seedOf(0.9)], alone(1000));
    expect(far.accuracy).toBeCloseTo(near.accuracy, 12);
    expect(far.n).toBe(1000);
    expect(near.ci95[1] - near.ci95[0]).toBeLessThan(0.07);
    // All three draws of the worst seed happen in 1 of 27, more often than 2.5 %.
    expect(far.ci95[0]).toBeLessThan(0.55);
    expect(far.ci95[1]).toBeGreaterThan(0.85);
  });

  test('falls back to Wilson over groups where the bootstrap is blind', () => {
    const correct = new Uint8Array(12).fill(1);
    const groups = Array.from(correct, (_, i) => `${i % 3}`);
    expect(accuracyWithInterval([correct], groups).ci95).toEqual(wilson(3, 3));
    expect(accuracyWithInterval([Uint8Array.of(1, 0)], ['one', 'one']).ci95).toEqual(wilson(0.5, 1));
  });

  test('gives the same for the same seed', () => {
    const correct = Uint8Array.from({ length: 60 }, (_, i) => ((i * 7) % 3) & 1);
    const groups = Array.from(correct, (_, i) => `${i >> 1}`);
    const options = { resamples: 500, seed: 9 };
    expect(accuracyWithInterval([correct], groups, options)).toEqual(
      accuracyWithInterval([correct], groups, options),
    );
  });

  test('refuses nothing and unequal lengths', () => {
    expect(() => accuracyWithInterval([], ['a'])).toThrow(/at least one seed/);
    expect(() => accuracyWithInterval([new Uint8Array(0)], [])).toThrow(/at least one/);
    expect(() => accuracyWithInterval([Uint8Array.of(1)], ['a', 'b'])).toThrow(/Expected 2 outcomes/);
  });

  // Groups of three whose answers mostly agree: the interval must hold the truth about 95 times in 100.
  test('covers the truth', () => {
    const random = stream(4, 'coverage');
    const [simulations, groups] = [300, 80];
    let covered = 0;
    for (let i = 0; i < simulations; i++) {
      const correct = new Uint8Array(groups * 3);
      for (let g = 0; g < groups; g++) {
        const chance = random.uniform() < 0.6 ? 0.9 : 0.2;
        for (let k = 0; k < 3; k++) correct[3 * g + k] = random.uniform() < chance ? 1 : 0;
      }
      const names = Array.from(correct, (_, k) => `${Math.floor(k / 3)}`);
      const { ci95 } = accuracyWithInterval([correct], names, { resamples: 400, seed: i });
      if (ci95[0] <= 0.62 && 0.62 <= ci95[1]) covered++;
    }
    expect(covered / simulations).toBeGreaterThan(0.91);
    expect(covered / simulations).toBeLessThan(0.98);
  });
});

describe('forEachDraw', () => {
  test('draws every group and every set of seeds as often as any other', () => {
    const [groups, seeds, resamples] = [7, 2, 20_000];
    const counts = new Int32Array(groups);
    const seedDraws = new Map<string, number>();
    let changes = 0;
    forEachDraw({ groups, seeds, resamples, seed: 1 }, (draw) => {
      for (const group of draw.groups) counts[group]!++;
      const key = draw.seedCounts.join();
      seedDraws.set(key, (seedDraws.get(key) ?? 0) + 1);
      if (!draw.sameSeeds) changes++;
    });
    for (const count of counts) expect(count / resamples).toBeCloseTo(1, 1.5);
    expect(seedDraws.get('1,1')! / resamples).toBeCloseTo(0.5, 1.5);
    expect(seedDraws.get('2,0')! / resamples).toBeCloseTo(0.25, 1.5);
    expect(changes).toBe(seedDraws.size);
  });

  test('draws groups independently of seeds', () => {
    const sums = new Map<string, { total: number; n: number }>();
    forEachDraw({ groups: 5, seeds: 2, resamples: 20_000, seed: 2 }, ({ groups, seedCounts }) => {
      const key = seedCounts.join();
      const sum = sums.get(key) ?? { total: 0, n: 0 };
      sum.total += groups.reduce((a, b) => a + b, 0) / 5;
      sum.n++;
      sums.set(key, sum);
    });
    for (const { total, n } of sums.values()) expect(total / n).toBeCloseTo(2, 1.5);
  });
});
