/** A whole experiment on a published data set, from what stands in for the hub. */
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, expect, test, vi } from 'vitest';
import { weakToStrong } from '../../src/index.js';
import { loadAddon } from '../../src/native/load.js';
import { balancedSentences, writeTinyWorld } from '../support/tinyWorld.js';
import { hubServer } from './hubServer.js';
import { temporaryFolder } from './support.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder } = temporaryFolder();

// Before the tests have a cache of their own.
beforeAll(() => loadAddon());

function split(count: number, seed: number): Uint8Array {
  const rows = balancedSentences(count, seed, 'x');
  const columnData = [
    { name: 'idx', data: rows.map((_, i) => i), type: 'INT32' as const },
    { name: 'sentence', data: rows.map(({ text }) => text ?? ''), type: 'STRING' as const },
    { name: 'label', data: rows.map(({ label }) => BigInt(Number(label))), type: 'INT64' as const },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

const hub = hubServer({
  'stanfordnlp/sst2': {
    'refs/convert/parquet/default/train/0000.parquet': split(400, 1),
    'refs/convert/parquet/default/validation/0000.parquet': split(100, 2),
  },
});

test('train needs a name alone, and later neither the hub nor a second training', async () => {
  const { weak, strong } = writeTinyWorld(join(folder, 'world'));
  const settings = {
    ...{ dataset: 'sst2', weak, strong, out: join(folder, 'run') },
    ...{ epochs: 3, batchSize: 16, lr: 1e-2, device: 'cpu', threads: 1 },
  } as const;
  const first = await weakToStrong(settings);
  expect(first.ceiling).toMatchObject({ n: 100 });
  expect(first.ceiling.accuracy).toBeGreaterThan(0.7);
  hub.requests = [];
  process.env.HF_HUB_OFFLINE = '1';
  const trained: string[] = [];
  const second = await weakToStrong(settings, {
    onEvent: ({ type }) => {
      if (type === 'step-start') trained.push(type);
    },
  });
  expect(second.perSeed).toEqual(first.perSeed);
  expect([hub.requests, trained]).toEqual([[], []]);
});
