/** A loss written in TypeScript trains to the weights of its native twin. */
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { finetune, type HeadKind, openModel, type StepDocument } from '../../src/index.js';
import * as twins from '../../src/tasks/referenceLosses.js';
import { preferences } from '../support/preferences.js';
import { temporaryWorld } from '../support/temporaryWorld.js';
import { writeJsonl } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, world } = temporaryWorld();

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

async function parametersOf(document: StepDocument, head: HeadKind): Promise<Map<string, Float32Array>> {
  const path = join(folder, 'out', 'steps', document.step, 'model');
  await using model = await openModel(path, { head, device: 'cpu', threads: 1 });
  const values = new Map<string, Float32Array>();
  for (const name of model.native.parameterNames()) {
    values.set(name, (await model.native.parameter(name)).values);
  }
  return values;
}

/** ‖a − b‖ / ‖a‖ over all parameters. */
async function distance(a: StepDocument, b: StepDocument, head: HeadKind = 'classifier'): Promise<number> {
  const [left, right] = [await parametersOf(a, head), await parametersOf(b, head)];
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
  const twin = await finetune(settings(), { loss: twins.crossEntropy });
  expect(twin.step).not.toBe(native.step);
  expect(await distance(native, twin)).toBeLessThan(1e-4);
});

test.each([
  ['paper', { threshold: 'half', alphaMax: 0.75, warmup: 0.2 }],
  ['openai', { threshold: 'weak-mean', alphaMax: 0.5, warmup: 0.1 }],
] as const)('confidence, preset %s', async (preset, lossParams) => {
  const native = await finetune({ ...settings(), loss: 'confidence', preset });
  const twin = await finetune(settings(), { loss: twins.confidence, lossParams });
  expect(await distance(native, twin)).toBeLessThan(1e-4);
});

const OTHERS = [
  ['product', { lossAlpha: 0.5, lossBeta: 1.5 }, twins.product, { alpha: 0.5, beta: 1.5 }],
  ['reverse-kl', {}, twins.reverseKl, {}],
  ['window', { windowRadius: 'median' }, twins.window, { radius: 'median' }],
  ['entropy', { alphaMax: 0.3 }, twins.entropy, { alphaMax: 0.3, warmup: 0.1 }],
  ['adaptive-confidence', { lossTemperature: 2 }, twins.adaptiveConfidence, { temperature: 2 }],
] as const;

test.each(OTHERS)('%s', async (loss, settingsOfLoss, twin, lossParams) => {
  const native = await finetune({ ...settings(), loss, ...settingsOfLoss });
  const own = await finetune(settings(), { loss: twin as typeof twins.product, lossParams });
  expect(await distance(native, own)).toBeLessThan(1e-4);
});

test('confidence of balanced labels, on preferences', async () => {
  const data = writeJsonl(join(folder, 'pairs.jsonl'), preferences(100, 5, 'p'));
  const onPairs = { ...settings(), data, dataset: 'pairs', head: 'likelihood', balanced: true } as const;
  const native = await finetune({ ...onPairs, loss: 'confidence', threshold: 0.6 });
  const twin = await finetune(onPairs, { loss: twins.confidence, lossParams: { threshold: 0.6 } });
  expect(await distance(native, twin, 'likelihood')).toBeLessThan(1e-4);
});
