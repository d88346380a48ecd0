/** What the addon exports is what TypeScript declares: no name more, none less. */
import { afterAll, describe, expect, it } from 'vitest';
import { bindingShape } from '../../src/native/binding.js';
import { loadAddon } from '../../src/native/load.js';
import { goldenCase } from './fixtures.js';

const { raw } = await loadAddon();
const model = await raw.loadModel({
  folder: goldenCase('llama-grouped').folder,
  device: 'cpu',
  dtype: 'f32',
  head: 'lm',
  threads: 1,
});
const trainer = raw.createTrainer(model, {
  optimizer: 'adamw',
  weightDecay: 0,
  clip: 1,
  microBatchTokens: 64,
});

afterAll(() => {
  trainer.dispose();
  model.dispose();
});

/** Own names of an exports object, or of a handle's class. */
function namesOf(value: object): string[] {
  const prototype: object = Object.getPrototypeOf(value);
  const owner = prototype === Object.prototype ? value : prototype;
  return Object.getOwnPropertyNames(owner).filter((name) => name !== 'constructor');
}

describe('exports', () => {
  const handles = {
    binding: raw,
    model,
    trainer,
    cancelToken: raw.createCancelToken(),
  } satisfies Record<keyof typeof bindingShape, object>;

  for (const [name, handle] of Object.entries(handles)) {
    it(`${name} has exactly the declared names`, () => {
      const declared = bindingShape[name as keyof typeof bindingShape];
      expect(namesOf(handle).sort()).toEqual([...declared].sort());
    });
  }

  it('gives the declared fields in buildInfo and info', () => {
    expect(Object.keys(raw.buildInfo()).sort()).toEqual([
      'builtFor',
      'compiler',
      'cpuCapability',
      'float32Products',
    ]);
    expect(model.info).toEqual({
      family: 'llama',
      parameters: expect.any(Number),
      layers: 2,
      hiddenSize: 24,
      vocabularySize: 53,
      contextLength: 64,
      heads: expect.any(Number),
      kvHeads: expect.any(Number),
      headSize: expect.any(Number),
      mlpSize: expect.any(Number),
      mlpGated: true,
      windows: [0, 0],
      outputs: 0,
      headFrom: expect.stringMatching(/^(folder|fresh)$/),
    });
  });

  it('names an absent CUDA library in a typed error, or lists devices', () => {
    try {
      for (const { index, name } of raw.cudaDevices())
        expect([index, name]).toEqual([expect.any(Number), expect.any(String)]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_DEVICE', hint: expect.stringMatching(/`.+`/) });
    }
  });
});
