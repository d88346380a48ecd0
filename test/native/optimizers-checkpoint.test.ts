/** A checkpoint holds everything: training goes on from it bit for bit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { NativeModel, NativeTrainer, OptimizerKind } from '../../src/native/binding.js';
import { completions, expectedOf, floats, goldenCase, openModel, ROOMY, trainer } from './fixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'w2s-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));

const golden = goldenCase('qwen3-layers');
const expected = expectedOf(golden);
const batch = completions(expected);
const targets = floats(expected, 'likelihood.targets');

async function steps(run: NativeTrainer, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < count; step++) {
    losses.push((await run.forwardBackward(batch, { loss: 'xent', targets })).loss);
    losses.push((await run.step({ lr: 1e-3, headLr: 1e-2 })).gradNorm);
  }
  return losses;
}

async function weights(model: NativeModel): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  for (const name of model.parameterNames()) found.push((await model.parameter(name)).values);
  return found;
}

it.each<OptimizerKind>(['adamw', 'adam', 'muon'])('%s goes on bit for bit', async (optimizer) => {
  const open = () => openModel(golden.folder, { head: 'likelihood' });
  const settings = { optimizer, weightDecay: 0.1, clip: 1 };
  const model = await open();
  const run = trainer(model, settings);
  await steps(run, 3);
  await run.saveCheckpoint(folder);
  const losses = await steps(run, 3);

  const other = await open();
  const resumed = trainer(other, settings);
  await steps(resumed, 1); // state of its own, to be overwritten
  await resumed.loadCheckpoint(folder);
  expect(await steps(resumed, 3)).toEqual(losses);
  expect(await weights(other)).toEqual(await weights(model));
  for (const handle of [run, resumed, model, other]) handle.dispose();
});

it('refuses a checkpoint of another optimizer', async () => {
  const model = await openModel(golden.folder, { head: 'likelihood' });
  const run = trainer(model);
  await run.saveCheckpoint(folder);
  const muon = trainer(model, { optimizer: 'muon' });
  await expect(muon.loadCheckpoint(folder)).rejects.toMatchObject({ code: 'ERR_WEIGHTS' });
  for (const handle of [run, muon, model]) handle.dispose();
});

it('rejects a gradient that is not finite and leaves the weights as they were', async () => {
  const model = await openModel(golden.folder, { head: 'classifier', labels: 2 });
  const run = trainer(model);
  const before = await weights(model);
  await run.forward(batch);
  await run.backward(Float32Array.from({ length: 10 }, () => Number.NaN));
  await expect(run.step({ lr: 1e-3, headLr: 1e-3 })).rejects.toMatchObject({
    code: 'ERR_NOT_FINITE',
    message: expect.stringContaining('not finite'),
  });
  expect(await weights(model)).toEqual(before);
  // The gradient is gone as well: the trainer can go on.
  expect(await run.gradient('score.weight')).toEqual(new Float32Array(before.at(-1)!.length));
  run.dispose();
  model.dispose();
});

it('names a weight that is not finite', async () => {
  const model = await openModel(golden.folder);
  const name = 'model.layers.1.mlp.up_proj.weight';
  const { values } = await model.parameter(name);
  values[3] = Number.POSITIVE_INFINITY;
  const run = trainer(model);
  await run.checkFinite();
  await model.setParameter(name, values);
  await expect(run.checkFinite()).rejects.toMatchObject({
    code: 'ERR_NOT_FINITE',
    message: expect.stringContaining(name),
  });
  run.dispose();
  model.dispose();
});

it('an optimizer batch adds up over calls until the step', async () => {
  const model = await openModel(golden.folder, { head: 'likelihood' });
  const run = trainer(model, ROOMY);
  const name = 'model.layers.0.mlp.up_proj.weight';
  await run.forwardBackward(batch, { loss: 'xent', targets });
  const once = await run.gradient(name);
  await run.forwardBackward(batch, { loss: 'xent', targets });
  const twice = await run.gradient(name);
  once.forEach((value, i) => {
    expect(twice[i]).toBeCloseTo(2 * value, 5);
  });
  run.dispose();
  model.dispose();
});
