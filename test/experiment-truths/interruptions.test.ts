/** A run may be killed at any moment, interrupted, or shared by two processes: the result is the same. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stream } from '../../src/data/random.js';
import { type RunEvent, weakToStrong } from '../../src/index.js';
import { openStore } from '../../src/store/index.js';
import { allResults, temporaryFolder, weightsOf } from '../support/results.js';
import { type TinyWorld, tinySettings, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
const undisturbed = join(folder, 'undisturbed');
let world: TinyWorld;

beforeAll(async () => {
  world = writeTinyWorld(join(folder, 'world'));
  await weakToStrong(tinySettings(world, undisturbed));
});
afterAll(cleanUp);

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  started: string[];
  stderr: string;
}

function trainInChild(settings: object, options: { dieAt?: number } = {}): Promise<Ended> {
  const script = fileURLToPath(new URL('./children/train.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(settings), JSON.stringify(options)]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const started = [...stdout.matchAll(/^start (\w+)$/gm)].map((match) => match[1] ?? '');
      resolve({ code, signal, started, stderr });
    });
  });
}

test('killed at ten random moments, it ends with the identical results', { timeout: 240_000 }, async () => {
  const out = join(folder, 'killed');
  const settings = { ...tinySettings(world, out), checkpointEvery: 0.02 };
  const random = stream(7, 'kills');
  for (let kill = 0; kill < 10; kill++) {
    const { signal, stderr } = await trainInChild(settings, { dieAt: 3 + random.below(28) });
    expect(signal, stderr).toBe('SIGKILL');
  }
  expect(existsSync(join(out, 'runs'))).toBe(false);
  const last = await trainInChild(settings);
  expect(last.code, last.stderr).toBe(0);
  expect(allResults(out)).toEqual(allResults(undisturbed));
  // Every optimizer step has its line once, with the losses of the undisturbed run.
  for (const hash of readdirSync(join(out, 'steps'))) {
    expect(lossesOf(out, hash)).toEqual(lossesOf(undisturbed, hash));
  }
});

function lossesOf(out: string, hash: string): [number, number][] {
  const file = join(out, 'steps', hash, 'metrics.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const { step, loss } = JSON.parse(line) as { step: number; loss: number };
    return [step, loss];
  });
}

test('two processes on one store do each step once', { timeout: 120_000 }, async () => {
  const out = join(folder, 'shared');
  const settings = tinySettings(world, out);
  const both = await Promise.all([trainInChild(settings), trainInChild(settings)]);
  expect(
    both.map(({ code }) => code),
    both.map(({ stderr }) => stderr).join(),
  ).toEqual([0, 0]);
  const started = both.flatMap((one) => one.started).sort();
  expect(started).toEqual(readdirSync(join(out, 'steps')).sort());
  expect(allResults(out)).toEqual(allResults(undisturbed));
});

/** Runs until the `count`-th progress event of a role, then aborts. */
async function abortAt(settings: object, role: string, count: number): Promise<unknown> {
  const controller = new AbortController();
  let seen = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === 'progress' && event.role === role && ++seen === count) controller.abort();
  };
  return weakToStrong(settings, { signal: controller.signal, onEvent }).catch((error: unknown) => error);
}

test('an abort saves after the step, and the same call goes on from there', async () => {
  const out = join(folder, 'aborted');
  const settings = tinySettings(world, out);
  expect(await abortAt(settings, 'student', 20)).toMatchObject({ code: 'ERR_ABORTED', exitCode: 130 });
  const hash = readdirSync(join(out, 'steps')).find((name) =>
    existsSync(join(out, 'steps', name, 'checkpoint')),
  );
  expect((await openStore(out).readCheckpoint(hash ?? ''))?.step).toBe(20);
  const seen: number[] = [];
  await weakToStrong(settings, {
    onEvent: (event) => {
      if (event.type === 'progress' && event.role === 'student') seen.push(event.done);
    },
  });
  expect(seen[0]).toBe(21);
  expect(allResults(out)).toEqual(allResults(undisturbed));
});

test('a resumed step keeps the micro-batch and threads it began with', async () => {
  const out = join(folder, 'micro');
  const small = { ...tinySettings(world, out), microBatchTokens: 20 };
  const whole = await weakToStrong({ ...small, out: join(folder, 'micro-undisturbed') });
  await abortAt(small, 'weak', 10);
  const resumed = await weakToStrong({ ...small, microBatchTokens: 8192 });
  expect(await weightsOf(out, resumed, 'weak')).toBe(
    await weightsOf(join(folder, 'micro-undisturbed'), whole, 'weak'),
  );
});

test('a diverging run says at which step, and keeps the last good checkpoint', async () => {
  const out = join(folder, 'diverged');
  const settings = { ...tinySettings(world, out), weakLr: 1e30, clip: 0, checkpointEvery: 0 };
  await expect(weakToStrong(settings)).rejects.toMatchObject({
    code: 'ERR_NOT_FINITE',
    exitCode: 6,
    message: expect.stringMatching(/step \d+.*not finite/),
  });
  const [weak] = readdirSync(join(out, 'steps'));
  expect(existsSync(join(out, 'steps', weak ?? '', 'result.json'))).toBe(false);
});

test('without --keep-models no weights stay, with it they do, and a dropped model is trained again', async () => {
  const kept = join(folder, 'kept');
  const first = await weakToStrong({ ...tinySettings(world, kept), keepModels: true });
  expect(existsSync(join(kept, 'steps', first.steps.student ?? '', 'model', 'model.safetensors'))).toBe(true);
  expect(existsSync(join(undisturbed, 'steps', first.steps.student ?? '', 'model'))).toBe(false);
  const more = { ...tinySettings(world, undisturbed), strongLr: 5e-3, testData: world.weakData };
  const started: string[] = [];
  await weakToStrong(more, {
    onEvent: (event) => {
      if (event.type === 'step-start') started.push(event.role);
    },
  });
  expect(started.filter((role) => role === 'weak')).toHaveLength(1);
});
