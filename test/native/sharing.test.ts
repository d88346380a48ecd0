/** Beginnings that sequences share are computed once: the same logits, losses and gradients, to rounding. */
import { describe, expect, it } from 'vitest';
import type { NativeModel, NativeObjective, PackedSequences } from '../../src/native/binding.js';
import {
  binding,
  goldenCases,
  gradientError,
  norm,
  type OpenOptions,
  openModel,
  packOf,
  relativeError,
  trainer,
} from './fixtures.js';

const WORDS = 53;

const text = (seed: number, length: number): number[] =>
  Array.from({ length }, (_, i) => (seed * 31 + i * i * 7 + i * seed) % WORDS);

interface Related {
  sequences: PackedSequences;
  /** Rows when each beginning is computed once, and when none is. */
  shared: number;
  apart: number;
}

/** Questions of 19 tokens with four answers each; the last answer goes on from the third. */
function questions(): Related {
  const answers = [text(4, 1), text(5, 3), text(6, 2), [...text(6, 2), ...text(7, 4)]];
  const prompts = [text(1, 19), text(2, 19), text(3, 19)];
  const texts = prompts.flatMap((prompt) => answers.map((answer) => [...prompt, ...answer]));
  const targetStarts = Int32Array.from(texts, () => 19);
  return { sequences: { ...packOf(texts), targetStarts }, shared: 3 * (19 + 10), apart: 3 * (4 * 19 + 12) };
}

/** Pairs of completions of one prompt, far apart in the batch; one prompt occurs twice, with one completion again. */
function pairs(): Related {
  const [a, b, c] = [text(8, 17), text(9, 13), text(10, 21)];
  const with_ = (prompt: number[], seed: number, length: number) => [...prompt, ...text(seed, length)];
  const texts = [
    [with_(a, 1, 5), with_(a, 2, 3)],
    [with_(b, 3, 4), with_(b, 4, 6)],
    [with_(a, 1, 5), with_(a, 5, 2)],
    [with_(c, 6, 1), with_(c, 7, 8)],
  ].flat();
  const targetStarts = Int32Array.from([a, a, b, b, a, a, c, c], (prompt) => prompt.length);
  const shared = 17 + 5 + 3 + 2 + (13 + 4 + 6) + (21 + 1 + 8);
  return { sequences: { ...packOf(texts), targetStarts }, shared, apart: texts.flat().length };
}

const rowsOf = (sequences: PackedSequences, sharePrefixes: boolean) =>
  binding
    .packMicroBatches(sequences, { reading: 'targets', sharePrefixes, microBatchTokens: 4096 })
    .reduce((rows, { tokens }) => rows + tokens.length, 0);

it.each([
  ['questions', questions()],
  ['pairs', pairs()],
])('computes fewer rows of %s', (_, { sequences, shared, apart }) => {
  expect(rowsOf(sequences, true)).toBe(shared);
  expect(rowsOf(sequences, false)).toBe(apart);
});

/** Weights that a fresh head lacks. */
async function openHead(folder: string, options: OpenOptions): Promise<NativeModel> {
  const model = await openModel(folder, options);
  if (options.head !== 'classifier' && options.head !== 'scalar') return model;
  const { values } = await model.parameter('score.weight');
  await model.setParameter(
    'score.weight',
    values.map((_, i) => Math.sin(i + 1) / 4),
  );
  return model;
}

const BUDGETS = [40, 4096];

async function expectSameScores(model: NativeModel, sequences: PackedSequences, readout: 'head' | 'lm') {
  const options = { readout, microBatchTokens: 4096 };
  const wanted = await model.score(sequences, options);
  for (const microBatchTokens of BUDGETS) {
    const found = await model.score(sequences, { ...options, microBatchTokens, sharePrefixes: true });
    if (wanted.logits.length > 0) expect(relativeError(found.logits, wanted.logits)).toBeLessThan(1e-5);
    expect(found.targetOffsets).toEqual(wanted.targetOffsets);
    if (wanted.logProbabilities.length === 0) continue;
    expect(relativeError(found.logProbabilities, wanted.logProbabilities)).toBeLessThan(1e-5);
    expect(found.argmax).toEqual(wanted.argmax);
  }
}

async function gradients(
  model: NativeModel,
  batch: PackedSequences,
  objective: NativeObjective,
  options: { microBatchTokens: number; sharePrefixes: boolean },
) {
  const run = trainer(model, options);
  const { loss, logits, exactMatches } = await run.forwardBackward(batch, objective);
  const found = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) found.set(name, await run.gradient(name));
  run.dispose();
  return { loss, logits, exactMatches, found };
}

async function expectSameGradients(model: NativeModel, batch: PackedSequences, objective: NativeObjective) {
  const apart = { microBatchTokens: 4096, sharePrefixes: false };
  const wanted = await gradients(model, batch, objective, apart);
  const all = norm([...wanted.found.values()].map(norm));
  for (const microBatchTokens of BUDGETS) {
    const found = await gradients(model, batch, objective, { microBatchTokens, sharePrefixes: true });
    expect(found.loss / wanted.loss).toBeCloseTo(1, 5);
    expect(found.exactMatches).toBe(wanted.exactMatches);
    if (wanted.logits.length > 0) expect(relativeError(found.logits, wanted.logits)).toBeLessThan(1e-5);
    for (const [name, values] of wanted.found) {
      // Of pairs some gradients are 0 but for rounding, such as that of a bias that both sides have.
      const error = gradientError(found.found.get(name)!, values, 1e3 * all);
      expect(error, `${name} at ${microBatchTokens}`).toBeLessThan(2e-5);
    }
  }
}

/** Probabilities of `classes` for each of `examples`. */
const targetsOf = (examples: number, classes: number) =>
  Float32Array.from({ length: examples * classes }, (_, i) =>
    (Math.floor(i / classes) + i) % classes === 0 ? 0.7 : 0.3 / (classes - 1),
  );

const HEADS: OpenOptions[] = [
  { head: 'classifier', labels: 3 },
  { head: 'scalar' },
  { head: 'likelihood' },
  { head: 'tokens', headTokens: Int32Array.of(7, 3), vocabulary: 'full' },
  { head: 'tokens', headTokens: Int32Array.of(7, 3), vocabulary: 'restricted' },
];

describe.each(goldenCases)('$name', ({ folder }) => {
  it('scores alike through every head', async () => {
    const { sequences } = questions();
    for (const options of HEADS) {
      const model = await openHead(folder, options);
      await expectSameScores(model, sequences, 'head');
      const wanted = await model.hidden(sequences, { microBatchTokens: 4096 });
      const hidden = await model.hidden(sequences, { microBatchTokens: 40, sharePrefixes: true });
      expect(relativeError(hidden, wanted)).toBeLessThan(1e-5);
      model.dispose();
    }
    const model = await openHead(folder, { head: 'lm' });
    await expectSameScores(model, sequences, 'lm');
    model.dispose();
  });

  it('scores as the reference does', async () => {
    const { sequences } = pairs();
    const reference = await openHead(folder, { head: 'likelihood', reference: true });
    const model = await openHead(folder, { head: 'likelihood' });
    const options = { microBatchTokens: 4096, sharePrefixes: true };
    const wanted = await reference.score(sequences, options);
    const found = await model.score(sequences, options);
    expect(relativeError(found.logits, wanted.logits)).toBeLessThan(1e-5);
    reference.dispose();
    model.dispose();
  });

  it('has the same gradients of classes, answers and whole texts', async () => {
    const { sequences } = questions();
    for (const options of HEADS.filter(({ head }) => head !== 'scalar')) {
      const model = await openHead(folder, options);
      const targets = targetsOf(12, model.info.outputs);
      await expectSameGradients(model, sequences, { loss: 'xent', targets });
      if (options.head === 'likelihood') {
        const confidence = { loss: 'confidence', targets, alpha: 0.5, threshold: 'half' } as const;
        await expectSameGradients(model, sequences, confidence);
      }
      model.dispose();
    }
    const model = await openHead(folder, { head: 'lm' });
    await expectSameGradients(model, sequences, { loss: 'lm' });
    model.dispose();
  });

  it('has the same gradients of pairs', async () => {
    const { sequences } = pairs();
    for (const head of ['scalar', 'likelihood'] as const) {
      const model = await openHead(folder, { head });
      await expectSameGradients(model, sequences, { loss: 'xent', targets: targetsOf(4, 2), group: 2 });
      model.dispose();
    }
  });
});
