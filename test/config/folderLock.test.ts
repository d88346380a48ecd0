import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderLock, type LockTiming } from '../../src/config/folderLock.js';
import { describeSelf, livenessOf } from '../../src/config/lockOwner.js';

const QUICK: LockTiming = { heartbeatMs: 25, staleMs: 400, pollMs: 10 };
const CHILD = fileURLToPath(new URL('./folderLockChild.mjs', import.meta.url));
const MODULE = fileURLToPath(new URL('../../src/config/folderLock.ts', import.meta.url));

let folder: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'w2s-lock-'));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(mode: string): ChildProcess {
  const child = spawn(process.execPath, [CHILD, MODULE, mode, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

const locks = (): string[] => readdirSync(folder).filter((name) => name.startsWith('lock-'));

async function exitOf(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}

/** A lock whose owner is elsewhere and silent since `ageMs`. */
function plant(owner: object, ageMs: number): void {
  const path = join(folder, 'lock-1.json');
  writeFileSync(path, JSON.stringify({ ...describeSelf('planted'), ...owner }));
  const then = (Date.now() - ageMs) / 1000;
  utimesSync(path, then, then);
}

describe('FolderLock', () => {
  test('is held by one at a time, within a process too', async () => {
    const first = await FolderLock.acquire(folder, {}, QUICK);
    const order: string[] = [];
    const second = FolderLock.acquire(folder, {}, QUICK).then((lock) => {
      order.push('second');
      return lock;
    });
    await new Promise((done) => setTimeout(done, 60));
    order.push('first released');
    await first.release();
    await (await second).release();
    expect(order).toEqual(['first released', 'second']);
  });

  test('leaves no trace when the folder is finished, and a mark otherwise', async () => {
    await (await FolderLock.acquire(folder, {}, QUICK)).release();
    expect(locks()).toEqual(['lock-1.json']);
    await (await FolderLock.acquire(folder, {}, QUICK)).release({ forGood: true });
    expect(existsSync(folder)).toBe(false);
    const other = join(folder, 'with', 'content');
    const lock = await FolderLock.acquire(other, {}, QUICK);
    writeFileSync(join(other, 'content'), '');
    await lock.release({ forGood: true });
    expect(readdirSync(other)).toEqual(['content']);
  });

  test('tells once whom it waits for, and stops waiting when aborted', async () => {
    await using _held = await FolderLock.acquire(folder, {}, QUICK);
    const abort = new AbortController();
    const waitedFor: number[] = [];
    const waiting = FolderLock.acquire(
      folder,
      { signal: abort.signal, onWait: ({ pid }) => waitedFor.push(pid) },
      QUICK,
    );
    setTimeout(() => abort.abort(), 80);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(waitedFor).toEqual([process.pid]);
  });

  test('a living owner keeps it however long, by its heartbeat', async () => {
    await using held = await FolderLock.acquire(folder, {}, QUICK);
    const abort = AbortSignal.timeout(1_000);
    await expect(FolderLock.acquire(folder, { signal: abort }, QUICK)).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    await held.assertHeld();
  });

  test('an owner that went silent elsewhere is followed, and then knows that it lost', async () => {
    // A heartbeat so slow that it never comes.
    const silent = await FolderLock.acquire(folder, {}, { ...QUICK, heartbeatMs: 1e6 });
    await using next = await FolderLock.acquire(folder, {}, QUICK);
    await next.assertHeld();
    await expect(silent.assertHeld()).rejects.toMatchObject({ code: 'ERR_STORE' });
    await silent.release();
    await next.assertHeld();
  });

  test.each([
    ['another host', { host: 'elsewhere' }],
    ['another boot or container', { place: 'elsewhere' }],
  ])('waits for a heartbeat from %s, not for its process id', async (_, owner) => {
    plant({ ...owner, pid: 2 ** 22 + 1 }, 0);
    const started = performance.now();
    await (await FolderLock.acquire(folder, {}, QUICK)).release();
    expect(performance.now() - started).toBeGreaterThan(QUICK.staleMs - 20);
  });

  test.each([
    ['a process that is gone', { pid: 2 ** 22 + 1 }],
    ['another process of the same id', { pid: process.ppid, startTime: '1' }],
  ])('takes over from %s at once', async (_, owner) => {
    plant(owner, 0);
    const lock = await FolderLock.acquire(folder, { signal: AbortSignal.timeout(5_000) });
    await lock.assertHeld();
    await lock.release();
  });

  test('a lock file that is not whole counts by its age', async () => {
    writeFileSync(join(folder, 'lock-1.json'), '{"pid":');
    await (await FolderLock.acquire(folder, { signal: AbortSignal.timeout(5_000) }, QUICK)).release();
  });

  test('clears what killed processes left', async () => {
    plant({ pid: 2 ** 22 + 1 }, 0);
    writeFileSync(join(folder, 'lock-of-somebody.tmp'), '');
    await using lock = await FolderLock.acquire(folder, {}, QUICK);
    await lock.assertHeld();
    expect(locks()).toEqual(['lock-2.json']);
  });
});

describe('between processes', () => {
  test('a killed owner, reaped or not, is followed at once', async () => {
    const owner = start('hold');
    await once(owner.stdout!, 'data');
    await expect(FolderLock.acquire(folder, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    owner.kill('SIGKILL');
    const lock = await FolderLock.acquire(folder, { signal: AbortSignal.timeout(10_000) });
    await lock.release();
  });

  test('many waiters on a dead lock come one after another', async () => {
    plant({ pid: 2 ** 22 + 1 }, 0);
    const waiters = Array.from({ length: 6 }, () => start('once'));
    expect(await Promise.all(waiters.map(exitOf))).toEqual([0, 0, 0, 0, 0, 0]);
    const log = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
    expect(new Set(log).size).toBe(6);
  });

  test('locking, unlocking and dying at random never makes two owners', async () => {
    const steady = Array.from({ length: 3 }, () => start('many'));
    const dying = Array.from({ length: 4 }, () => start('die'));
    const ends = await Promise.all([...steady, ...dying].map(exitOf));
    expect(ends).toEqual([0, 0, 0, 'SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL']);
    expect(readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').length).toBeGreaterThan(75);
  });
});

describe('livenessOf', () => {
  const self = describeSelf('x');
  test.each([
    ['this process', {}, 'unknown'],
    ['its parent', { pid: process.ppid, startTime: startTime(process.ppid) }, 'alive'],
    ['nobody', { pid: 2 ** 22 + 1 }, 'dead'],
    ['a reused id', { pid: process.ppid, startTime: '5' }, 'dead'],
    ['another host', { host: `${hostname()}2`, pid: 2 ** 22 + 1 }, 'unknown'],
  ])('%s', (_, changed, expected) => {
    expect(livenessOf({ ...self, ...changed })).toBe(expected);
  });
});

function startTime(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]!;
}
