/** `--cuda-graphs` from the setting to the trainer, on kernels that take offsets as a GPU's do; and a run that goes on. */
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/index.js';
import type { NativeTrainer } from '../../src/native/binding.js';
import { engineWith, trainUntil } from '../support/engine.js';
import { weightsOf } from '../support/results.js';
import { temporaryWorld } from '../support/temporaryWorld.js';
import { tinySettings } from '../support/tinyWorld.js';

vi.setConfig({ testTimeout: 240_000 });

const { folder, world } = temporaryWorld();

/** An engine with the reference's kernels over offsets, and its trainers. */
const offsetEngine = (trainers: NativeTrainer[]) => () =>
  engineWith(({ loadModel, createTrainer }) => ({
    loadModel: (options) => loadModel({ ...options, attentionOverOffsets: true }),
    createTrainer: (model, options) => {
      const trainer = createTrainer(model, options);
      trainers.push(trainer);
      return trainer;
    },
  }));

/** Until the `count`-th progress event of the supervisor, where it is given. */
async function run(out: string, cudaGraphs: boolean, { plain = false, count = 0 } = {}) {
  const trainers: NativeTrainer[] = [];
  const notes: string[] = [];
  let replays = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === 'note') notes.push(event.message);
    if (event.type !== 'progress') return;
    // A trainer that is disposed of tells nothing.
    for (const trainer of trainers.slice(-1)) replays = Math.max(replays, replaysOf(trainer));
  };
  const engine = plain ? {} : { engine: offsetEngine(trainers) };
  const settings = { ...tinySettings(world, out), cudaGraphs };
  const document = await trainUntil(settings, onEvent, { ...engine, count });
  return { document, notes, replays };
}

function replaysOf(trainer: NativeTrainer): number {
  try {
    return trainer.replays;
  } catch {
    return 0;
  }
}

test('steps are replayed where it is asked for, to the same answers', async () => {
  const without = await run(join(folder, 'without'), false);
  const asked = await run(join(folder, 'asked'), true);
  expect([without.replays, without.notes, asked.notes]).toEqual([0, [], []]);
  expect(asked.replays).toBeGreaterThan(0);
  expect(asked.document?.student.accuracy).toBeCloseTo(without.document?.student.accuracy ?? Number.NaN, 2);
});

test('a run that goes on gives the bits of one that was not stopped', async () => {
  const [whole, resumed] = [join(folder, 'whole'), join(folder, 'resumed')];
  const first = await run(whole, true);
  expect((await run(resumed, true, { count: 10 })).document).toBeNull();
  const second = await run(resumed, true);
  expect(await weightsOf(resumed, second.document!, 'weak')).toBe(
    await weightsOf(whole, first.document!, 'weak'),
  );
});

test('kernels without offsets train as ever, and it is said once a model', async () => {
  const { document, notes } = await run(join(folder, 'plain'), true, { plain: true });
  expect(document?.student.accuracy).toBeGreaterThan(0);
  expect(notes).toHaveLength(3);
  for (const note of notes) expect(note).toMatch(/^Going on without CUDA graphs/);
});
