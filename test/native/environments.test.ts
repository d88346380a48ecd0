/** Worker threads, an addon that is loaded twice, and processes that end in the middle of native work. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import type { NativeBinding } from '../../src/native/binding.js';
import { loadAddon } from '../../src/native/load.js';
import { goldenCase } from './fixtures.js';
import { manySequences, ONE_BY_ONE } from './work.js';

const { addon, raw } = await loadAddon();
const options = {
  folder: goldenCase('llama-grouped').folder,
  device: 'cpu',
  dtype: 'f32',
  head: 'lm',
  threads: 1,
} as const;
const sequences = manySequences(10);
const expected = await scoreWith(raw);
const scratch = mkdtempSync(join(tmpdir(), 'w2s-'));

afterAll(() => rmSync(scratch, { recursive: true }));

async function scoreWith(binding: NativeBinding): Promise<Float32Array> {
  const model = await binding.loadModel(options);
  const { logProbabilities } = await model.score(sequences, ONE_BY_ONE);
  model.dispose();
  return logProbabilities;
}

function open(file: string): NativeBinding {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports as NativeBinding;
}

describe('worker threads', () => {
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const module_ = { exports: {} };
    process.dlopen(module_, workerData.file);
    module_.exports.loadModel(workerData.options)
      .then((model) => model.score(workerData.sequences, workerData.budget))
      .then(({ logProbabilities }) => parentPort.postMessage(logProbabilities));`;

  it('give the same numbers, several at a time', async () => {
    const workerData = { file: addon.file, options, sequences, budget: ONE_BY_ONE };
    const workers = Array.from({ length: 3 }, () => new Worker(script, { eval: true, workerData }));
    const results = await Promise.all(workers.map((worker) => once(worker, 'message')));
    for (const [result] of results) expect(result).toEqual(expected);
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(await scoreWith(raw)).toEqual(expected);
  });
});

describe('an addon loaded twice', () => {
  const settings = { optimizer: 'adamw', weightDecay: 0, clip: 1, microBatchTokens: 64 } as const;

  it('has state of its own in each', async () => {
    const second = open(addon.file);
    const model = await raw.loadModel(options);
    expect(() => second.createTrainer(model, settings)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
    model.dispose();
    expect(await scoreWith(second)).toEqual(expected);
    second.shutdown();
    await expect(second.loadModel(options)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    expect(await scoreWith(raw)).toEqual(expected);
  });

  it('works from two files', async () => {
    const copy = join(scratch, 'w2s.node');
    copyFileSync(addon.file, copy);
    symlinkSync(readlinkSync(join(addon.folder, 'libtorch')), join(scratch, 'libtorch'));
    const second = open(copy);
    expect(await scoreWith(second)).toEqual(expected);
    second.shutdown();
  });
});

describe('a process', () => {
  const script = fileURLToPath(new URL('./children/busy.mjs', import.meta.url));

  async function run(way: string) {
    const child = spawn(process.execPath, [script, way], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (output.stdout += chunk));
    child.stderr.on('data', (chunk) => (output.stderr += chunk));
    const [code, signal] = await once(child, 'close');
    return { code, signal, stdout: output.stdout.trim(), stderr: output.stderr };
  }

  it('has been built before', () => {
    expect(
      existsSync(new URL('../../dist/native/index.js', import.meta.url)),
      'run `npm run build` first',
    ).toBe(true);
  });

  const cases: [string, string, { code: number; stdout?: string; stderr?: RegExp }][] = [
    ['exit', 'by process.exit in training', { code: 7 }],
    ['throw', 'by an uncaught exception', { code: 1, stderr: /not caught/ }],
    ['reject', 'by an unhandled rejection', { code: 1, stderr: /not handled/ }],
    ['interrupt', 'by a double Ctrl-C', { code: 130 }],
    ['terminate', 'after terminating workers', { code: 0 }],
    ['terminate-and-exit', 'by process.exit while a worker trains', { code: 9 }],
    ['pending', 'only once a pending call is done', { code: 0, stdout: '201' }],
    ['idle', 'by itself with handles left open', { code: 0 }],
    [
      'shutdown',
      'after shutdown, with calls rejected',
      { code: 0, stdout: 'ERR_ABORTED ERR_ABORTED ERR_ABORTED ERR_DISPOSED' },
    ],
  ];

  for (const [way, name, end] of cases) {
    it(`ends ${name}`, async () => {
      const { code, signal, stdout, stderr } = await run(way);
      expect({ code, signal }, stderr).toEqual({ code: end.code, signal: null });
      if (end.stdout !== undefined) expect(stdout).toBe(end.stdout);
      if (end.stderr) expect(stderr).toMatch(end.stderr);
    });
  }
});
