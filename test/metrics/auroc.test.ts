import { expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { rankScores, weightedAuroc } from '../../src/metrics/auroc.js';
import { auroc } from '../../src/metrics/index.js';

/** By definition: all pairs. */
function pairwise(scores: ArrayLike<number>, labels: Uint8Array, weight: (item: number) => number = () => 1) {
  let [wins, pairs] = [0, 0];
  for (let p = 0; p < labels.length; p++) {
    for (let n = 0; n < labels.length; n++) {
      if (labels[p] !== 1 || labels[n] !== 0) continue;
      const both = weight(p) * weight(n);
      pairs += both;
      wins += both * (scores[p]! > scores[n]! ? 1 : scores[p] === scores[n] ? 0.5 : 0);
    }
  }
  return wins / pairs;
}

test.each([2, 5, 1000])('equals the share of pairs won, with %i different scores', (levels) => {
  const random = stream(1, 'auroc', levels);
  const labels = Uint8Array.from({ length: 203 }, () => random.below(2));
  const scores = Float64Array.from(labels, (label) => random.below(levels) + label * random.below(2));
  expect(auroc(scores, labels)).toBeCloseTo(pairwise(scores, labels), 12);
  const ranked = rankScores(scores, labels, new Int32Array(scores.length));
  expect(auroc(scores, labels)).toBe(weightedAuroc(ranked, Int32Array.of(1)));
});

test('weights groups, those of weight nought included', () => {
  const random = stream(2, 'auroc');
  const labels = Uint8Array.from({ length: 120 }, () => random.below(2));
  const scores = Float64Array.from(labels, () => random.below(9));
  const groups = Int32Array.from(labels, () => random.below(30));
  const weights = Int32Array.from({ length: 30 }, () => random.below(4));
  const found = weightedAuroc(rankScores(scores, labels, groups), weights);
  expect(found).toBeCloseTo(
    pairwise(scores, labels, (item) => weights[groups[item]!]!),
    12,
  );
});

test('closed forms', () => {
  expect(auroc(Float64Array.of(1, 2, 3, 4), Uint8Array.of(0, 0, 1, 1))).toBe(1);
  expect(auroc(Float64Array.of(1, 2, 3, 4), Uint8Array.of(1, 1, 0, 0))).toBe(0);
  expect(auroc(Float64Array.of(5, 5, 5), Uint8Array.of(1, 0, 1))).toBe(0.5);
  expect(auroc(Float64Array.of(-3.5, -2, -0.25), Uint8Array.of(0, 1, 0))).toBe(0.5);
});

test('is null when a class is absent', () => {
  expect(auroc(Float64Array.of(1, 2), Uint8Array.of(1, 1))).toBeNull();
  expect(auroc(Float64Array.of(1, 2), Uint8Array.of(0, 0))).toBeNull();
});
