/** What shares a micro-batch, and how large it is, changes speed and never a result. */
import { describe, expect, it } from 'vitest';
import type { NativeModel, NativeObjective, PackedSequences } from '../../src/native/binding.js';
import {
  completions,
  expectedOf,
  floats,
  goldenCases,
  gradientError,
  norm,
  openClassifier,
  openModel,
  packed,
  ROOMY,
  relativeError,
  reordered,
  trainer,
} from './fixtures.js';

const ORDERS = [
  [5, 4, 3, 2, 1, 0],
  [2, 0, 5, 1, 4, 3],
];

async function gradients(
  model: NativeModel,
  batch: PackedSequences,
  objective: NativeObjective,
  microBatchTokens: number,
) {
  const run = trainer(model, { microBatchTokens });
  const { loss, logits } = await run.forwardBackward(batch, objective);
  const found = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) found.set(name, await run.gradient(name));
  run.dispose();
  return { loss, logits, found };
}

/** One micro-batch a sequence, a few, and one for all. */
async function expectSameGradients(model: NativeModel, batch: PackedSequences, objective: NativeObjective) {
  const whole = await gradients(model, batch, objective, 4096);
  const all = norm([...whole.found.values()].map(norm));
  for (const budget of [1, 30]) {
    const parts = await gradients(model, batch, objective, budget);
    expect(Math.abs(parts.loss - whole.loss) / whole.loss).toBeLessThan(1e-6);
    for (const [name, values] of whole.found) {
      expect(gradientError(parts.found.get(name)!, values, all), `${name} at ${budget}`).toBeLessThan(2e-5);
    }
  }
}

describe.each(goldenCases)('$name', (golden) => {
  const expected = expectedOf(golden);
  const labels = expected.get('cls.head')!.shape[0]!;

  it('moves no logit with order or neighbours', async () => {
    const model = await openClassifier(golden.folder, labels, floats(expected, 'cls.head'));
    const sequences = packed(expected, 'cls');
    const { logits } = await model.score(sequences, ROOMY);
    for (const order of ORDERS) {
      const moved = (await model.score(reordered(sequences, order), ROOMY)).logits;
      for (const [place, from] of order.entries()) {
        const [a, b] = [place * labels, from * labels];
        const error = relativeError(moved.subarray(a, a + labels), logits.subarray(b, b + labels));
        expect(error).toBeLessThan(1e-5);
      }
    }
    for (let i = 0; i < 6; i++) {
      const alone = (await model.score(reordered(sequences, [i]), ROOMY)).logits;
      expect(relativeError(alone, logits.subarray(i * labels, (i + 1) * labels))).toBeLessThan(1e-5);
    }
    model.dispose();
  });

  it('has the same gradients for any micro-batch', async () => {
    const classifier = await openClassifier(golden.folder, labels, floats(expected, 'cls.head'));
    const targets = floats(expected, 'cls.targets');
    await expectSameGradients(classifier, packed(expected, 'cls'), { loss: 'xent', targets });
    classifier.dispose();
    const model = await openModel(golden.folder);
    await expectSameGradients(model, completions(expected), { loss: 'lm' });
    model.dispose();
  });

  it('sets the confidence threshold over the whole optimizer batch', async () => {
    const width = expected.get('cls.head')!.shape[1]!;
    const head = floats(expected, 'cls.head').slice(0, 2 * width);
    const model = await openClassifier(golden.folder, 2, head);
    const batch = packed(expected, 'cls');
    const targets = Float32Array.from([0.1, 0.9, 0.6, 0.4, 0.3, 0.7, 0.8, 0.2, 0.45, 0.55, 0.25, 0.75]);
    for (const threshold of ['half', 'weak-mean'] as const) {
      await expectSameGradients(model, batch, { loss: 'confidence', targets, alpha: 0.6, threshold });
    }
    model.dispose();
  });
});
