import { describe, expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { type CompareOptions, compareModels, type SeedOutcomes } from '../../src/metrics/index.js';

const groupsOf = (n: number, size = 1): string[] =>
  Array.from({ length: n }, (_, i) => `g${Math.floor(i / size)}`);

/** Outcomes with given accuracies, correlated over models by a difficulty that items share. */
function simulate(n: number, seeds: number, shares: readonly [number, number, number], name = 'simulate') {
  const random = stream(7, name);
  const difficulty = Float64Array.from({ length: n }, () => random.uniform());
  return Array.from({ length: seeds }, (): SeedOutcomes => {
    const model = (share: number) => ({
      correct: Uint8Array.from(difficulty, (hard) => (0.7 * hard + 0.3 * random.uniform() < share ? 1 : 0)),
    });
    return { weak: model(shares[0]), student: model(shares[1]), ceiling: model(shares[2]) };
  });
}

describe('compareModels', () => {
  test('computes PGR of the means over seeds, not the mean of PGRs', () => {
    const seeds = simulate(600, 3, [0.4, 0.5, 0.6]);
    const result = compareModels({ seeds, groups: groupsOf(600), resamples: 1000 });
    const meanOf = (role: 'weak' | 'student' | 'ceiling') =>
      seeds.reduce((sum, seed) => sum + Array.from(seed[role].correct).reduce((a, b) => a + b, 0) / 600, 0) /
      3;
    const expected = (meanOf('student') - meanOf('weak')) / (meanOf('ceiling') - meanOf('weak'));
    expect(result.pgr.value).toBeCloseTo(expected, 12);
    expect(result.pgr.reason).toBeNull();
    expect(result.pgr.ci95![0]).toBeLessThan(expected);
    expect(result.pgr.ci95![1]).toBeGreaterThan(expected);
    expect(result.weak.accuracy).toBeCloseTo(meanOf('weak'), 12);
    expect(result.weak.n).toBe(600);
    expect(result.perSeed).toHaveLength(3);
    expect(result.gap.value).toBeCloseTo(meanOf('ceiling') - meanOf('weak'), 12);
  });

  test('is exactly 1 where the student is the ceiling, and 0 where it is its supervisor', () => {
    const seeds = simulate(500, 2, [0.4, 0.5, 0.6]);
    const as = (role: 'weak' | 'ceiling') => seeds.map((seed) => ({ ...seed, student: seed[role] }));
    const groups = groupsOf(500);
    expect(compareModels({ seeds: as('ceiling'), groups }).pgr).toEqual({
      value: 1,
      ci95: [1, 1],
      reason: null,
    });
    expect(compareModels({ seeds: as('weak'), groups }).pgr).toEqual({
      value: 0,
      ci95: [0, 0],
      reason: null,
    });
  });

  test('agrees with the enumeration of all draws', () => {
    const seeds: SeedOutcomes[] = [
      outcomes('1000000100', '1100011000', '1111111001'),
      outcomes('0100001000', '1101010001', '1111111101'),
    ];
    const groups = ['a', 'a', 'b', 'b', 'b', 'c', 'c', 'd', 'd', 'd'];
    const exact = enumerate(seeds, groups).sort((a, b) => a - b);
    const { pgr } = compareModels({ seeds, groups, resamples: 40_000 });
    // Shares of exact draws outside the interval found: 2.5 % a side, give or take the sampling error.
    const outside = (is: (value: number) => boolean) => exact.filter(is).length / exact.length;
    const [low, high] = pgr.ci95!;
    const slack = 0.004;
    expect(outside((value) => value < low - 1e-12)).toBeLessThan(0.025 + slack);
    expect(outside((value) => value <= low + 1e-12)).toBeGreaterThan(0.025 - slack);
    expect(outside((value) => value > high + 1e-12)).toBeLessThan(0.025 + slack);
    expect(outside((value) => value >= high - 1e-12)).toBeGreaterThan(0.025 - slack);
  });

  test('crosses seeds with groups: seeds that differ widen the interval', () => {
    const alike = simulate(800, 1, [0.4, 0.5, 0.65])[0]!;
    const worse = { ...alike, student: alike.weak };
    const better = { ...alike, student: alike.ceiling };
    const groups = groupsOf(800);
    const narrow = compareModels({ seeds: [alike, alike, alike], groups }).pgr.ci95!;
    const wide = compareModels({ seeds: [worse, alike, better], groups }).pgr.ci95!;
    expect(wide[0]).toBeLessThan(0.1);
    expect(wide[1]).toBeGreaterThan(0.9);
    expect(narrow[1] - narrow[0]).toBeLessThan(0.4);
  });

  test('holds the draw of groups in common: what all models share cancels', () => {
    // Ceiling and weak differ on the same 30 items always; how often the others are right does not matter.
    const n = 1000;
    const base = stream(1, 'common');
    const shared = Uint8Array.from({ length: n }, () => base.below(2));
    const plus = (extra: number) => ({ correct: shared.map((one, i) => (i < extra ? 1 : i < 60 ? 0 : one)) });
    const { gap } = compareModels({
      seeds: [{ weak: plus(0), student: plus(30), ceiling: plus(60) }],
      groups: groupsOf(n),
    });
    expect(gap.value).toBeCloseTo(0.06, 12);
    // Independent draws would give about ± 0.044.
    expect(gap.ci95[0]).toBeGreaterThan(0.044);
    expect(gap.ci95[1]).toBeLessThan(0.077);
  });
});

describe('when there is no PGR', () => {
  test('the interval of ceiling − weak includes zero', () => {
    const { pgr, gap } = compareModels({ seeds: simulate(100, 1, [0.5, 0.5, 0.51]), groups: groupsOf(100) });
    expect(gap.ci95[0]).toBeLessThanOrEqual(0);
    expect(pgr).toMatchObject({ value: null, ci95: null });
    expect(pgr.reason).toMatch(/interval of ceiling − weak, \[-0\.\d{4}, 0\.\d{4}\], includes zero/);
  });

  test('of one seed alone, exactly when there is none over all', () => {
    for (const ceiling of [0.52, 0.54, 0.56, 0.58, 0.6, 0.65]) {
      const seeds = simulate(200, 1, [0.5, 0.5, ceiling], `one ${ceiling}`);
      const { pgr, perSeed } = compareModels({ seeds, groups: groupsOf(200) });
      expect(perSeed[0]!.pgr).toBe(pgr.value);
    }
  });

  test('of single seeds, where all together have one', () => {
    const seeds = simulate(400, 5, [0.5, 0.53, 0.56]);
    const { pgr, perSeed } = compareModels({ seeds, groups: groupsOf(400) });
    expect(pgr.value).not.toBeNull();
    expect(perSeed.map((one) => one.pgr)).toContain(null);
  });

  test('all models are the same', () => {
    const one = simulate(50, 1, [0.5, 0.5, 0.5])[0]!.weak;
    const { pgr, perSeed } = compareModels({
      seeds: [{ weak: one, student: one, ceiling: one }],
      groups: groupsOf(50),
    });
    expect(pgr.reason).toMatch(/includes zero/);
    expect(perSeed[0]!.pgr).toBeNull();
  });

  test('the ceiling is below the weak model', () => {
    const { pgr, perSeed } = compareModels({
      seeds: simulate(500, 1, [0.7, 0.5, 0.3]),
      groups: groupsOf(500),
    });
    expect(pgr).toMatchObject({ value: null, ci95: null });
    expect(pgr.reason).toMatch(/ceiling is below the weak model/);
    expect(perSeed[0]!.pgr).toBeNull();
  });

  test('all items are one group', () => {
    const { pgr } = compareModels({ seeds: simulate(80, 1, [0.3, 0.5, 0.7]), groups: groupsOf(80, 80) });
    expect(pgr.reason).toMatch(/one group/);
  });
});

describe('AUROC', () => {
  const n = 300;
  const random = stream(5, 'auroc');
  const labels = Uint8Array.from({ length: n }, () => random.below(2));
  const scored = (signal: number) => {
    const scores = Float64Array.from(labels, (label) => random.normal() + signal * label);
    return {
      scores,
      correct: Uint8Array.from(labels, (label, i) => (scores[i]! > signal / 2 === (label === 1) ? 1 : 0)),
    };
  };
  const seeds = [0, 1].map(() => ({ weak: scored(0.5), student: scored(1), ceiling: scored(2) }));
  const options: CompareOptions = { seeds, groups: groupsOf(n, 2), labels, resamples: 2000 };

  test('has values, intervals and a PGR of its own', () => {
    const { weak, ceiling, pgrAuroc } = compareModels(options);
    expect(weak.auroc!).toBeLessThan(ceiling.auroc!);
    expect(ceiling.aurocCi95![0]).toBeLessThan(ceiling.auroc!);
    expect(pgrAuroc.value).toBeGreaterThan(0);
    expect(pgrAuroc.value).toBeLessThan(1);
    expect(pgrAuroc.ci95![0]).toBeLessThan(pgrAuroc.value!);
  });

  test.each([
    ['no labels', { labels: null }, /binary/],
    ['more than two classes', { labels: labels.map((_, i) => i % 3) }, /binary/],
    ['one class', { labels: new Uint8Array(n) }, /both classes/],
    ['no scores', { seeds: seeds.map((s) => ({ ...s, weak: { correct: s.weak.correct } })) }, /scores/],
  ])('is null with a reason: %s', (_, changed, reason) => {
    const { weak, pgr, pgrAuroc } = compareModels({ ...options, resamples: 200, ...changed });
    expect(weak.auroc).toBeNull();
    expect(pgrAuroc).toMatchObject({ value: null, ci95: null });
    expect(pgrAuroc.reason).toMatch(reason);
    expect(pgr.value).not.toBeNull();
  });
});

test('a supervisor with items of its own is resampled on its own', () => {
  const compare = (shares: readonly [number, number, number]) => {
    const seeds = simulate(600, 2, shares).map((seed) => ({
      ...seed,
      weak: { correct: Array.from(seed.weak.correct).slice(0, 100), ownGroups: groupsOf(100, 2) },
    }));
    return compareModels({ seeds, groups: groupsOf(600) });
  };
  const near = compare([0.4, 0.5, 0.6]);
  expect(near.weak.n).toBe(100);
  expect(near.weak.auroc).toBeNull();
  // A hundred items in fifty groups, drawn apart, say less than six hundred drawn together.
  expect(near.gap.ci95[1] - near.gap.ci95[0]).toBeGreaterThan(0.15);
  expect(compare([0.2, 0.5, 0.8]).perSeed.map(({ pgr }) => pgr === null)).toEqual([false, false]);
  expect(compare([0.5, 0.5, 0.52]).perSeed.map(({ pgr }) => pgr === null)).toEqual([true, true]);
});

test('refuses unequal lengths', () => {
  const seeds = simulate(10, 1, [0.4, 0.5, 0.6]);
  expect(() => compareModels({ seeds, groups: groupsOf(9) })).toThrow(/Expected 9 outcomes/);
  expect(() => compareModels({ seeds, groups: groupsOf(10), labels: new Uint8Array(3) })).toThrow(
    /10 labels/,
  );
  expect(() => compareModels({ seeds: [], groups: groupsOf(10) })).toThrow(/at least one seed/);
});

function outcomes(weak: string, student: string, ceiling: string): SeedOutcomes {
  const model = (bits: string) => ({ correct: Uint8Array.from(bits, Number) });
  return { weak: model(weak), student: model(student), ceiling: model(ceiling) };
}

/** PGR of every possible draw: groupsᵍʳᵒᵘᵖˢ times seedsˢᵉᵉᵈˢ of them, all equally likely. */
function enumerate(seeds: readonly SeedOutcomes[], groups: readonly string[]): number[] {
  const names = [...new Set(groups)];
  const tuples = (items: number, length: number): number[][] =>
    length === 0
      ? [[]]
      : tuples(items, length - 1).flatMap((rest) => Array.from({ length: items }, (_, i) => [...rest, i]));
  const values: number[] = [];
  for (const drawnGroups of tuples(names.length, names.length)) {
    const items = drawnGroups.flatMap((g) => groups.flatMap((name, i) => (name === names[g] ? [i] : [])));
    for (const drawnSeeds of tuples(seeds.length, seeds.length)) {
      const sum = (role: 'weak' | 'student' | 'ceiling') =>
        drawnSeeds.reduce(
          (all, s) => all + items.reduce((part, i) => part + seeds[s]![role].correct[i]!, 0),
          0,
        );
      values.push((sum('student') - sum('weak')) / (sum('ceiling') - sum('weak')));
    }
  }
  return values.filter((value) => !Number.isNaN(value));
}
