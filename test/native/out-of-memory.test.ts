/** Memory that runs out in training: the same batch once more, in smaller micro-batches. */
import { describe, expect, it } from 'vitest';
import type { NativeObjective } from '../../src/native/binding.js';
import {
  binding,
  completions,
  expectedOf,
  floats,
  goldenCase,
  openModel,
  relativeError,
  trainer,
} from './fixtures.js';

const golden = goldenCase('qwen3-layers');
const expected = expectedOf(golden);
const batch = completions(expected);
const targets = floats(expected, 'likelihood.targets');
const tokens = batch.tokens.length;
const longest = Math.max(...Array.from(batch.offsets.subarray(1), (end, i) => end - batch.offsets[i]!));
const ROOM = { microBatchTokens: 8 * tokens };
const name = 'model.layers.0.mlp.up_proj.weight';

const objectives: NativeObjective[] = [
  { loss: 'lm' },
  { loss: 'xent', targets },
  { loss: 'confidence', alpha: 0.5, threshold: 'half', targets },
];

describe.each(objectives)('$loss', (objective) => {
  it('gives the same from its beginning, with half the tokens', async () => {
    const model = await openModel(golden.folder, { head: 'likelihood' });
    const whole = trainer(model, ROOM);
    const short = trainer(model, { ...ROOM, failAfterTokens: Math.ceil(tokens / 2) });
    const [found, again] = [
      await whole.forwardBackward(batch, objective),
      await short.forwardBackward(batch, objective),
    ];
    expect(Math.abs(again.loss - found.loss)).toBeLessThan(1e-5 * Math.abs(found.loss));
    expect(relativeError(await short.gradient(name), await whole.gradient(name))).toBeLessThan(1e-5);
    expect(whole.microBatchTokens).toBe(ROOM.microBatchTokens);
    expect(short.microBatchTokens).toBe(Math.max(longest, Math.floor(tokens / 2)));
    for (const handle of [whole, short, model]) handle.dispose();
  });
});

describe('a loss of the caller', () => {
  it('gives the same, whether forward or backward runs out', async () => {
    const model = await openModel(golden.folder, { head: 'likelihood' });
    const whole = trainer(model, ROOM);
    const short = trainer(model, { ...ROOM, failAfterTokens: longest });
    const logits = await whole.forward(batch);
    const gradient = logits.map((value) => value / 10);
    await whole.backward(gradient);
    expect(relativeError(await short.forward(batch), logits)).toBeLessThan(1e-5);
    await short.backward(gradient);
    expect(relativeError(await short.gradient(name), await whole.gradient(name))).toBeLessThan(1e-5);
    expect(short.microBatchTokens).toBe(longest);
    for (const handle of [whole, short, model]) handle.dispose();
  });
});

describe('the search for a budget', () => {
  it('ends where all fits, or an eighth below where memory runs out, and leaves nothing behind', async () => {
    const model = await openModel(golden.folder, { head: 'likelihood' });
    const many = {
      tokens: Int32Array.from({ length: 400 * 10 }, (_, i) => i % 40),
      offsets: Int32Array.from({ length: 401 }, (_, i) => i * 10),
    };
    const before = (await model.parameter(name)).values;
    for (const languageModel of [true, false]) {
      const run = trainer(model, { failAfterTokens: 1500 });
      const best = await run.findMicroBatchTokens(many, { languageModel, group: 2 });
      // A first micro-batch of 1,024 fits; whether two of them at once would pay is never known.
      expect(best).toBe(1024 - 128);
      expect(run.microBatchTokens).toBe(best);
      expect((await run.gradient(name)).every((value) => value === 0)).toBe(true);
      run.dispose();
    }
    const roomy = trainer(model);
    const [one, ...rest] = [batch.tokens.length, 1024, 2048, 4000];
    expect(await roomy.findMicroBatchTokens(batch, { languageModel: true, group: 1 })).toBe(one);
    expect(rest).toContain(await roomy.findMicroBatchTokens(many, { languageModel: true, group: 1 }));
    expect((await model.parameter(name)).values).toEqual(before);
    roomy.dispose();
    model.dispose();
  });

  it('can be called off', async () => {
    const model = await openModel(golden.folder, { head: 'likelihood' });
    const run = trainer(model);
    const cancel = binding.createCancelToken();
    cancel.cancel();
    const search = run.findMicroBatchTokens(batch, { languageModel: true, group: 1 }, cancel);
    await expect(search).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect((await run.gradient(name)).every((value) => value === 0)).toBe(true);
    run.dispose();
    model.dispose();
  });
});

describe('scoring', () => {
  it('gives the same in smaller micro-batches, says so, and counts to the end', async () => {
    const model = await openModel(golden.folder);
    const whole = await model.score(batch, ROOM);
    let done = 0;
    const short = await model.score(batch, {
      ...ROOM,
      failAfterTokens: longest,
      onProgress: (count) => {
        done = count;
      },
    });
    expect(whole.microBatchTokens).toBe(ROOM.microBatchTokens);
    expect(short.microBatchTokens).toBe(longest);
    expect(relativeError(short.logProbabilities, whole.logProbabilities)).toBeLessThan(1e-5);
    expect(done).toBe(batch.offsets.length - 1);
    const hidden = { ...ROOM, failAfterTokens: longest };
    expect(relativeError(await model.hidden(batch, hidden), await model.hidden(batch, ROOM))).toBeLessThan(
      1e-5,
    );
    await expect(model.score(batch, { ...ROOM, failAfterTokens: longest - 1 })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_MEMORY',
    });
    model.dispose();
  });
});

describe('what cannot be done again', () => {
  it('is a single sequence that does not fit', async () => {
    const model = await openModel(golden.folder, { head: 'likelihood' });
    const run = trainer(model, { ...ROOM, failAfterTokens: longest - 1 });
    await expect(run.forwardBackward(batch, { loss: 'lm' })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_MEMORY',
      hint: expect.stringContaining('--micro-batch-tokens'),
    });
    expect(run.microBatchTokens).toBe(longest);
    run.dispose();
    model.dispose();
  });

  it('is a batch whose gradients are added to those of another', async () => {
    const model = await openModel(golden.folder, { head: 'likelihood' });
    const run = trainer(model, { ...ROOM, failAfterTokens: longest });
    const one = {
      tokens: batch.tokens.slice(0, batch.offsets[1]),
      offsets: batch.offsets.slice(0, 2),
      targetStarts: batch.targetStarts!.slice(0, 1),
    };
    await run.forwardBackward(one, { loss: 'lm' });
    await expect(run.forwardBackward(batch, { loss: 'lm' })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_MEMORY',
    });
    // Nothing is left of either; the next batch begins anew.
    await run.forwardBackward(batch, { loss: 'lm' });
    run.dispose();
    model.dispose();
  });
});
