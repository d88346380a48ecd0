/** A head of answer tokens against PyTorch and against the language model's own scores. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AnswerVocabulary } from '../../src/native/binding.js';
import { probabilities } from '../../src/tasks/classification.js';
import {
  goldenCase,
  goldenDocument,
  norm,
  openModel,
  ROOMY,
  readSafetensors,
  relativeError,
  trainer,
} from './fixtures.js';

interface AnswerCase {
  case: string;
  vocabulary: AnswerVocabulary;
  headTokens: number[];
  tokens: number[];
  offsets: number[];
  targets: number[];
  logits: number[];
  loss: number;
  unembedding: string;
  unembeddingGradient: number[];
  gradientNorms: Record<string, number>;
}

const { cases } = goldenDocument<{ cases: AnswerCase[] }>('answers');

function openAnswers({ case: name, headTokens, vocabulary }: AnswerCase) {
  return openModel(goldenCase(name).folder, {
    head: 'tokens',
    headTokens: Int32Array.from(headTokens),
    vocabulary,
  });
}

const batchOf = ({ tokens, offsets }: AnswerCase) => ({
  tokens: Int32Array.from(tokens),
  offsets: Int32Array.from(offsets),
});

describe.each(cases)('$case $vocabulary', (golden) => {
  it('gives the logits, the loss and the gradients of PyTorch, in any micro-batches', async () => {
    const model = await openAnswers(golden);
    expect(model.info).toMatchObject({ outputs: 3, headFrom: 'fresh' });
    const { logits, logProbabilities } = await model.score(batchOf(golden), ROOMY);
    expect(relativeError(logits, golden.logits)).toBeLessThan(1e-5);
    expect(logProbabilities).toHaveLength(0);
    for (const microBatchTokens of [1, 15, 4096]) {
      const run = trainer(model, { microBatchTokens });
      const targets = Float32Array.from(golden.targets);
      const found = await run.forwardBackward(batchOf(golden), { loss: 'xent', targets });
      expect(found.loss).toBeCloseTo(golden.loss, 5);
      expect(relativeError(found.logits, golden.logits)).toBeLessThan(1e-5);
      expect(relativeError(await run.gradient(golden.unembedding), golden.unembeddingGradient)).toBeLessThan(
        1e-4,
      );
      for (const [name, wanted] of Object.entries(golden.gradientNorms)) {
        expect(norm(await run.gradient(name)) / wanted, name).toBeCloseTo(1, 3);
      }
      run.dispose();
    }
    model.dispose();
  });

  it('agrees with the language model, asked for each answer in turn', async () => {
    const model = await openAnswers(golden);
    const { tokens, offsets } = batchOf(golden);
    const { logits } = await model.score({ tokens, offsets }, ROOMY);
    for (let b = 0; b + 1 < offsets.length; b++) {
      const text = Array.from(tokens.subarray(offsets[b], offsets[b + 1]));
      const asked = {
        tokens: Int32Array.from(golden.headTokens.flatMap((answer) => [...text, answer])),
        offsets: Int32Array.from([0, 1, 2, 3], (k) => k * (text.length + 1)),
        targetStarts: new Int32Array(3).fill(text.length),
      };
      const { logProbabilities } = await model.score(asked, { ...ROOMY, readout: 'lm' });
      const own = logits.subarray(3 * b, 3 * b + 3);
      if (golden.vocabulary === 'full') expect(relativeError(own, logProbabilities)).toBeLessThan(1e-5);
      expect(relativeError(probabilities(own, 3), probabilities(logProbabilities, 3))).toBeLessThan(1e-5);
    }
    model.dispose();
  });

  it('saves a plain language model that reads back identically', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'w2s-answers-'));
    const model = await openAnswers(golden);
    const before = await model.score(batchOf(golden), ROOMY);
    await model.save(folder, 'f32');
    const names = (file: string) => [...readSafetensors(join(file, 'model.safetensors')).keys()].sort();
    expect(names(folder)).toEqual(names(goldenCase(golden.case).folder));
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, string[]>;
    expect(config.architectures?.[0]).toMatch(/ForCausalLM$/);
    const again = await openModel(folder, {
      head: 'tokens',
      headTokens: Int32Array.from(golden.headTokens),
      vocabulary: golden.vocabulary,
    });
    expect((await again.score(batchOf(golden), ROOMY)).logits).toEqual(before.logits);
    again.dispose();
    model.dispose();
    rmSync(folder, { recursive: true });
  });
});

it('answers over the full vocabulary do not count as certain under the other losses', async () => {
  const golden = cases.find(({ vocabulary }) => vocabulary === 'full')!;
  const model = await openAnswers(golden);
  const run = trainer(model);
  const targets = Float32Array.from(golden.targets);
  const xent = await run.forwardBackward(batchOf(golden), { loss: 'xent', targets });
  // With β = 0 the target is the label itself; entropy at α = 1 is that of f over the three answers.
  const product = await run.forwardBackward(batchOf(golden), { loss: 'product', targets, alpha: 1, beta: 0 });
  expect(product.loss).toBeCloseTo(xent.loss, 6);
  const entropy = await run.forwardBackward(batchOf(golden), { loss: 'entropy', targets, alpha: 1 });
  const f = probabilities(golden.logits, 3);
  const wanted = -f.reduce((sum, p) => sum + p * Math.log(p), 0) / 4;
  expect(entropy.loss).toBeCloseTo(wanted, 5);
  run.dispose();
  model.dispose();
});

it.each([
  ['none', undefined],
  ['one', [4]],
  ['two alike', [4, 4]],
  ['one outside the vocabulary', [4, 53]],
])('answer tokens: %s is refused', async (_, tokens) => {
  const { folder } = goldenCase('llama-grouped');
  const asked = { head: 'tokens', ...(tokens ? { headTokens: Int32Array.from(tokens) } : {}) } as const;
  await expect(openModel(folder, asked)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
});
