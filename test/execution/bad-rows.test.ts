/** What a run says of rows that it leaves out, and of parts that are smaller than asked for. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { finetune, type RunEvent, type TrainDocument, weakToStrong } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';
import { type TinyWorld, tinySettings, writeTinyWorld } from '../support/tinyWorld.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
let spoilt: string;

beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
  spoilt = join(folder, 'spoilt.jsonl');
  const good = readFileSync(world.weakData, 'utf8');
  writeFileSync(
    spoilt,
    `${good}{"id": "bad-1", "text": "w1", "label": null}\n{"id": "bad-2", "text": 7, "label": 1}\n`,
  );
});
afterAll(cleanUp);

async function told(run: (onEvent: (event: RunEvent) => void) => Promise<unknown>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  await run((event) => events.push(event));
  return events.filter(({ type }) => type === 'data' || type === 'few-rows');
}

test('bad rows end a run; left out on request they are told once, and stay in the document', async () => {
  const settings = { ...tinySettings(world, join(folder, 'out')), weakData: spoilt };
  await expect(weakToStrong(settings)).rejects.toMatchObject({
    code: 'ERR_DATA',
    message: expect.stringMatching(/spoilt\.jsonl, line 401/),
  });
  let document: TrainDocument | undefined;
  const run = async (onEvent: (event: RunEvent) => void) => {
    document = await weakToStrong({ ...settings, skipBadRows: true }, { onEvent });
  };
  expect(await told(run)).toEqual([
    {
      type: 'data',
      file: spoilt,
      role: 'weak',
      skipped: 2,
      firstProblem: expect.stringContaining('line 401'),
    },
  ]);
  expect(document?.skippedRows).toEqual({ weak: 2 });
  expect(await told(run)).toEqual([]);
  expect(document?.skippedRows).toEqual({ weak: 2 });
});

test('without bad rows a document says nothing of them', async () => {
  const settings = { device: 'cpu', threads: 1, epochs: 1, model: world.strong, skipBadRows: true } as const;
  const clean = await finetune({ ...settings, data: world.weakData, out: join(folder, 'clean') });
  expect(clean).not.toHaveProperty('skippedRows');
  const left = await finetune({ ...settings, data: spoilt, out: join(folder, 'clean') });
  expect(left).toMatchObject({ n: 400, skippedRows: { train: 2 } });
});

test('a part with fewer rows than asked for is told', async () => {
  const settings = { ...tinySettings(world, join(folder, 'few')), trainSize: 5000, epochs: 1 };
  expect(await told((onEvent) => weakToStrong(settings, { onEvent }))).toContainEqual({
    type: 'few-rows',
    part: 'weak',
    asked: 2500,
    found: expect.any(Number),
  });
});
