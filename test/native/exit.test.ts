/** Ctrl-C on the real executable in the middle of training: once saves and can go on, twice ends at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/native/paths.js';
import { temporaryWorld } from '../support/temporaryWorld.js';

const { folder, world } = temporaryWorld();

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** Starts a `train` that would take very long, interrupts it once its first optimizer steps are logged. */
async function interrupted(out: string, times: 1 | 2): Promise<Ended> {
  const { weak, strong, weakData, transferData, testData } = world;
  const flags = {
    weak,
    strong,
    'weak-data': weakData,
    'transfer-data': transferData,
    'test-data': testData,
    out,
  };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  words.push('--device', 'cpu', '--threads', '2', '--epochs', '100000', '--batch-size', '400');
  const child = spawn(process.execPath, ['bin/w2s-native.js', 'train', ...words], { cwd: packageRoot });
  const end = once(child, 'close');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.resume();
  await whenTraining(child, out);
  child.kill('SIGINT');
  if (times === 2) {
    // A second signal while the first is still pending would be merged with it.
    while (!stderr.includes('once more')) await pause(1);
    child.kill('SIGINT');
  }
  await end;
  return { code: child.exitCode, signal: child.signalCode, stderr };
}

async function whenTraining(child: ChildProcess, out: string): Promise<void> {
  const steps = join(out, 'steps');
  const logged = () =>
    existsSync(steps) &&
    readdirSync(steps).some((step) => {
      const file = join(steps, step, 'metrics.jsonl');
      return existsSync(file) && statSync(file).size > 0;
    });
  while (!logged()) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error('train ended before it trained');
    await pause(10);
  }
}

function hasCheckpoint(out: string): boolean {
  return readdirSync(join(out, 'steps')).some((step) =>
    existsSync(join(out, 'steps', step, 'checkpoint', 'latest.json')),
  );
}

test('Ctrl-C ends with 130 after saving, and says how to go on', { timeout: 120_000 }, async () => {
  const out = join(folder, 'once');
  const { code, signal, stderr } = await interrupted(out, 1);
  expect({ code, signal }, stderr).toEqual({ code: 130, signal: null });
  expect(hasCheckpoint(out)).toBe(true);
  expect(stderr).toContain('same command');
  expect(stderr).not.toMatch(/^ {4}at /m);
});

test('a second Ctrl-C ends at once with 130, never by a signal', { timeout: 120_000 }, async () => {
  for (let round = 0; round < 3; round++) {
    const { code, signal, stderr } = await interrupted(join(folder, `twice${round}`), 2);
    expect({ code, signal }, stderr).toEqual({ code: 130, signal: null });
  }
});
