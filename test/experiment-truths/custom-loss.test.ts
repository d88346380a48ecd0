/** A loss written in TypeScript trains to the weights of its native twin. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { finetune, openModel, type StepDocument } from '../../src/index.js';
import { confidence, crossEntropy } from '../../src/tasks/referenceLosses.js';
import { temporaryFolder } from '../support/results.js';
import { type TinyWorld, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;

beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
});
afterAll(cleanUp);

const settings = () => ({
  model: world.strong,
  data: world.transferData,
  out: join(folder, 'out'),
  device: 'cpu',
  threads: 1,
  lr: 3e-3,
  batchSize: 25,
  epochs: 2,
});

async function parametersOf(document: StepDocument): Promise<Map<string, Float32Array>> {
  const path = join(folder, 'out', 'steps', document.step, 'model');
  await using model = await openModel(path, { head: 'classifier', device: 'cpu', threads: 1 });
  const values = new Map<string, Float32Array>();
  for (const name of model.native.parameterNames()) {
    values.set(name, (await model.native.parameter(name)).values);
  }
  return values;
}

/** ‖a − b‖ / ‖a‖ over all parameters. */
async function distance(a: StepDocument, b: StepDocument): Promise<number> {
  const [left, right] = [await parametersOf(a), await parametersOf(b)];
  let [difference, size] = [0, 0];
  for (const [name, values] of left) {
    values.forEach((value, i) => {
      difference += (value - (right.get(name)?.[i] ?? Number.NaN)) ** 2;
      size += value ** 2;
    });
  }
  return Math.sqrt(difference / size);
}

test('cross-entropy', async () => {
  const native = await finetune(settings());
  const twin = await finetune(settings(), { loss: crossEntropy });
  expect(twin.step).not.toBe(native.step);
  expect(await distance(native, twin)).toBeLessThan(1e-4);
});

test.each([
  ['paper', { threshold: 'half', alphaMax: 0.75, warmup: 0.2 }],
  ['openai', { threshold: 'weak-mean', alphaMax: 0.5, warmup: 0.1 }],
] as const)('confidence, preset %s', async (preset, lossParams) => {
  const native = await finetune({ ...settings(), loss: 'confidence', preset });
  const twin = await finetune(settings(), { loss: confidence, lossParams });
  expect(await distance(native, twin)).toBeLessThan(1e-4);
});
