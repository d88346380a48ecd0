/** Memory that runs out in the middle of an experiment: it goes on, warns, and a resumed step keeps what it came to. */
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { EngineOptions } from '../../src/execution/context.js';
import type { RunEvent } from '../../src/index.js';
import { openStore } from '../../src/store/index.js';
import { engineWith, trainUntil } from '../support/engine.js';
import { weightsOf } from '../support/results.js';
import { temporaryWorld } from '../support/temporaryWorld.js';
import { tinySettings } from '../support/tinyWorld.js';

vi.setConfig({ testTimeout: 240_000 });

const { folder, world } = temporaryWorld();
const ROOM = 40;

/** An engine whose trainers have room for few tokens at once. */
const smallEngine = () =>
  engineWith(({ createTrainer }) => ({
    createTrainer: (model, options) => createTrainer(model, { ...options, failAfterTokens: ROOM }),
  }));

type Notes = Extract<RunEvent, { type: 'note' }>[];

/** Until the `count`-th progress event of the supervisor, where it is given. */
async function run(out: string, options: EngineOptions, count?: number) {
  const notes: Notes = [];
  const onEvent = (event: RunEvent) => {
    if (event.type === 'note') notes.push(event);
  };
  const document = await trainUntil(tinySettings(world, out), onEvent, {
    ...options,
    ...(count === undefined ? {} : { count }),
  });
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
