/** Generation: against Transformers (test/golden/generation), against scoring, and what must not matter. */
import { describe, expect, it } from 'vitest';
import type { GenerateOptions } from '../../src/native/binding.js';
import {
  binding,
  goldenCase,
  goldenDocument,
  openModel,
  packOf,
  ROOMY,
  relativeError,
  reordered,
} from './fixtures.js';
import { type Continuation, continuationsOf, continued, distributionAfter, GREEDY } from './generation.js';
import { pause } from './work.js';

interface Reference {
  name: string;
  prompts: number[][];
  continuations: number[][];
  margins: number[][];
}

const references = goldenDocument<Reference[]>('generation');
const NEW_TOKENS = references[0]!.continuations[0]!.length;

/** Where two tokens are closer than this, rounding may decide, and what follows is another text. */
const CLEAR = 1e-4;

/** How many tokens of a continuation no rounding can move. */
function clear(margins: readonly number[]): number {
  const close = margins.findIndex((margin) => margin <= CLEAR);
  return close < 0 ? margins.length : close;
}

function expectSame(found: readonly Continuation[], wanted: readonly Continuation[]) {
  expect(found.length).toBe(wanted.length);
  for (const [i, { tokens, margins, logProbabilities, stopped }] of wanted.entries()) {
    const count = clear(margins);
    expect(found[i]!.tokens.slice(0, count)).toEqual(tokens.slice(0, count));
    const error = relativeError(found[i]!.logProbabilities.slice(0, count), logProbabilities.slice(0, count));
    if (count > 0) expect(error).toBeLessThan(1e-4);
    if (count === tokens.length) expect(found[i]).toMatchObject({ stopped, tokens });
  }
}

describe.each(references)('$name', ({ name, prompts, continuations, margins }) => {
  const { folder } = goldenCase(name);

  it("says what Transformers' greedy decoding says, token by token", async () => {
    const model = await openModel(folder);
    const found = await continued(model, prompts, { maxNewTokens: NEW_TOKENS });
    for (const [i, wanted] of continuations.entries()) {
      const count = clear(margins[i]!);
      expect(found[i]!.tokens.slice(0, count), `prompt ${i}`).toEqual(wanted.slice(0, count));
      const error = relativeError(found[i]!.margins.slice(0, count), margins[i]!.slice(0, count));
      if (count > 0) expect(error).toBeLessThan(1e-4);
      expect(found[i]!.tokens.length).toBe(NEW_TOKENS);
      expect(found[i]!.stopped).toBe(false);
    }
    model.dispose();
  });

  it('says the same in any micro-batch and in any company', async () => {
    const model = await openModel(folder);
    const together = await continued(model, prompts, { maxNewTokens: NEW_TOKENS });
    for (const microBatchTokens of [1, 60, 90]) {
      expectSame(await continued(model, prompts, { maxNewTokens: NEW_TOKENS, microBatchTokens }), together);
    }
    for (const order of [[3, 2, 1, 0], [2, 2, 0], [1]]) {
      const result = await model.generate(reordered(packOf(prompts), order), {
        ...GREEDY,
        maxNewTokens: NEW_TOKENS,
      });
      expectSame(
        continuationsOf(result),
        order.map((i) => together[i]!),
      );
    }
    model.dispose();
  });

  it.each([
    ['f32', 1e-5],
    ['bf16', 0.02],
  ] as const)('gives each drawn token the %s log-probability that scoring gives it', async (dtype, most) => {
    const model = await openModel(folder, { dtype });
    // To the end of the context: the cache grows on the way, and every window slides.
    const drawn = await continued(model, prompts, {
      maxNewTokens: 1000,
      temperature: 1,
      samples: 2,
      seed: 5,
    });
    const texts = drawn.map(({ tokens }, i) => [...prompts[i >> 1]!, ...tokens]);
    expect(texts.map((text) => text.length)).toEqual(texts.map(() => model.info.contextLength));
    const targetStarts = Int32Array.from(texts, (_, i) => prompts[i >> 1]!.length);
    const scored = await model.score({ ...packOf(texts), targetStarts }, ROOMY);
    const found = drawn.flatMap(({ logProbabilities }) => logProbabilities);
    expect(relativeError(found, scored.logProbabilities)).toBeLessThan(most);
    const tokens = drawn.flatMap((one) => one.tokens);
    const gaps = drawn.flatMap((one) => one.margins);
    const argmax = await model.score({ ...packOf(texts), targetStarts }, { ...ROOMY, readout: 'lm' });
    // A draw that is not the likeliest token has a log-probability at least the margin below the best one's.
    for (const [i, token] of tokens.entries()) {
      if (gaps[i]! > (dtype === 'f32' ? CLEAR : 0.1) && token !== argmax.argmax[i]) {
        expect(found[i]!).toBeLessThan(-gaps[i]! * 0.9);
      }
    }
    model.dispose();
  });
});

describe('the end of a continuation', () => {
  const { prompts, continuations } = references.find(({ name }) => name === 'gpt2-untied')!;
  const { folder } = goldenCase('gpt2-untied');

  it('is any stop token, which is not part of it', async () => {
    const model = await openModel(folder);
    const whole = await continued(model, prompts, { maxNewTokens: NEW_TOKENS });
    for (const stops of [[continuations[0]![4]!], [continuations[1]![0]!, continuations[2]![7]!], []]) {
      const found = await continued(model, prompts, {
        maxNewTokens: NEW_TOKENS,
        stopTokens: Int32Array.from(stops),
      });
      const wanted = whole.map((one) => {
        const end = one.tokens.findIndex((token) => stops.includes(token));
        const cut = <T>(values: T[]) => (end < 0 ? values : values.slice(0, end));
        return {
          tokens: cut(one.tokens),
          logProbabilities: cut(one.logProbabilities),
          margins: cut(one.margins),
          stopped: end >= 0,
        };
      });
      expectSame(found, wanted);
      if (stops.length > 0) expect(wanted.some(({ stopped }) => stopped)).toBe(true);
    }
    // The stop token itself is drawn: it has to be within the number of new tokens.
    const first = continuations[0]!.indexOf(continuations[0]![4]!);
    const stopTokens = Int32Array.of(continuations[0]![4]!);
    const [cut] = await continued(model, prompts.slice(0, 1), { maxNewTokens: first, stopTokens });
    expect(cut).toMatchObject({ stopped: false, tokens: continuations[0]!.slice(0, first) });
    model.dispose();
  });

  it('is not a stop token before as many others as are asked for', async () => {
    const model = await openModel(folder);
    const stop = continuations[0]![0]!;
    const options = { maxNewTokens: 6, stopTokens: Int32Array.of(stop) };
    const [at0] = await continued(model, prompts.slice(0, 1), options);
    expect(at0).toMatchObject({ tokens: [], stopped: true });
    for (const minNewTokens of [1, 4]) {
      const [found] = await continued(model, prompts.slice(0, 1), { ...options, minNewTokens });
      expect(found!.tokens.length).toBeGreaterThanOrEqual(minNewTokens);
      // Each is the likeliest but for the stop token, by a pass over the whole text; log p is the model's own.
      let text = [...prompts[0]!];
      for (const [t, token] of found!.tokens.slice(0, minNewTokens).entries()) {
        const distribution = await distributionAfter(model, text);
        const best = distribution.map((value, v) => (v === stop ? Number.NEGATIVE_INFINITY : value));
        expect(token).toBe(best.indexOf(Math.max(...best)));
        expect(found!.logProbabilities[t]).toBeCloseTo(distribution[token]!, 4);
        text = [...text, token];
      }
      const drawn = await continued(model, prompts, {
        ...options,
        minNewTokens,
        temperature: 2,
        samples: 50,
      });
      expect(Math.min(...drawn.map(({ tokens }) => tokens.length))).toBe(minNewTokens);
    }
    model.dispose();
  });

  it('is the context, of which a prompt may leave nothing', async () => {
    const model = await openModel(folder);
    const { contextLength } = model.info;
    const long = (length: number) => Array.from({ length }, (_, i) => (i * 11) % 61);
    const lengths = [contextLength, contextLength - 1, 3, contextLength - 2];
    const progress: number[] = [];
    const found = await continued(model, lengths.map(long), {
      maxNewTokens: contextLength,
      onProgress: (done) => progress.push(done),
    });
    expect(found.map(({ tokens }) => tokens.length)).toEqual(lengths.map((length) => contextLength - length));
    expect(found.map(({ stopped }) => stopped)).toEqual(lengths.map(() => false));
    expect(progress[progress.length - 1]).toBe(lengths.length);
    model.dispose();
  });

  it('leaves those that go on as they were', async () => {
    // Continuations of very different lengths in one batch: rows move when others leave.
    const model = await openModel(goldenCase('qwen3-layers').folder);
    const many = Array.from({ length: 24 }, (_, i) =>
      Array.from({ length: 1 + (i % 7) }, (_, k) => (i * 13 + k) % 53),
    );
    const options = { maxNewTokens: 40, stopTokens: Int32Array.of(3, 9, 17, 31, 44) };
    const together = await continued(model, many, options);
    expect(new Set(together.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(3);
    expectSame(together, await continued(model, many, { ...options, microBatchTokens: 1 }));
    model.dispose();
  });
});

describe('hostile calls', () => {
  const { folder } = goldenCase('llama-grouped');
  const fine = { ...GREEDY, maxNewTokens: 3 };

  it.each<[string, object]>([
    ['maxNewTokens', { maxNewTokens: 0 }],
    ['maxNewTokens', { maxNewTokens: 1.5 }],
    ['maxNewTokens', { maxNewTokens: undefined }],
    ['stopTokens', { stopTokens: [1] }],
    ['stopTokens', { stopTokens: undefined }],
    ['stopTokens', { stopTokens: Int32Array.of(53) }],
    ['stopTokens', { stopTokens: Int32Array.of(-1) }],
    ['minNewTokens', { minNewTokens: -1 }],
    ['minNewTokens', { minNewTokens: 1, stopTokens: Int32Array.from({ length: 53 }, (_, i) => i) }],
    ['temperature', { temperature: -1 }],
    ['temperature', { temperature: Number.NaN }],
    ['temperature', { temperature: '0' }],
    ['topP', { topP: 0 }],
    ['topP', { topP: 1.01 }],
    ['topP', { topP: null }],
    ['samples', { samples: 0 }],
    ['samples', { samples: 2 ** 31 }],
    ['continuations', { samples: 2 ** 24 }],
    ['seed', { seed: -1 }],
    ['seed', { seed: 0.5 }],
    ['microBatchTokens', { microBatchTokens: 0 }],
    ['cancel', { cancel: {} }],
    ['onProgress', { onProgress: 3 }],
  ])('%s of %o', async (named, wrong) => {
    const model = await openModel(folder);
    const options = { ...fine, ...wrong } as GenerateOptions;
    await expect(model.generate(packOf([[1], [2, 3]]), options)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining(named),
    });
    model.dispose();
  });

  it.each([
    ['an empty prompt', [[1], []], 'sequence 1'],
    ['a token outside the vocabulary', [[1], [2], [53]], 'sequence 2'],
    ['a negative token', [[-1]], 'sequence 0'],
    ['a prompt beyond the context', [[1], new Array(65).fill(1)], 'sequence 1'],
    ['no prompt', [], 'offsets'],
  ])('%s', async (_, prompts, named) => {
    const model = await openModel(folder);
    await expect(model.generate(packOf(prompts), fine)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining(named),
    });
    model.dispose();
  });

  it('a head that reads no tokens, weights that are not finite, a model that is gone', async () => {
    const classifier = await openModel(folder, { head: 'classifier', labels: 2 });
    await expect(classifier.generate(packOf([[1]]), fine)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    classifier.dispose();
    const model = await openModel(folder, { head: 'likelihood' });
    expect((await model.generate(packOf([[1]]), fine)).tokens.length).toBe(3);
    await model.setParameter('model.norm.weight', new Float32Array(24).fill(Number.NaN));
    for (const temperature of [0, 1]) {
      const call = model.generate(packOf([[1]]), { ...fine, temperature, topP: 0.5 });
      await expect(call).rejects.toMatchObject({ code: 'ERR_NOT_FINITE' });
    }
    model.dispose();
    await expect(model.generate(packOf([[1]]), fine)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('cancelled before it begins and in the middle', async () => {
    const model = await openModel(folder);
    const prompts = packOf(Array.from({ length: 2000 }, (_, i) => [i % 53]));
    const token = binding.createCancelToken();
    const options = { ...GREEDY, maxNewTokens: 60, microBatchTokens: 61, cancel: token };
    const done: number[] = [];
    const running = model.generate(prompts, { ...options, onProgress: (count) => done.push(count) });
    const outcome = expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    while (done.length === 0) await pause(1);
    token.cancel();
    await outcome;
    expect(done[done.length - 1]).toBeLessThan(2000);
    await expect(model.generate(prompts, options)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    model.dispose();
  });
});
