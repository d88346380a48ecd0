/** The hand-written pass on the CUDA kernels, compiled for the CPU, against autograd through plain operators. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NativeModelOptions } from '../../src/native/binding.js';
import { buildEmulation, canEmulate } from './cuda-emulation/build.js';
import { binding, completions, expectedOf, type Golden, goldenCases, norm, trainer } from './fixtures.js';

let emulation: { folder: string; library: string };

type Options = Pick<NativeModelOptions, 'dtype' | 'reference' | 'cudaLibrary'>;

async function pass(golden: Golden, options: Options) {
  const model = await binding.loadModel({
    folder: golden.folder,
    device: 'cpu',
    head: 'lm',
    threads: 1,
    ...options,
  });
  const run = trainer(model);
  const { loss } = await run.forwardBackward(completions(expectedOf(golden)), { loss: 'lm' });
  const gradients = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) gradients.set(name, await run.gradient(name));
  run.dispose();
  model.dispose();
  return { loss, gradients };
}

const difference = (a: Float32Array, b: Float32Array) => norm(b.map((value, i) => value - a[i]!));

describe.skipIf(!canEmulate)('the pass on CUDA kernels, emulated', () => {
  beforeAll(async () => {
    emulation = await buildEmulation();
  });
  afterAll(() => rm(emulation.folder, { recursive: true }));

  describe.each(goldenCases)('$name', (golden) => {
    it.each([
      ['f32', 2e-5],
      ['bf16', 0.1],
    ] as const)('has the loss and the gradients of the reference in %s', async (dtype, tolerance) => {
      const reference = await pass(golden, { dtype, reference: true });
      const found = await pass(golden, { dtype, cudaLibrary: emulation.library });
      expect(Math.abs(found.loss - reference.loss)).toBeLessThan(tolerance * reference.loss);
      const all = norm([...reference.gradients.values()].map(norm));
      for (const [name, values] of reference.gradients) {
        const size = norm(values) + 0.01 * all;
        expect(difference(found.gradients.get(name)!, values), name).toBeLessThan(tolerance * size);
      }
    });
  });
});
