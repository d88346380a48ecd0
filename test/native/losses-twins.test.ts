/** Every native loss against its twin in TypeScript, over random batches; also of examples of two sequences. */
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/data/random.js';
import type { NativeModel, NativeObjective, PackedSequences } from '../../src/native/binding.js';
import { probabilities } from '../../src/tasks/classification.js';
import { type BoundLoss, bindLoss } from '../../src/tasks/loss.js';
import * as twins from '../../src/tasks/referenceLosses.js';
import { goldenCase, norm, openModel, trainer } from './fixtures.js';

const { folder } = goldenCase('llama-grouped');
const WIDTH = 24;
const VOCABULARY = 53;

type Parameters = NativeObjective extends infer Each
  ? Each extends { targets: Float32Array }
    ? Omit<Each, 'targets' | 'group'>
    : never
  : never;

/** A native objective without its targets, and the twin that should agree with it. */
const PAIRS: [Parameters, BoundLoss][] = [
  [{ loss: 'xent' }, bindLoss(twins.crossEntropy)],
  [{ loss: 'product', alpha: 0.7, beta: 1.5 }, bindLoss(twins.product, { alpha: 0.7, beta: 1.5 })],
  [{ loss: 'product', alpha: 0, beta: 2 }, bindLoss(twins.product, { alpha: 0, beta: 2 })],
  [{ loss: 'reverse-kl' }, bindLoss(twins.reverseKl)],
  [{ loss: 'window', radius: 0.2 }, bindLoss(twins.window, { radius: 0.2 })],
  [{ loss: 'window', radius: 'median' }, bindLoss(twins.window, { radius: 'median' })],
  [{ loss: 'entropy', alpha: 0.4 }, bindLoss(twins.entropy, { alphaMax: 0.4, warmup: 0 })],
  [
    { loss: 'adaptive-confidence', temperature: 0.8 },
    bindLoss(twins.adaptiveConfidence, { temperature: 0.8 }),
  ],
];
const OF_TWO_CLASSES: typeof PAIRS = (['half', 'weak-mean', 0.3] as const).map((threshold) => [
  { loss: 'confidence', alpha: 0.6, threshold },
  bindLoss(twins.confidence, { threshold, alphaMax: 0.6, warmup: 0 }),
]);

function randomBatch(seed: number, sequences: number): PackedSequences {
  const random = stream(seed, 'twin-batch');
  const offsets = [0];
  for (let b = 0; b < sequences; b++) offsets.push(offsets[b]! + 2 + Math.floor(9 * random.uniform()));
  const tokens = Int32Array.from({ length: offsets[sequences]! }, () =>
    Math.floor(VOCABULARY * random.uniform()),
  );
  return { tokens, offsets: Int32Array.from(offsets), targetStarts: new Int32Array(sequences).fill(1) };
}

/** Soft labels times the examples' weights, of which one is 0. */
function randomTargets(seed: number, examples: number, classes: number): Float32Array {
  const random = stream(seed, 'twin-targets');
  const logits = Array.from({ length: examples * classes }, () => 1.5 * random.normal());
  const weights = Array.from({ length: examples }, (_, row) => (row === 2 ? 0 : 0.5 + random.uniform()));
  return Float32Array.from(probabilities(logits, classes), (p, i) => p * weights[Math.floor(i / classes)]!);
}

async function openHead(head: 'classifier' | 'scalar' | 'likelihood', classes: number): Promise<NativeModel> {
  const model = await openModel(folder, { head, labels: classes });
  if (head === 'likelihood') {
    await model.setLikelihood({ scale: 0.1, bias: 1.5 });
  } else {
    const rows = head === 'scalar' ? 1 : classes;
    const random = stream(classes, 'twin-head');
    const weights = Float32Array.from({ length: rows * WIDTH }, () => 0.5 * random.normal());
    await model.setParameter('score.weight', weights);
  }
  return model;
}

interface Gradients {
  loss: number;
  values: Map<string, Float32Array>;
}

async function gradientsOf(
  model: NativeModel,
  microBatchTokens: number,
  pass: (run: ReturnType<typeof trainer>) => Promise<number>,
): Promise<Gradients> {
  const run = trainer(model, { microBatchTokens });
  const loss = await pass(run);
  const values = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) values.set(name, await run.gradient(name));
  run.dispose();
  return { loss, values };
}

function expectEqual(found: Gradients, wanted: Gradients) {
  expect(found.loss).toBeCloseTo(wanted.loss, 6);
  const all = norm([...wanted.values.values()].map(norm));
  expect(all).toBeGreaterThan(1e-3);
  for (const [name, values] of wanted.values) {
    // What a parameter adds to both scores of a pair alike, its loss does not see: rounding is all there is.
    const difference = norm(values.map((value, i) => value - found.values.get(name)![i]!));
    expect(difference, name).toBeLessThan(2e-5 * norm(values) + 1e-6 * all);
  }
}

describe.each([2, 3])('of %i classes', (classes) => {
  const losses = classes === 2 ? [...PAIRS, ...OF_TWO_CLASSES] : PAIRS;
  it.each(losses)('%o', async (native, twin) => {
    const model = await openHead('classifier', classes);
    for (const seed of [1, 2]) {
      const batch = randomBatch(seed, 9);
      const targets = randomTargets(seed, 9, classes);
      const wanted = await gradientsOf(model, 4096, async (run) => {
        const logits = await run.forward(batch);
        const said = twin.apply({ logits, targets, classes, progress: 1 });
        await run.backward(said.dLogits);
        return said.loss;
      });
      for (const budget of [1, 20, 4096]) {
        const found = await gradientsOf(model, budget, async (run) => {
          return (await run.forwardBackward(batch, { ...native, targets } as NativeObjective)).loss;
        });
        expectEqual(found, wanted);
      }
    }
    model.dispose();
  });
});

describe.each(['scalar', 'likelihood'] as const)('pairs through a %s head', (head) => {
  const place = head === 'scalar' ? 0 : 1;
  const outputs = place + 1;

  it.each([...PAIRS, ...OF_TWO_CLASSES])('%o', async (native, twin) => {
    const model = await openHead(head, 2);
    const batch = randomBatch(7, 14);
    const targets = randomTargets(7, 7, 2);
    const wanted = await gradientsOf(model, 4096, async (run) => {
      const scores = await run.forward(batch);
      const logits = Float32Array.from({ length: 14 }, (_, sequence) => scores[sequence * outputs + place]!);
      const said = twin.apply({ logits, targets, classes: 2, progress: 1 });
      const dScores = new Float32Array(14 * outputs);
      said.dLogits.forEach((d, sequence) => {
        dScores[sequence * outputs + place] = d;
      });
      await run.backward(dScores);
      return said.loss;
    });
    for (const budget of [1, 25, 4096]) {
      const found = await gradientsOf(model, budget, async (run) => {
        const objective = { ...native, targets, group: 2 } as NativeObjective;
        const result = await run.forwardBackward(batch, objective);
        expect(result.logits).toHaveLength(14 * outputs);
        return result.loss;
      });
      expectEqual(found, wanted);
    }
    model.dispose();
  });
});

describe('what does not fit is refused', () => {
  const targets = Float32Array.of(0.5, 0.5, 0.5, 0.5);
  const refused = async (head: 'classifier' | 'scalar', objective: object, sequences = 4) => {
    const model = await openHead(head, 2);
    const run = trainer(model);
    await expect(
      run.forwardBackward(randomBatch(1, sequences), objective as NativeObjective),
    ).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    run.dispose();
    model.dispose();
  };

  it('pairs through a classifier, of an odd number of sequences, or with too few targets', async () => {
    await refused('classifier', { loss: 'xent', targets, group: 2 });
    await refused('scalar', { loss: 'xent', targets, group: 2 }, 3);
    await refused('scalar', { loss: 'xent', targets: targets.slice(2), group: 2 });
    await refused('scalar', { loss: 'xent', targets });
  });

  it('targets that are no probabilities times a weight', async () => {
    for (const wrong of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const loss of ['xent', 'reverse-kl', 'product'] as const) {
        const objective = { loss, targets: Float32Array.of(1, 0, 1.1, wrong), alpha: 1, beta: 1 };
        await refused('classifier', objective, 2);
      }
    }
  });

  it('parameters out of range', async () => {
    await refused('classifier', { loss: 'window', targets, radius: 0.6 }, 2);
    await refused('classifier', { loss: 'window', targets, radius: 'mean' }, 2);
    await refused('classifier', { loss: 'product', targets, alpha: -1, beta: 1 }, 2);
    await refused('classifier', { loss: 'adaptive-confidence', targets, temperature: 0 }, 2);
    await refused('classifier', { loss: 'confidence', targets, alpha: 0.5, threshold: 1.5 }, 2);
    await refused('classifier', { loss: 'entropy', targets }, 2);
  });
});
