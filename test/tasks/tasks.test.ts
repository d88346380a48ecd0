import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { stream } from '../../src/data/random.js';
import {
  argmaxRows,
  batchAccuracy,
  binaryScore,
  probabilities,
  targetMatrix,
} from '../../src/tasks/classification.js';
import { answerTokens, exactMatches, longestCompletion } from '../../src/tasks/completion.js';
import { bindLoss, defineLoss, type LossDefinition } from '../../src/tasks/loss.js';
import { confidence, crossEntropy } from '../../src/tasks/referenceLosses.js';

describe('classification', () => {
  test('labels become one matrix of probabilities', () => {
    expect(
      targetMatrix(
        [
          [1, 0],
          [0.25, 0.75],
        ],
        2,
      ),
    ).toEqual(Float32Array.of(1, 0, 0.25, 0.75));
    expect(() => targetMatrix([[1, 0, 0]], 2)).toThrow(expect.objectContaining({ code: 'ERR_DATA' }));
  });

  test('softmax of any logits, without overflow', () => {
    const values = probabilities([1000, 1000, -1000, 1000, 0, Math.log(3)], 2);
    expect([...values]).toEqual([0.5, 0.5, 0, 1, 0.25, 0.75].map((p) => expect.closeTo(p, 12)));
  });

  test('answers are the first of the likeliest classes', () => {
    expect([...argmaxRows([1, 2, 0, 3, 3, 1], 3)]).toEqual([1, 0]);
    expect(batchAccuracy([1, 0, 0, 1], [1, 0, 0.9, 0.1], 2)).toBe(0.5);
    expect(binaryScore([1, 3])).toBe(2);
  });
});

describe('completions', () => {
  const sequences = {
    tokens: Int32Array.of(1, 2, 7, 1, 3, 8, 9),
    offsets: Int32Array.of(0, 3, 7),
    targetStarts: Int32Array.of(2, 2),
  };

  test('every target token must be the likeliest', () => {
    const scored = { argmax: Int32Array.of(7, 8, 9), targetOffsets: Int32Array.of(0, 1, 3) };
    expect([...exactMatches(sequences, scored)]).toEqual([1, 1]);
    expect([...exactMatches(sequences, { ...scored, argmax: Int32Array.of(7, 8, 1) })]).toEqual([1, 0]);
    expect(answerTokens(scored, 1)).toEqual([8, 9]);
  });

  test('the longest completion decides whether a label is one token', () => {
    expect(longestCompletion(sequences)).toBe(2);
  });
});

describe('losses written in TypeScript', () => {
  const batch = (seed: number, classes: number, size: number) => {
    const random = stream(seed, 'loss-batch');
    const logits = Float32Array.from({ length: size * classes }, () => 2 * random.normal());
    const targets = new Float32Array(
      probabilities(
        Array.from({ length: size * classes }, () => random.normal()),
        classes,
      ),
    );
    return { logits, targets, classes };
  };

  /** dLogits against central differences of the loss. */
  function checkGradient<P, D>(loss: LossDefinition<P, D>, params: unknown, classes: number): void {
    const { apply } = bindLoss(loss, params);
    const input = { ...batch(classes, classes, 5), progress: 0.1 };
    const { dLogits } = apply(input);
    for (let i = 0; i < input.logits.length; i++) {
      const at = (h: number) => {
        const logits = input.logits.slice();
        logits[i] = (logits[i] as number) + h;
        return apply({ ...input, logits }).loss;
      };
      expect(dLogits[i]).toBeCloseTo((at(1e-2) - at(-1e-2)) / 2e-2, 3);
    }
  }

  test('gradients are those of the loss', () => {
    checkGradient(crossEntropy, {}, 3);
    checkGradient(confidence, { threshold: 'half' }, 2);
  });

  test('confidence with alpha 0 is cross-entropy', () => {
    const input = { ...batch(9, 2, 8), progress: 0.9 };
    expect(bindLoss(confidence, { alphaMax: 0 }).apply(input)).toEqual(bindLoss(crossEntropy).apply(input));
  });

  test('parameters are checked by the schema, and default from it', () => {
    expect(bindLoss(confidence).params).toEqual({ threshold: 'half', alphaMax: 0.75, warmup: 0.2 });
    expect(() => bindLoss(confidence, { alphaMax: 2 })).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE' }),
    );
  });

  test('another code is another loss; a gradient of the wrong size is refused', () => {
    const params = z.object({});
    const a = defineLoss({ name: 'a', params, apply: () => ({ loss: 0, dLogits: new Float32Array(1) }) });
    const b = defineLoss({ name: 'a', params, apply: () => ({ loss: 1, dLogits: new Float32Array(1) }) });
    expect(bindLoss(a).source).not.toBe(bindLoss(b).source);
    expect(() => bindLoss(a).apply({ ...batch(1, 2, 2), progress: 0 })).toThrow('4 numbers');
    expect(() => defineLoss({ ...a, name: 'No Blanks' })).toThrow('lower-case');
  });
});
