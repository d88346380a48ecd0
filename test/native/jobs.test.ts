/** Calls as jobs: order, cancelling, progress, disposal, and an event loop that stays free. */
import { afterAll, describe, expect, it } from 'vitest';
import { holdOf } from '../support/eventLoop.js';
import { binding, goldenCase, openModel, trainer } from './fixtures.js';
import { manySequences, ONE_BY_ONE, pause } from './work.js';

const { folder } = goldenCase('llama-grouped');
const model = await openModel(folder);
const some = manySequences(20);
const many = manySequences(2_000);
const options = { folder, device: 'cpu', dtype: 'f32', head: 'lm', threads: 1 } as const;

afterAll(() => model.dispose());

describe('order', () => {
  it('settles calls in the order of their making', async () => {
    const settled: string[] = [];
    const name = model.parameterNames()[0]!;
    const note = (what: string) => () => settled.push(what);
    await Promise.all([
      model.score(manySequences(200), ONE_BY_ONE).then(note('long')),
      model.parameter('no such parameter').catch(note('failed')),
      model.parameter(name).then(note('short')),
      model.score(some, ONE_BY_ONE).then(note('last')),
    ]);
    expect(settled).toEqual(['long', 'failed', 'short', 'last']);
  });

  it('copies its input before it returns', async () => {
    const expected = await model.score(some, ONE_BY_ONE);
    const changing = { tokens: Int32Array.from(some.tokens), offsets: Int32Array.from(some.offsets) };
    const call = model.score(changing, ONE_BY_ONE);
    changing.tokens.fill(0);
    changing.offsets.fill(0);
    expect((await call).logProbabilities).toEqual(expected.logProbabilities);
  });

  it('gives the same with another number of threads', async () => {
    const wide = await binding.loadModel({ ...options, threads: 2 });
    const [one, two] = [await model.score(some, ONE_BY_ONE), await wide.score(some, ONE_BY_ONE)];
    wide.dispose();
    const difference = Math.max(
      ...one.logProbabilities.map((p, i) => Math.abs(p - two.logProbabilities[i]!)),
    );
    expect(difference).toBeLessThan(1e-5);
  });
});

describe('results', () => {
  it('of a megabyte and more are handed over whole', async () => {
    const large = await model.score(manySequences(8_000), { microBatchTokens: 8_192 });
    const small = await model.score(some, { microBatchTokens: 8_192 });
    expect(large.logProbabilities.byteLength).toBeGreaterThan(1 << 20);
    const { length } = small.logProbabilities;
    const difference = Math.max(
      ...small.logProbabilities.map((p, i) => Math.abs(p - large.logProbabilities[i]!)),
    );
    expect(difference).toBeLessThan(1e-5);
    expect(large.logProbabilities.subarray(length).every((p) => p < 0 && Number.isFinite(p))).toBe(true);
  });

  it('never alias a parameter', async () => {
    const name = model.parameterNames()[0]!;
    const { values } = await model.parameter(name);
    const before = Array.from(values);
    values.fill(7);
    expect(Array.from((await model.parameter(name)).values)).toEqual(before);
  });
});

describe('cancelling', () => {
  it('ends a running call with ERR_ABORTED, and the model goes on', async () => {
    const cancel = binding.createCancelToken();
    let done = 0;
    const call = model.score(manySequences(20_000), {
      ...ONE_BY_ONE,
      cancel,
      onProgress: (count) => {
        done = count;
        cancel.cancel();
      },
    });
    await expect(call).rejects.toMatchObject({ name: 'W2sError', code: 'ERR_ABORTED' });
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(20_000);
    expect((await model.score(some, ONE_BY_ONE)).targetOffsets).toHaveLength(21);
  });

  it('never runs a call that was cancelled while it waited', async () => {
    const cancel = binding.createCancelToken();
    const before = model.score(many, ONE_BY_ONE);
    let started = false;
    const waiting = model.score(some, { ...ONE_BY_ONE, cancel, onProgress: () => (started = true) });
    cancel.cancel();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(started).toBe(false);
    expect((await before).targetOffsets).toHaveLength(2_001);
  });

  it('leaves a trainer usable', async () => {
    const run = trainer(model, ONE_BY_ONE);
    const cancel = binding.createCancelToken();
    cancel.cancel();
    await expect(run.forwardBackward(some, { loss: 'lm' }, cancel)).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    const { loss } = await run.forwardBackward(some, { loss: 'lm' });
    expect(loss).toBeGreaterThan(0);
    run.dispose();
  });
});

describe('progress', () => {
  it('rises, ends with the last sequence before the call settles, and is silent afterwards', async () => {
    const seen: number[] = [];
    await model.score(manySequences(500), { ...ONE_BY_ONE, onProgress: (done) => seen.push(done) });
    const atEnd = [...seen];
    await pause(30);
    expect(seen).toEqual(atEnd);
    expect(atEnd.at(-1)).toBe(500);
    expect(atEnd).toEqual([...new Set(atEnd)].sort((a, b) => a - b));
  });

  it('keeps one value while JavaScript is busy', async () => {
    const seen: number[] = [];
    const call = model.score(manySequences(300), { ...ONE_BY_ONE, onProgress: (done) => seen.push(done) });
    const until = performance.now() + 400;
    while (performance.now() < until); // holds the event loop while the job reports
    await call;
    expect(seen.at(-1)).toBe(300);
    expect(seen.length).toBeLessThan(300);
  });

  it('stops the call when the callback throws', async () => {
    let calls = 0;
    const call = model.score(manySequences(20_000), {
      ...ONE_BY_ONE,
      onProgress: () => {
        calls++;
        throw new RangeError('enough');
      },
    });
    await expect(call).rejects.toThrow('enough');
    expect(calls).toBe(1);
  });
});

describe('disposal', () => {
  it('lets a running call finish, rejects later ones, and may be repeated', async () => {
    const own = await openModel(folder);
    const running = own.score(some, ONE_BY_ONE);
    own.dispose();
    own.dispose();
    expect((await running).targetOffsets).toHaveLength(21);
    await expect(own.score(some, ONE_BY_ONE)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    expect(() => own.info).toThrow();
  });

  it('keeps a model for the trainer that holds it', async () => {
    const own = await openModel(folder);
    const run = trainer(own);
    own.dispose();
    expect((await run.forwardBackward(some, { loss: 'lm' })).loss).toBeGreaterThan(0);
    run.dispose();
    await expect(run.step({ lr: 0, headLr: 0 })).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});

describe('the event loop', () => {
  it('is not held up by a long call', async () => {
    const { share } = await holdOf(() => model.score(many, { ...ONE_BY_ONE, onProgress: () => undefined }));
    expect(share).toBeLessThan(0.5);
  });
});

describe('handles', () => {
  const settings = { optimizer: 'adamw', weightDecay: 0, clip: 1, microBatchTokens: 64 } as const;

  it('are told apart by type tags', () => {
    const run = trainer(model);
    for (const wrong of [run, binding.createCancelToken(), {}, null, undefined, 3]) {
      expect(() => binding.createTrainer(wrong as never, settings)).toThrow(
        expect.objectContaining({
          code: 'ERR_ARGUMENT',
          message: expect.stringMatching(/^Expected a model for .+ but received /),
        }),
      );
    }
    run.dispose();
  });

  it('are taken as cancel tokens only when they are some', async () => {
    for (const wrong of [trainer(model), {}, 1, null]) {
      await expect(model.score(some, { ...ONE_BY_ONE, cancel: wrong as never })).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
        message: expect.stringContaining('cancel'),
      });
    }
  });

  it('cannot be made by their constructors', () => {
    const token = binding.createCancelToken();
    const Constructor = token.constructor as new () => unknown;
    expect(() => new Constructor()).toThrow(/createCancelToken\(\)/);
  });
});

describe('arguments', () => {
  const cases: [string, () => Promise<unknown>, RegExp][] = [
    [
      'no sequences',
      () => model.score(undefined as never, ONE_BY_ONE),
      /an object for .*sequences.* undefined/,
    ],
    ['no options', () => model.score(some, undefined as never), /an object for .*options/],
    [
      'floats for tokens',
      () => model.score({ ...some, tokens: new Float32Array(3) as never }, ONE_BY_ONE),
      /an Int32Array for .*tokens.* a Float32Array of 3/,
    ],
    ['no budget', () => model.score(some, {} as never), /microBatchTokens.* undefined/],
    ['a budget of 0', () => model.score(some, { microBatchTokens: 0 }), /microBatchTokens.* 0/],
    ['half a token', () => model.score(some, { microBatchTokens: 1.5 }), /microBatchTokens.* 1\.5/],
    [
      'an unknown read-out',
      () => model.score(some, { ...ONE_BY_ONE, readout: 'tail' as never }),
      /"head" or "lm" for .*readout.*"tail"/,
    ],
    [
      'no function',
      () => model.score(some, { ...ONE_BY_ONE, onProgress: 1 as never }),
      /a function for .*onProgress/,
    ],
    [
      'falling offsets',
      () => model.score({ ...some, offsets: Int32Array.of(0, 40, 20) }, ONE_BY_ONE),
      /offsets/,
    ],
    [
      'offsets past the end',
      () => model.score({ ...some, offsets: Int32Array.of(0, 4_000) }, ONE_BY_ONE),
      /offsets/,
    ],
    [
      'a negative offset',
      () => model.score({ ...some, offsets: Int32Array.of(-40, 800) }, ONE_BY_ONE),
      /offsets/,
    ],
    ['no offsets', () => model.score({ ...some, offsets: new Int32Array(0) }, ONE_BY_ONE), /offsets/],
    [
      'a token out of range',
      () => model.score({ tokens: Int32Array.of(1, 53), offsets: Int32Array.of(0, 2) }, ONE_BY_ONE),
      /53/,
    ],
    [
      'a negative token',
      () => model.score({ tokens: Int32Array.of(1, -1), offsets: Int32Array.of(0, 2) }, ONE_BY_ONE),
      /-1/,
    ],
    ['an unknown device', () => binding.loadModel({ ...options, device: 'gpu' }), /device.*"gpu"/],
    ['no threads', () => binding.loadModel({ ...options, threads: 0 }), /threads.* 0/],
    ['a wrong size', () => model.setParameter(model.parameterNames()[0]!, new Float32Array(1)), /1/],
  ];

  for (const [name, call, message] of cases) {
    it(`reject: ${name}`, async () => {
      await expect(call()).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
        message: expect.stringMatching(message),
      });
    });
  }
});
