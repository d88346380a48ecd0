/** Memory that runs out in the middle of an experiment: it goes on, warns, and a resumed step keeps what it came to. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { EngineOptions } from '../../src/execution/context.js';
import { loadEngine } from '../../src/execution/context.js';
import { type RunEvent, weakToStrong } from '../../src/index.js';
import type { Engine } from '../../src/steps/context.js';
import { openStore } from '../../src/store/index.js';
import { temporaryFolder, weightsOf } from '../support/results.js';
import { type TinyWorld, tinySettings, writeTinyWorld } from '../support/tinyWorld.js';

vi.setConfig({ testTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
const ROOM = 40;
let world: TinyWorld;
beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
});
afterAll(cleanUp);

/** An engine whose trainers have room for few tokens at once. */
async function smallEngine(): Promise<Engine> {
  const engine = await loadEngine({ device: 'cpu', threads: 1 }, {});
  const { binding } = engine;
  return {
    ...engine,
    binding: {
      ...binding,
      createTrainer: (model, options) => binding.createTrainer(model, { ...options, failAfterTokens: ROOM }),
    },
  };
}

type Notes = Extract<RunEvent, { type: 'note' }>[];

/** Until the `count`-th progress event of the supervisor, where it is given. */
async function run(out: string, options: EngineOptions, count?: number) {
  const controller = new AbortController();
  const notes: Notes = [];
  let seen = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === 'note') notes.push(event);
    if (event.type === 'progress' && event.role === 'weak' && ++seen === count) controller.abort();
  };
  // `engine` is for tests alone, and in no type of the package.
  const all: object = { ...options, onEvent, signal: controller.signal };
  const document = await weakToStrong(tinySettings(world, out), all).catch(() => null);
  return { document, notes };
}

test('training goes on in smaller micro-batches, to the same answers, and says so once a step', async () => {
  const [roomy, small] = [join(folder, 'roomy'), join(folder, 'small')];
  const whole = await run(roomy, {});
  const halved = await run(small, { engine: smallEngine });
  expect(whole.notes).toEqual([]);
  expect(new Set(halved.notes.map(({ role, level }) => `${role} ${level}`))).toEqual(
    new Set(['weak warning', 'student warning', 'ceiling warning']),
  );
  expect(halved.notes[0]).toMatchObject({
    message: expect.stringMatching(/^Memory ran out with micro-batches of 4096 tokens; going on with \d+$/),
    hint: expect.stringMatching(/--micro-batch-tokens \d+$/),
  });
  const [a, b] = [whole.document, halved.document];
  expect(b?.student.accuracy).toBeCloseTo(a?.student.accuracy ?? Number.NaN, 2);
  const timing = await openStore(small).readTiming(b?.steps.weak ?? '');
  expect(timing?.microBatchTokens).toBeLessThanOrEqual(ROOM);
});

test('a resumed step has the budget that the checkpoint came to', async () => {
  const [undisturbed, resumed] = [join(folder, 'undisturbed'), join(folder, 'resumed')];
  const whole = await run(undisturbed, { engine: smallEngine });
  expect((await run(resumed, { engine: smallEngine }, 10)).document).toBeNull();
  const { document, notes } = await run(resumed, {});
  expect(notes.filter(({ role }) => role === 'weak')).toEqual([]);
  expect(await weightsOf(resumed, document!, 'weak')).toBe(
    await weightsOf(undisturbed, whole.document!, 'weak'),
  );
});
