/** Losses at chosen logits against PyTorch, and one gradient against finite differences. */
import { describe, expect, it } from 'vitest';
import type { NativeObjective } from '../../src/native/binding.js';
import {
  completions,
  expectedOf,
  floats,
  goldenCase,
  goldenDocument,
  openClassifier,
  openModel,
  packed,
  relativeError,
  trainer,
} from './fixtures.js';

interface LossCase {
  loss_name: Exclude<NativeObjective['loss'], 'lm'>;
  alpha?: number;
  beta?: number;
  radius?: number | 'median';
  temperature?: number;
  threshold?: 'half' | 'weak-mean' | number;
  classes: number;
  tokens: number[];
  offsets: number[];
  targets: number[];
  head: number[];
  logits: number[];
  loss: number;
  dLogits: number[];
  headGradient: number[];
}

const document = goldenDocument<{ case: string; cases: LossCase[] }>('losses');
const { folder } = goldenCase(document.case);

function objectiveOf(golden: LossCase): NativeObjective {
  const { loss_name: loss, alpha, beta, radius, temperature, threshold } = golden;
  const targets = Float32Array.from(golden.targets);
  return { loss, targets, alpha, beta, radius, temperature, threshold } as NativeObjective;
}

const titled = document.cases.map((golden, index) => {
  const how = ['threshold', 'alpha', 'beta', 'radius', 'temperature'] as const;
  const parameters = how.map((name) => (name in golden ? ` ${name}=${golden[name]}` : '')).join('');
  const size = `B=${golden.offsets.length - 1} K=${golden.classes}`;
  return { title: `#${index} ${golden.loss_name}${parameters} ${size}`, golden };
});

describe('losses at chosen logits', () => {
  it.each(titled)('$title', async ({ golden }) => {
    const model = await openClassifier(folder, golden.classes, Float32Array.from(golden.head));
    const run = trainer(model);
    const batch = { tokens: Int32Array.from(golden.tokens), offsets: Int32Array.from(golden.offsets) };
    const found = await run.forwardBackward(batch, objectiveOf(golden));
    expect(Math.abs(found.loss - golden.loss)).toBeLessThan(1e-5 * Math.max(1, golden.loss));
    const scale = Math.max(1, ...golden.logits.map(Math.abs));
    golden.logits.forEach((logit, i) => {
      expect(Math.abs(found.logits[i]! - logit)).toBeLessThan(2e-5 * scale);
    });
    // With fewer examples than hidden dimensions the head's gradient shows all of dLoss/dLogits.
    expect(relativeError(await run.gradient('score.weight'), golden.headGradient)).toBeLessThan(1e-4);
    run.dispose();
    model.dispose();
  });

  it('with α = 0 the confidence loss is cross-entropy bit for bit', async () => {
    const golden = document.cases.find((found) => found.alpha === 0 && found.offsets.length === 12)!;
    const batch = { tokens: Int32Array.from(golden.tokens), offsets: Int32Array.from(golden.offsets) };
    const targets = Float32Array.from(golden.targets);
    const results = [];
    for (const objective of [objectiveOf(golden), { loss: 'xent', targets } as const]) {
      const model = await openClassifier(folder, 2, Float32Array.from(golden.head));
      const run = trainer(model);
      const { loss } = await run.forwardBackward(batch, objective);
      results.push([loss, Array.from(await run.gradient('model.embed_tokens.weight'))]);
      run.dispose();
      model.dispose();
    }
    expect(results[0]).toEqual(results[1]);
  });

  it('backward from gradients of the logits equals the native loss', async () => {
    const golden = document.cases.find((found) => found.threshold === 'half' && found.alpha === 0.75)!;
    const model = await openClassifier(folder, 2, Float32Array.from(golden.head));
    const run = trainer(model);
    const batch = { tokens: Int32Array.from(golden.tokens), offsets: Int32Array.from(golden.offsets) };
    expect(relativeError(await run.forward(batch), golden.logits)).toBeLessThan(2e-5);
    await run.backward(Float32Array.from(golden.dLogits));
    expect(relativeError(await run.gradient('score.weight'), golden.headGradient)).toBeLessThan(1e-4);
    run.dispose();
    model.dispose();
  });
});

describe('exact matches of a language model', () => {
  // The last token of a sequence is read by none before it: exchanged for the likeliest, only its own match changes.
  it.each([1, 40, 4096])('are counted over micro-batches of %i tokens', async (microBatchTokens) => {
    const golden = goldenCase('qwen3-layers');
    const model = await openModel(golden.folder, { head: 'lm' });
    const { tokens, offsets } = completions(expectedOf(golden));
    const count = offsets.length - 1;
    const targetStarts = Int32Array.from({ length: count }, (_, b) => offsets[b + 1]! - offsets[b]! - 1);
    const { argmax } = await model.score({ tokens, offsets, targetStarts }, { microBatchTokens });
    const batch = { tokens: tokens.slice(), offsets, targetStarts };
    const even = Array.from({ length: count }, (_, b) => b).filter((b) => b % 2 === 0);
    for (let b = 0; b < count; b++) {
      const last = offsets[b + 1]! - 1;
      batch.tokens[last] = even.includes(b) ? argmax[b]! : (argmax[b]! + 1) % 50;
    }
    const run = trainer(model, { microBatchTokens });
    expect((await run.forwardBackward(batch, { loss: 'lm' })).exactMatches).toBe(even.length);
    run.dispose();
    model.dispose();
  });
});

describe('finite differences', () => {
  const golden = goldenCase('qwen3-layers');
  const expected = expectedOf(golden);

  /** (L(w + h d) − L(w − h d)) / 2h along the gradient's own direction d is the gradient's norm. */
  it.each(['classifier', 'likelihood', 'lm'] as const)('agree with the gradient of a %s', async (head) => {
    const labels = expected.get('cls.head')!.shape[0]!;
    const model = await openModel(golden.folder, { head, labels });
    if (head === 'classifier') await model.setParameter('score.weight', floats(expected, 'cls.head'));
    if (head === 'likelihood') await model.setLikelihood({ scale: 0.11, bias: 2.3 });
    const batch = head === 'classifier' ? packed(expected, 'cls') : completions(expected);
    const objective: NativeObjective =
      head === 'lm'
        ? { loss: 'lm' }
        : {
            loss: 'xent',
            targets: floats(expected, head === 'classifier' ? 'cls.targets' : 'likelihood.targets'),
          };
    const run = trainer(model);
    const name = 'model.layers.1.self_attn.k_proj.weight';
    await run.forwardBackward(batch, objective);
    const gradient = await run.gradient(name);
    const length = Math.hypot(...gradient);
    const { values } = await model.parameter(name);
    const losses: number[] = [];
    for (const h of [0.02, -0.02]) {
      await model.setParameter(
        name,
        values.map((value, i) => value + (h * gradient[i]!) / length),
      );
      losses.push((await run.forwardBackward(batch, objective)).loss);
    }
    const slope = (losses[0]! - losses[1]!) / 0.04;
    expect(Math.abs(slope / length - 1)).toBeLessThan(0.01);
    run.dispose();
    model.dispose();
  });
});
