/** The CUDA kernels as C++ on the CPU (see cuda-emulation/README.md) against the reference; the C door and its table. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildEmulation, canEmulate } from './cuda-emulation/build.js';
import { binding } from './fixtures.js';
import { CALLS } from './kernel-calls.js';
import { type Call, integer, largestError, normal, type Outputs, random, tensor } from './kernels.js';

const header = readFileSync(new URL('../../native/cuda/w2s_cuda.h', import.meta.url), 'utf8');
const table = readFileSync(new URL('../../native/cuda/entry_points.h', import.meta.url), 'utf8');

let emulation: { folder: string; library: string };

async function run(implementation: 'plain' | 'cuda', call: Call): Promise<Outputs> {
  const library = implementation === 'cuda' ? { library: emulation.library } : {};
  const options = { dtype: 'f32' as const, ...call, threads: 1, implementation, device: 'cpu', ...library };
  const { outputs } = await binding.runKernel(options);
  return Object.fromEntries(Object.entries(outputs).map(([name, { values }]) => [name, values]));
}

async function expectAgreement(call: Call, tolerance: number, what: string): Promise<void> {
  const [found, wanted] = [await run('cuda', call), await run('plain', call)];
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, values] of Object.entries(wanted))
    expect(largestError(found[name]!, values), `${name} of ${what}`).toBeLessThan(tolerance);
}

const DTYPES = [
  ['f32', 5e-6],
  ['bf16', 1e-2],
] as const;

describe('the C door', () => {
  it('has every function but its revision in the table', () => {
    const declared = [...header.matchAll(/^W2S_CUDA_EXPORT \w+ w2s_cuda_(\w+)\(/gm)].map(([, name]) => name);
    const listed = [...table.matchAll(/\bX\((\w+)\)/g)].map(([, name]) => name);
    expect(declared.filter((name) => name !== 'revision').sort()).toEqual(listed.sort());
  });
});

describe.skipIf(!canEmulate)('CUDA kernels, emulated', () => {
  beforeAll(async () => {
    emulation = await buildEmulation();
  });
  afterAll(() => rm(emulation.folder, { recursive: true }));

  describe.each(Object.entries(CALLS))('%s', (name, callOf) => {
    it.each(DTYPES)('agrees with the reference over random shapes in %s', async (dtype, tolerance) => {
      for (let seed = 0; seed < 24; seed++)
        await expectAgreement({ ...callOf(seed), dtype }, tolerance, `${name} ${seed}`);
    });
  });

  // Rows that a block shares, whole vectors, and the first width that has neither.
  describe.each([512, 520, 1048, 777])('rows of %i', (columns) => {
    it.each(DTYPES)('agree with the reference in %s', async (dtype, tolerance) => {
      const from = random(columns, 'wide');
      const rows = 19;
      const row = { x: normal(from, rows, columns), dY: normal(from, rows, columns) };
      const weights = { weight: normal(from, columns), bias: normal(from, columns) };
      const delta = { delta: normal(from, rows, columns), deltaBias: normal(from, columns) };
      const gateUp = normal(from, rows, 2 * columns);
      const calls: Call[] = [
        { kernel: 'activation', activation: 'gelu-tanh', inputs: { ...row, bias: weights.bias } },
        { kernel: 'gated', inputs: { gateUp, dY: row.dY } },
        { kernel: 'norm', norm: 'layer', inputs: { ...row, ...weights, ...delta } },
        { kernel: 'norm', norm: 'rms', inputs: { ...row, weight: weights.weight, dX: delta.delta } },
        { kernel: 'residual', inputs: { x: row.x, delta: delta.delta, bias: weights.bias } },
      ];
      for (const call of calls) await expectAgreement({ ...call, dtype }, tolerance, call.kernel);
    });
  });

  it('scores a vocabulary, the first of equal logits and logits without bound', async () => {
    const from = random(1, 'vocabulary');
    const logits = normal(from, 3, 50_257);
    for (const place of [40_000, 1_023, 511 + 512]) logits.values[50_257 + place] = 9;
    logits.values.fill(-Infinity, 2 * 50_257, 3 * 50_257 - 2);
    const inputs = { logits, dLogProbs: normal(from, 3) };
    const call: Call = { kernel: 'score', targets: Int32Array.of(7, 40_000, 50_256), inputs };
    await expectAgreement(call, 5e-6, 'a vocabulary');
    const found = await run('cuda', call);
    expect(found.argmax![1]).toBe(1_023);
  });

  it('agrees on the confidence loss over batches with ties, saturated logits and equal labels', async () => {
    for (let seed = 0; seed < 1_000; seed++)
      await expectAgreement(confidenceCall(seed), 1e-6, `confidence ${seed}`);
  });

  it('agrees on the confidence loss of as many examples as one block takes, and of more', async () => {
    for (const [i, size] of [1_025, 4_096, 4_097].entries())
      await expectAgreement(confidenceCall(i, size), 1e-6, `${size} examples`);
  });

  it('refuses a library of another kind', async () => {
    const call = { ...CALLS.residual!(0), implementation: 'cuda', device: 'cpu', dtype: 'f32' } as const;
    await expect(binding.runKernel({ ...call, threads: 1, library: '/nowhere.so' })).rejects.toMatchObject({
      code: 'ERR_DEVICE',
    });
  });
});

function confidenceCall(seed: number, examples?: number): Call {
  const from = random(seed, 'confidence');
  const size = examples ?? integer(from, 1, seed % 8 ? 40 : 200);
  const [scale, step] = [
    [1, 0],
    [2, 0.5],
    [200, 0],
    [0, 0],
    [30, 1],
  ][seed % 5]! as [number, number];
  const logits = normal(from, size, 2);
  logits.values = logits.values.map((x) => (step > 0 ? Math.round((scale * x) / step) * step : scale * x));
  const label = [() => from.uniform(), () => Math.round(from.uniform()), () => 1, () => 0][
    integer(from, 0, 3)
  ]!;
  const weight = seed % 3 ? 1 : 0.5;
  const ones = Array.from({ length: size }, label);
  const targets = tensor(
    [size, 2],
    ones.flatMap((one) => [weight * (1 - one), weight * one]),
  );
  const threshold = (['half', 'weak-mean', 0.5, 0.7] as const)[integer(from, 0, 3)]!;
  const alpha = [0, 0.3, 0.75, 1][integer(from, 0, 3)]!;
  return {
    kernel: 'confidence',
    threshold,
    alpha,
    logProbabilities: seed % 7 === 0,
    inputs: { logits, targets },
  };
}
