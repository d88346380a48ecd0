import { describe, expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { Labelling, type MutualProblem, mutual, tempered } from '../../src/tasks/relabel/mutual.js';
import { nearest } from '../../src/tasks/relabel/neighbours.js';

const ROWS = 10;

async function problem(seed: number, exclusive: boolean): Promise<MutualProblem> {
  const random = stream(seed, 'mutual');
  const values = Float32Array.from({ length: ROWS * 2 }, () => random.normal());
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  const questions = exclusive ? [[0, 1], [2, 3, 4], [5, 6], [7], [8, 9]] : rows.map((row) => [row]);
  const prior = Float64Array.from(rows.flatMap(() => [random.uniform()]).flatMap((p) => [1 - p, p]));
  const group = rows.map((row) => questions.findIndex((one) => one.includes(row)));
  const neighbours = await nearest({ values, dimension: 2 }, 3, {
    apart: (a, b) => group[a] === group[b],
  });
  return { prior, classes: 2, neighbours, questions, exclusive };
}

/** U(D) from its definition. */
function scoreOf({ prior, neighbours }: MutualProblem, answers: readonly number[]): number {
  let sum = 0;
  answers.forEach((own, row) => {
    const near = [...neighbours.of(row)];
    const weight = (k: number) =>
      prior[2 * row + k]! * (near.filter((other) => answers[other] === k).length + 1);
    sum += Math.log(weight(own) / (weight(0) + weight(1)));
  });
  const ones = answers.filter((answer) => answer === 1).length;
  const most = ROWS / 2 + Math.sqrt(ROWS);
  return sum - Math.max(0, ones - most) - Math.max(0, ROWS - ones - most);
}

/** All labellings in which no question contradicts itself. */
function labellings({ questions, exclusive }: MutualProblem): number[][] {
  const all = Array.from({ length: 2 ** ROWS }, (_, bits) =>
    Array.from({ length: ROWS }, (__, i) => (bits >> i) & 1),
  );
  if (!exclusive) return all;
  return all.filter((answers) =>
    questions.every((rows) => rows.length < 2 || rows.filter((row) => answers[row] === 1).length === 1),
  );
}

describe('mutual predictability', () => {
  test('a change of labels moves the score by what the definition says', async () => {
    const given = await problem(1, false);
    const random = stream(1, 'changes');
    const answers = Array.from({ length: ROWS }, () => random.below(2));
    const labelling = new Labelling(given, Int32Array.from(answers));
    let score = labelling.score();
    expect(score).toBeCloseTo(scoreOf(given, answers), 10);
    for (let step = 0; step < 50; step++) {
      const rows = [...new Set([random.below(ROWS), random.below(ROWS)])];
      const classes = rows.map(() => random.below(2));
      rows.forEach((row, i) => {
        answers[row] = classes[i]!;
      });
      score += labelling.apply({ rows, classes });
      expect(score).toBeCloseTo(scoreOf(given, answers), 10);
    }
    expect(labelling.score()).toBeCloseTo(score, 10);
  });

  test.each([false, true])('finds the best of all labellings (exclusive: %s)', async (exclusive) => {
    for (let seed = 0; seed < 8; seed++) {
      const given = await problem(seed, exclusive);
      const best = Math.max(...labellings(given).map((answers) => scoreOf(given, answers)));
      const found = await mutual(given, 100, seed);
      expect(scoreOf(given, [...found])).toBeCloseTo(best, 9);
      if (exclusive) {
        for (const rows of given.questions.filter((one) => one.length > 1)) {
          expect(rows.filter((row) => found[row] === 1)).toHaveLength(1);
        }
      }
    }
  });

  test('one label for all rows is not what comes out', async () => {
    const random = stream(4, 'two-clouds');
    const rows = 60;
    const truth = Array.from({ length: rows }, (_, i) => i % 2);
    const values = Float32Array.from(
      truth.flatMap((label) => [label * 6 + random.normal(), random.normal()]),
    );
    const neighbours = await nearest({ values, dimension: 2 }, 8);
    // The prior knows a little, and leans to class 1 throughout.
    const prior = Float64Array.from(truth.flatMap((label) => [0.45 - 0.1 * label, 0.55 + 0.1 * label]));
    const questions = truth.map((_, row) => [row]);
    const found = await mutual({ prior, classes: 2, neighbours, questions, exclusive: false }, 60, 0);
    expect([...found]).toEqual(truth);
  });

  test('the same for a seed', async () => {
    const given = await problem(2, true);
    expect(await mutual(given, 5, 1)).toEqual(await mutual(given, 5, 1));
  });

  test('a prior too sure of itself is tempered, another left alone', () => {
    const mild = Float64Array.of(0.4, 0.6, 0.7, 0.3);
    tempered(mild, 2, 20).forEach((p, i) => {
      expect(p).toBeCloseTo(mild[i]!, 12);
    });
    const sure = tempered(Float64Array.of(1e-9, 1 - 1e-9, 1 - 1e-9, 1e-9), 2, 20);
    // As sure as twenty neighbours of one mind: (20 + 1) to 1.
    expect(sure[1]).toBeCloseTo(21 / 22, 6);
    expect(sure[0]).toBeCloseTo(sure[3]!, 12);
  });
});
