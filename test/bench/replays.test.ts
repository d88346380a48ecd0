/** Steps that are launched as a whole are told from others: on the CPU by kernels that a replay runs again. */
import { expect, it } from 'vitest';
import { trainingWork } from '../../src/bench/work.js';
import { syntheticWorkload } from '../../src/bench/workload.js';
import type { Engine } from '../../src/steps/context.js';
import { binding, device, goldenCase, openModel } from '../native/fixtures.js';

const STEPS = 4;
const settings = {
  batchSize: 4,
  head: 'linear',
  loss: 'xent',
  optimizer: 'adamw',
  microBatchTokens: 4096,
  sharePrefixes: true,
  cudaGraphs: true,
} as const;

/** Replays of some steps that are all of one shape. */
async function replaysOf(profile: boolean): Promise<number> {
  const options = { head: 'classifier', labels: 2, attentionOverOffsets: true, profile } as const;
  const model = await openModel(goldenCase('llama-grouped').folder, options);
  const list = [{ shared: 0, lengths: [6] }];
  const workload = syntheticWorkload('6', list, { ...model.info, atLeast: STEPS * settings.batchSize });
  const work = trainingWork({ binding } as Engine, model, workload, settings);
  for (let k = 0; k < STEPS; k++) await work.start(k).done;
  const replays = work.replays();
  for (const each of [work, model]) each.dispose();
  return replays;
}

it('counts the backward passes that were launched as a whole', async () => {
  // The first of a shape is computed as it comes. A GPU has kernels of its own for offsets, or none for these heads.
  const all = STEPS - 1;
  expect(device === 'cpu' ? [all] : [0, all]).toContain(await replaysOf(false));
  // The parts of a replay cannot be told apart.
  expect(await replaysOf(true)).toBe(0);
});
