/** Results that a device still owes: what a GPU does, on the CPU, by `lateResults`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { binding, goldenCase, openModel, relativeError, trainer } from './fixtures.js';
import { manySequences, ONE_BY_ONE } from './work.js';

const { folder } = goldenCase('llama-grouped');
const model = await openModel(folder);
const few = manySequences(3);
const RATES = { lr: 1e-3, headLr: 1e-3 };
const late = { ...ONE_BY_ONE, lateResults: true } as const;

afterAll(() => model.dispose());

describe('late results', () => {
  it.each(['adamw', 'adam', 'muon'] as const)(
    '%s: are those of results at once, whoever waits',
    async (optimizer) => {
      const losses = async (lateResults: boolean) => {
        const own = await openModel(folder);
        const run = trainer(own, { ...ONE_BY_ONE, optimizer, weightDecay: 0.1, lateResults });
        const pending: Promise<number>[] = [];
        for (let step = 0; step < 5; step++) {
          pending.push(run.forwardBackward(few, { loss: 'lm' }).then(({ loss }) => loss));
          pending.push(run.step(RATES).then(({ gradNorm }) => gradNorm));
        }
        const found = await Promise.all(pending);
        run.dispose();
        own.dispose();
        return found;
      };
      expect(relativeError(await losses(true), await losses(false))).toBeLessThan(1e-5);
    },
  );

  it('settle in the order of their making, with calls whose results are there at once', async () => {
    const run = trainer(model, late);
    const settled: string[] = [];
    const note = (what: string) => () => settled.push(what);
    await Promise.all([
      run.forwardBackward(few, { loss: 'lm' }).then(note('late')),
      model.parameter('no such parameter').catch(note('failed')),
      run.step({ lr: 0, headLr: 0 }).then(note('later')),
      model.score(few, ONE_BY_ONE).then(note('at once')),
      run.forwardBackward(few, { loss: 'lm' }).then(note('last')),
    ]);
    expect(settled).toEqual(['late', 'failed', 'later', 'at once', 'last']);
    run.dispose();
  });

  it('come while the caller does nothing else', async () => {
    const run = trainer(model, late);
    expect((await run.forwardBackward(few, { loss: 'lm' })).loss).toBeGreaterThan(0);
    run.dispose();
  });

  it('reject their own call where the norm is not finite, and the steps after it that were under way', async () => {
    const own = await openModel(folder, { head: 'classifier', labels: 2 });
    const run = trainer(own, late);
    const good = { loss: 'xent', targets: Float32Array.of(1, 0, 0, 1, 1, 0) } as const;
    const weights = async () => {
      const found: Float32Array[] = [];
      for (const name of own.parameterNames()) found.push((await own.parameter(name)).values);
      return found;
    };
    const before = await weights();
    await run.forward(few);
    await run.backward(new Float32Array(6).fill(Number.NaN));
    const codes = await Promise.all(
      [run.step(RATES), run.forwardBackward(few, good), run.step(RATES)].map((call) =>
        call.then(
          () => null,
          (error) => error.code,
        ),
      ),
    );
    expect(codes).toEqual(['ERR_NOT_FINITE', null, 'ERR_NOT_FINITE']);
    expect(await weights()).toEqual(before);
    await run.forwardBackward(few, good);
    expect((await run.step(RATES)).gradNorm).toBeGreaterThan(0);
    expect(await weights()).not.toEqual(before);
    run.dispose();
    own.dispose();
  });

  it('of a call that is cancelled while it waits never come', async () => {
    const run = trainer(model, late);
    const cancel = binding.createCancelToken();
    const first = run.forwardBackward(few, { loss: 'lm' });
    const second = run.forwardBackward(few, { loss: 'lm' }, cancel);
    cancel.cancel();
    expect((await first).loss).toBeGreaterThan(0);
    await expect(second).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    run.dispose();
  });

  it('outlive their trainer', async () => {
    const run = trainer(model, late);
    const pending = run.forwardBackward(few, { loss: 'lm' });
    run.dispose();
    expect((await pending).loss).toBeGreaterThan(0);
  });
});

describe('a process with late results', () => {
  const script = fileURLToPath(new URL('./children/late.mjs', import.meta.url));
  const cases: [string, string, { code: number; stdout?: string }][] = [
    ['exit', 'by process.exit', { code: 7 }],
    ['pending', 'only once they have come', { code: 0, stdout: 'came' }],
    ['terminate', 'after terminating workers', { code: 0 }],
    ['shutdown', 'after shutdown, with every call settled', { code: 0, stdout: 'settled' }],
  ];
  it.each(cases)('ends: %s, %s', async (way, _, end) => {
    const child = spawn(process.execPath, [script, way], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (output.stdout += chunk));
    child.stderr.on('data', (chunk) => (output.stderr += chunk));
    const [code, signal] = await once(child, 'close');
    expect({ code, signal }, output.stderr).toEqual({ code: end.code, signal: null });
    if (end.stdout !== undefined) expect(output.stdout.trim()).toBe(end.stdout);
  });
});
