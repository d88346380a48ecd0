/** Files of more rows than are in memory at a time: the same predictions, in order. */
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { evaluate, label } from '../../src/index.js';
import { WINDOW } from '../../src/steps/score.js';
import { readRows } from '../support/results.js';
import { temporaryWorld } from '../support/temporaryWorld.js';
import { sentences, writeJsonl } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, world } = temporaryWorld();

const machine = { device: 'cpu', threads: 1 } as const;
const rows = sentences(WINDOW + 300, 7, 'long');
const read = readRows<{ id: string; logits: number[]; label?: number }>;

test('rows on either side of a window are answered as they are alone', async () => {
  const out = join(folder, 'windows');
  const data = writeJsonl(join(folder, 'long.jsonl'), rows);
  const settings = { ...machine, model: world.strong, head: 'unembedding', answers: 'No,Yes', out } as const;
  const seen: { done: number; total: number; tokensPerSecond?: number }[] = [];
  const onEvent = (event: { type: string }) => {
    if (event.type === 'progress') seen.push(event as unknown as (typeof seen)[number]);
  };
  const file = join(folder, 'labels.jsonl');
  const labelled = await label({ ...settings, data, export: file }, { onEvent });
  expect(labelled.n).toBe(rows.length);
  const lines = read(file);
  expect(lines.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));

  const parts = rows.slice(WINDOW - 50, WINDOW + 50);
  const few = join(folder, 'few-labels.jsonl');
  const some = writeJsonl(join(folder, 'few.jsonl'), parts);
  await label({ ...settings, data: some, export: few });
  for (const [i, { id, logits }] of read(few).entries()) {
    const line = lines[WINDOW - 50 + i];
    expect(line?.id).toBe(id);
    logits.forEach((logit, k) => {
      expect(line?.logits[k]).toBeCloseTo(logit, 4);
    });
  }

  const dones = seen.map(({ done }) => done);
  expect(dones).toEqual([...dones].sort((a, b) => a - b));
  expect(seen.at(-1)).toMatchObject({ done: rows.length, total: rows.length });
  expect(seen.every(({ tokensPerSecond }) => (tokensPerSecond ?? 0) > 0)).toBe(true);
});

test('an evaluation counts all of them', async () => {
  const out = join(folder, 'windows');
  const data = writeJsonl(join(folder, 'long.jsonl'), rows);
  const scored = await evaluate({
    ...machine,
    model: world.strong,
    head: 'unembedding',
    answers: 'No,Yes',
    testData: data,
    out,
  });
  const lines = read(join(out, 'steps', scored.step, 'predictions.jsonl'));
  expect(lines.map(({ label: truth }) => truth)).toEqual(rows.map((row) => row.label));
  const right = lines.filter(({ logits, label: truth }) => Number(logits[1]! > logits[0]!) === truth).length;
  expect(scored.accuracy).toBeCloseTo(right / rows.length, 6);
  expect(scored.n).toBe(rows.length);
});
