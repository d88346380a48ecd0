import { describe, expect, test } from 'vitest';
import { probabilities } from '../../src/tasks/classification.js';
import { bindLoss } from '../../src/tasks/loss.js';
import { isTie, rewardGradient, rewardsOf, sequencesOf } from '../../src/tasks/preference.js';
import { crossEntropy } from '../../src/tasks/referenceLosses.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('rewards', () => {
  test('a scalar head: its one output of each sequence, side by side', () => {
    expect([...rewardsOf(Float32Array.of(3, 1, -2, 0.5), 1)]).toEqual([3, 1, -2, 0.5]);
  });

  test('a likelihood head: Δ = a · (log p₁ − log p₀), whatever b', () => {
    const [a, logP] = [0.75, [-4, -6.5]];
    for (const b of [0, 3.25, -100]) {
      // What the native head gives: two logits [0, z] a sequence, z = a · log p + b.
      const outputs = Float32Array.from(logP.flatMap((p) => [0, a * p + b]));
      const [r0 = 0, r1 = 0] = rewardsOf(outputs, 2);
      expect(r1 - r0).toBeCloseTo(a * (-6.5 + 4), 5);
      expect(probabilities([r0, r1], 2)[1]).toBeCloseTo(sigmoid(a * (-6.5 + 4)), 5);
    }
  });

  test('softmax of two rewards is σ(Δ), and cross-entropy the loss of pairs', () => {
    const logits = Float32Array.of(0.2, 1.7, -1, 2.5);
    const targets = Float32Array.of(0.3, 0.7, 1, 0);
    const [d, e] = [1.5, 3.5];
    const loss = bindLoss(crossEntropy).apply({ logits, targets, classes: 2, progress: 0 });
    const byHand = (-0.7 * Math.log(sigmoid(d)) - 0.3 * Math.log(sigmoid(-d)) - Math.log(sigmoid(-e))) / 2;
    expect(loss.loss).toBeCloseTo(byHand, 5);
    // dL/dΔ = (σ(Δ) − p)/B, and the two rewards get it with opposite signs.
    expect([...loss.dLogits]).toEqual(
      [-(sigmoid(d) - 0.7) / 2, (sigmoid(d) - 0.7) / 2, -sigmoid(e) / 2, sigmoid(e) / 2].map((x) =>
        expect.closeTo(x, 6),
      ),
    );
  });

  test('gradients go back to where the rewards came from', () => {
    expect([...rewardGradient(Float32Array.of(1, -1, 2, -2), 1)]).toEqual([1, -1, 2, -2]);
    expect([...rewardGradient(Float32Array.of(1, -1, 2, -2), 2)]).toEqual([0, 1, 0, -1, 0, 2, 0, -2]);
  });

  test('examples are pairs of sequences that follow each other', () => {
    expect([...sequencesOf([2, 0])]).toEqual([4, 5, 0, 1]);
  });

  test('a tie is Δ = 0', () => {
    expect([isTie([0.5, 0.5]), isTie([0.5, 0.4]), isTie([-0, 0])]).toEqual([true, false, true]);
  });
});
