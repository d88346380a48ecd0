import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { stream } from '../../src/data/random.js';
import { confident } from '../../src/tasks/relabel/confident.js';
import { averageWithMirror, oneRight, questionsOf } from '../../src/tasks/relabel/consistent.js';
import { adaboostWeights, meanOf, vote } from '../../src/tasks/relabel/ensemble.js';
import { agreementOfNeighbours, knn } from '../../src/tasks/relabel/knn.js';
import { FOLDS, foldsOf, type LinearTask, logistic, outOfFold } from '../../src/tasks/relabel/logistic.js';
import { nearest } from '../../src/tasks/relabel/neighbours.js';
import { keepBest } from '../../src/tasks/relabel/perClass.js';
import { topological } from '../../src/tasks/relabel/topological.js';
import { bindRelabel, defineRelabel, type Hidden } from '../../src/tasks/relabel.js';

const labels = (...ofClassOne: number[]) => Float64Array.from(ofClassOne.flatMap((p) => [1 - p, p]));
const rowsOf = (count: number, group = (i: number) => `g${i}`) =>
  Array.from({ length: count }, (_, i) => ({ id: `${i}`, group: group(i) }));

function cloud(rows: number, dimension: number, seed: number): Hidden {
  const random = stream(seed, 'cloud');
  return { dimension, values: Float32Array.from({ length: rows * dimension }, () => random.normal()) };
}

describe('ensembles', () => {
  test('mean: by hand, alike and weighed', () => {
    const alike = meanOf([labels(0.2, 1), labels(0.6, 0.5)]);
    labels(0.4, 0.75).forEach((p, i) => {
      expect(alike[i]).toBeCloseTo(p, 12);
    });
    const weighed = meanOf([labels(0.2), labels(0.6)], [1, 3]);
    expect(weighed[1]).toBeCloseTo(0.5, 12);
    expect(weighed[0]).toBeCloseTo(0.5, 12);
  });

  test('AdaBoost: ln((1 − e) / e) + ln(K − 1), by hand', () => {
    const [a, b] = adaboostWeights([0.2, 0.4], 100, 2);
    expect(a).toBeCloseTo(Math.log(4), 12);
    expect(b).toBeCloseTo(Math.log(1.5), 12);
    expect(adaboostWeights([0.5], 100, 4)[0]).toBeCloseTo(Math.log(3), 12);
  });

  test('AdaBoost: no error at all counts as half a row; chance and worse are left out', () => {
    const [sure, chance, worse] = adaboostWeights([0, 0.5, 0.9], 10, 2);
    expect(sure).toBeCloseTo(Math.log(0.95 / 0.05), 12);
    expect([chance, worse]).toEqual([0, 0]);
    // Chance among K classes is an error of 1 − 1/K.
    expect(adaboostWeights([0.1, 0.75], 100, 4)[1]).toBe(0);
  });

  test('AdaBoost: all of them left out is an error', () => {
    expect(() => adaboostWeights([0.5, 1], 10, 2)).toThrow(/better than chance.*0\.500, 1\.000 over 10 rows/);
  });

  test('vote: the most, and of equally many the first member', () => {
    const members = [
      ['e4', 'e4', 'd4', 'a'],
      ['d4', 'd4', 'e4', 'b'],
      ['d4', 'c4', 'e4', 'b'],
      ['e4', 'e4', 'f4', 'a'],
    ];
    expect(vote(members)).toEqual(['e4', 'e4', 'e4', 'a']);
  });
});

describe('the share of each class', () => {
  test('takes ⌈share · count⌉ of each, the lower index of equals', () => {
    const answers = Int32Array.of(0, 0, 0, 1, 1);
    expect([...keepBest(answers, [1, 3, 3, 5, 9], 0.5)]).toEqual([0, 1, 1, 0, 1]);
    expect([...keepBest(answers, [2, 2, 2, 2, 2], 0.3)]).toEqual([1, 0, 0, 1, 0]);
    expect([...keepBest(answers, [1, 1, 1, 1, 1], 1)]).toEqual([1, 1, 1, 1, 1]);
    const thirty = new Int32Array(30);
    expect(keepBest(thirty, thirty, 0.1).reduce((sum, one) => sum + one, 0)).toBe(3);
  });

  test('confident: the surest labels of each hardened class', () => {
    expect([...confident(labels(0.6, 0.9, 0.1, 0.4, 0.8, 0.3), 2, 0.5)]).toEqual([0, 1, 1, 0, 1, 1]);
  });
});

/** Neighbours by sorting all distances. */
function naiveNeighbours({ values, dimension }: Hidden, k: number): number[][] {
  const count = values.length / dimension;
  const distance = (a: number, b: number) => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += (values[a * dimension + d]! - values[b * dimension + d]!) ** 2;
    return sum;
  };
  return Array.from({ length: count }, (_, a) =>
    Array.from({ length: count }, (__, b) => b)
      .filter((b) => b !== a)
      .sort((b, c) => distance(a, b) - distance(a, c) || b - c)
      .slice(0, k),
  );
}

describe('neighbours', () => {
  test.each([1, 5, 200])('are those of a full sort, k = %i', async (k) => {
    const hidden = cloud(120, 7, 1);
    const found = await nearest(hidden, k);
    const expected = naiveNeighbours(hidden, k);
    expect(expected.map((_, row) => [...found.of(row)])).toEqual(expected);
  });

  test('of equal distances the lower index, and none that are told apart', async () => {
    const hidden = { dimension: 1, values: Float32Array.of(0, 1, -1, 1, 0) };
    const found = await nearest(hidden, 2);
    expect([...found.of(0)]).toEqual([4, 1]);
    expect([...found.of(4)]).toEqual([0, 1]);
    const apart = await nearest(hidden, 2, { apart: (a, b) => Math.abs(a - b) === 4 });
    expect([...apart.of(0)]).toEqual([1, 2]);
  });

  /** Six rows on a line; the third and the last are labelled as their neighbours are not. */
  const line = { dimension: 1, values: Float32Array.of(0, 1, 2.5, 10, 11, 12.5) };
  const onLine = labels(0.1, 0.2, 0.9, 0.9, 0.8, 0.1);

  test('knn: by hand, what the two nearest say of each label', async () => {
    const neighbours = await nearest(line, 2);
    const said = [(0.8 + 0.1) / 2, (0.9 + 0.1) / 2, (0.2 + 0.1) / 2, (0.8 + 0.1) / 2, (0.9 + 0.1) / 2, 0.15];
    for (const [row, score] of said.entries()) {
      expect(agreementOfNeighbours(onLine, 2, neighbours)[row]).toBeCloseTo(score, 6);
    }
    expect([...knn(onLine, 2, neighbours, 2 / 3)]).toEqual([1, 1, 0, 1, 1, 0]);
  });

  test('topological: by hand, the pair of each class', async () => {
    expect([...topological(onLine, 2, await nearest(line, 2))]).toEqual([1, 1, 0, 1, 1, 0]);
  });

  test('knn keeps the rows that naive code keeps', async () => {
    const hidden = cloud(90, 3, 2);
    const random = stream(2, 'labels');
    const given = labels(...Array.from({ length: 90 }, () => random.uniform()));
    const answer = (row: number) => (given[2 * row + 1]! > given[2 * row]! ? 1 : 0);
    const scores = naiveNeighbours(hidden, 6).map(
      (near, row) => near.reduce((sum, other) => sum + given[2 * other + answer(row)]!, 0) / near.length,
    );
    const expected = new Set(
      [0, 1].flatMap((k) => {
        const rows = scores.flatMap((_, row) => (answer(row) === k ? [row] : []));
        return rows.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, Math.ceil(rows.length * 0.4));
      }),
    );
    const neighbours = await nearest(hidden, 6);
    const agreement = agreementOfNeighbours(given, 2, neighbours);
    for (const [row, score] of scores.entries()) expect(agreement[row]).toBeCloseTo(score, 12);
    const kept = knn(given, 2, neighbours, 0.4);
    expect(scores.flatMap((_, row) => (kept[row] ? [row] : []))).toEqual([...expected].sort((a, b) => a - b));
  });

  test('topological keeps the largest component that a search from every row finds', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const hidden = cloud(60, 2, seed);
      const random = stream(seed, 'labels');
      const given = labels(...Array.from({ length: 60 }, () => random.below(2)));
      const near = naiveNeighbours(hidden, 4);
      const isEdge = (a: number, b: number) =>
        given[2 * a] === given[2 * b] && near[a]!.includes(b) && near[b]!.includes(a);
      const componentOf = (start: number) => {
        const seen = [start];
        for (const a of seen)
          for (let b = 0; b < 60; b++) if (!seen.includes(b) && isEdge(a, b)) seen.push(b);
        return seen;
      };
      const expected = new Set(
        [0, 1].flatMap((k) =>
          Array.from({ length: 60 }, (_, row) => row)
            .filter((row) => given[2 * row + 1] === k)
            .map(componentOf)
            .reduce((best, one) => (one.length > best.length ? one : best), []),
        ),
      );
      const kept = topological(given, 2, await nearest(hidden, 4));
      expect([...kept].flatMap((one, row) => (one ? [row] : []))).toEqual(
        [...expected].sort((a, b) => a - b),
      );
    }
  });
});

/** Logistic regression by plain gradient descent, for the test alone. */
async function descend({ features, dimension, targets, classes, l2 }: LinearTask) {
  const weight = new Float32Array(classes * dimension);
  const bias = new Float32Array(classes);
  const rows = targets.length / classes;
  for (let step = 0; step < 300; step++) {
    const dWeight = Float64Array.from(weight, (w) => l2 * w);
    const dBias = new Float64Array(classes);
    for (let i = 0; i < rows; i++) {
      const z = Array.from(bias, (b, k) => {
        let sum = b;
        for (let d = 0; d < dimension; d++) sum += weight[k * dimension + d]! * features[i * dimension + d]!;
        return Math.exp(sum);
      });
      const total = z.reduce((a, b) => a + b, 0);
      for (let k = 0; k < classes; k++) {
        const error = (z[k]! / total - targets[i * classes + k]!) / rows;
        dBias[k]! += error;
        for (let d = 0; d < dimension; d++)
          dWeight[k * dimension + d]! += error * features[i * dimension + d]!;
      }
    }
    for (let j = 0; j < weight.length; j++) weight[j]! -= dWeight[j]!;
    for (let k = 0; k < classes; k++) bias[k]! -= dBias[k]!;
  }
  return { weight, bias };
}

describe('logistic', () => {
  test('deals whole groups to five folds, alike for a seed', () => {
    const rows = rowsOf(40, (i) => `g${i >> 1}`);
    const folds = foldsOf(rows, 3);
    rows.forEach((_, i) => {
      expect(folds[i]).toBe(folds[i ^ 1]);
    });
    const sizes = Array.from({ length: FOLDS }, (_, f) => folds.filter((fold) => fold === f).length);
    expect(sizes).toEqual([8, 8, 8, 8, 8]);
    expect(foldsOf(rows, 3)).toEqual(folds);
    expect(foldsOf(rows, 4)).not.toEqual(folds);
  });

  test('no row is predicted by a model that has seen it', async () => {
    const hidden = cloud(20, 2, 5);
    const folds = foldsOf(rowsOf(20), 0);
    const sizes: number[] = [];
    await outOfFold(labels(...new Array<number>(20).fill(0.5)), 2, hidden, folds, async (task) => {
      sizes.push(task.targets.length / 2);
      // Standardised by the rows it is fitted on.
      for (const d of [0, 1]) {
        const column = task.features.filter((_, i) => i % 2 === d);
        const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
        expect(mean).toBeCloseTo(0, 5);
        expect(column.reduce((sum, x) => sum + x * x, 0) / column.length).toBeCloseTo(1, 4);
      }
      return { weight: new Float32Array(4), bias: new Float32Array(2) };
    });
    expect(sizes).toEqual([16, 16, 16, 16, 16]);
  });

  test('finds labels that were flipped', async () => {
    const hidden = cloud(100, 2, 6);
    const truth = Array.from({ length: 100 }, (_, i) => (hidden.values[2 * i]! > 0 ? 1 : 0));
    const flipped = new Set([3, 17, 29, 54, 55, 80, 91]);
    const given = labels(...truth.map((label, i) => Math.abs(label - (flipped.has(i) ? 0.9 : 0.1))));
    const kept = await logistic(given, 2, hidden, rowsOf(100), { keep: 0.7, seed: 0, fitLinear: descend });
    expect([...flipped].filter((row) => kept[row])).toEqual([]);
  });
});

describe('consistent', () => {
  test('a pair and its mirror: by hand', () => {
    const averaged = averageWithMirror(labels(0.9, 0.7), labels(0.9, 0.1));
    // Always the first alike: one half. Truly preferred: both orders agree.
    expect(averaged[1]).toBeCloseTo(0.5, 12);
    expect(averaged[3]).toBeCloseTo(0.8, 12);
    expect(averaged[2]! + averaged[3]!).toBeCloseTo(1, 12);
  });

  test('the answers of one question: probabilities given that exactly one is right, by enumeration', () => {
    const p = [0.9, 0.6, 0.2];
    const result = oneRight(labels(...p, 0.3), [[0, 1, 2], [3]]);
    const joint = p.map((_, right) =>
      p.reduce((product, value, i) => product * (i === right ? value : 1 - value), 1),
    );
    const total = joint.reduce((a, b) => a + b, 0);
    joint.forEach((value, i) => {
      expect(result[2 * i + 1]).toBeCloseTo(value / total, 12);
    });
    expect(result[1]! + result[3]! + result[5]!).toBeCloseTo(1, 12);
    expect(result[7]).toBe(0.3);
  });

  test('certain answers stay finite', () => {
    expect([...oneRight(labels(1, 1, 0), [[0, 1, 2]])].every(Number.isFinite)).toBe(true);
  });

  test('questions are told by group and by the id before the answer', () => {
    const rows = ['7:correct', '7:wrong', '9:correct', '9:wrong', 'alone'].map((id) => ({
      id,
      group: 'same',
    }));
    expect(questionsOf(rows)).toEqual([[0, 1], [2, 3], [4]]);
  });
});

describe('a relabelling of your own', () => {
  const soften = defineRelabel({
    name: 'soften',
    params: z.object({ by: z.number().default(0.1) }),
    needs: ['zeroShot'],
    apply: ({ labels: given, params }) => ({ labels: given.map((p) => p * (1 - params.by) + params.by / 2) }),
  });
  const input = { labels: labels(1, 0), classes: 2, zeroShot: null, hidden: null, rows: rowsOf(2), seed: 0 };

  test('is given its parameters, and answers as checked matrices', async () => {
    const bound = bindRelabel(soften, { by: 0.5 });
    expect(bound).toMatchObject({ name: 'soften', params: { by: 0.5 }, needs: ['zeroShot'] });
    expect(await bound.apply(input)).toEqual({
      labels: labels(0.75, 0.25),
      weights: null,
      keep: null,
    });
  });

  test('its hash is that of its code, or of the module that it is told', () => {
    expect(bindRelabel(soften).source).toBe(bindRelabel(soften, { by: 0.3 }).source);
    expect(bindRelabel(soften, {}, 'abc').source).toBe('abc');
  });

  test('parameters and names are checked', () => {
    expect(() => bindRelabel(soften, { by: 'much' })).toThrow(/valid parameters for relabelling soften.*by/);
    expect(() => defineRelabel({ ...soften, name: 'Not So' })).toThrow('lower-case');
  });

  test('what it throws is told with its name', async () => {
    const throws = defineRelabel({
      name: 'bad',
      params: z.object({}),
      apply() {
        throw new TypeError('boom');
      },
    });
    await expect(bindRelabel(throws).apply(input)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: 'Expected labels from relabelling bad but its function threw: boom',
    });
  });

  test.each([
    [{ labels: [1] }, /Expected 4 numbers for labels of relabelling bad but received 1/],
    [{ labels: [0.5, 0.6, 1, 0] }, /probabilities that sum to 1 from relabelling bad for row "0"/],
    [{ labels: [1, 0, 1, 0], weights: [1, -1] }, /weight of at least 0.*row "1" but received -1/],
    [{ labels: [1, 0, 1, 0], keep: [true] }, /Expected 2 numbers for keep/],
  ])('an answer %j is refused', async (output, message) => {
    const bad = bindRelabel(defineRelabel({ name: 'bad', params: z.object({}), apply: () => output }));
    await expect(bad.apply(input)).rejects.toThrow(message);
  });
});
