import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { W2sError } from '../errors.js';
import { describeSelf, livenessOf, type Owner } from './lockOwner.js';

/**
 * One owner per folder, over processes and machines. A folder holds files `lock-1.json`, `lock-2.json`, …;
 * the highest number counts. A file is made by a hard link of a finished one, which succeeds for one process
 * only. A waiter that finds the owner of number n dead makes n + 1, so that of several waiters one succeeds,
 * and none ever removes what another has just made. A waiter with an old view of the folder may make a number
 * that was used and cleared long ago: so whoever makes one looks again, and withdraws unless it is the highest
 * and the file that it supersedes is still the one that it saw.
 */

export interface LockTiming {
  /** How often an owner shows that it lives. */
  heartbeatMs: number;
  /** Without a heartbeat for so long, an owner elsewhere counts as dead. */
  staleMs: number;
  /** The longest pause between two looks at a lock that is held. */
  pollMs: number;
}

/** Network file systems show a change up to a minute late: stale is well beyond. */
export const LOCK_TIMING: LockTiming = { heartbeatMs: 10_000, staleMs: 120_000, pollMs: 1_000 };

export interface AcquireOptions {
  signal?: AbortSignal | undefined;
  /** Called once when somebody else holds the lock. */
  onWait?: ((owner: { pid: number; host: string }) => void) | undefined;
}

interface LockFile {
  number: number;
  owner: Owner | null;
  released: boolean;
  /** By the file system's clock, milliseconds. */
  beatAt: number;
}

const LOCK_NAME = /^lock-(\d+)\.json$/;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const pathOf = (folder: string, number: number): string => join(folder, `lock-${number}.json`);

/** A lock that this process holds. Release it in a `finally`. */
export class FolderLock {
  private released = false;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly folder: string,
    private readonly number: number,
    private readonly owner: Owner,
    heartbeatMs: number,
  ) {
    this.timer = setInterval(() => void this.beat(), heartbeatMs);
    this.timer.unref();
  }

  /**
   * Waits until no living owner holds the folder, and takes it. The folder is made when it is missing.
   *
   * @throws ERR_ABORTED when the signal fires while waiting; the file system's errors as they are
   */
  static async acquire(
    folder: string,
    options: AcquireOptions = {},
    timing: LockTiming = LOCK_TIMING,
  ): Promise<FolderLock> {
    const owner = describeSelf(randomUUID());
    const watch = new HeartbeatWatch(folder, timing);
    let told = false;
    for (let pause = 20; ; pause = Math.min(pause * 2, timing.pollMs)) {
      throwIfAborted(options.signal);
      const top = await highestLock(folder);
      if (top === null || top.released || (await watch.isDead(top))) {
        if (await tryTake(folder, top, owner)) {
          return new FolderLock(folder, numberAfter(top), owner, timing.heartbeatMs);
        }
        // Waiters that met must not meet again for ever.
        await sleep(Math.random() * 20);
        continue;
      }
      if (!told && top.owner !== null) options.onWait?.({ pid: top.owner.pid, host: top.owner.host });
      told ||= top.owner !== null;
      await sleep(pause, undefined, { signal: options.signal }).catch(() => {});
    }
  }

  /**
   * @throws ERR_STORE when another process took the lock over, because this one seemed dead for too long
   */
  async assertHeld(): Promise<void> {
    const top = await highestLock(this.folder);
    if (!this.released && top?.number === this.number && top.owner?.id === this.owner.id) return;
    throw new W2sError(
      'ERR_STORE',
      `Expected this process to hold the lock of ${this.folder} but received process ${top?.owner?.pid ?? 'none'}`,
      { hint: 'It was silent for too long and another one took over. Run the same command again' },
    );
  }

  /**
   * Lets others in. `forGood`: the folder is finished and will not be locked again, so no trace is left, nor
   * the folder itself if it is empty.
   */
  async release({ forGood = false } = {}): Promise<void> {
    if (this.released) return;
    this.released = true;
    clearInterval(this.timer);
    const path = pathOf(this.folder, this.number);
    if (forGood) {
      await rm(path, { force: true });
      await rmdir(this.folder).catch(() => {});
      return;
    }
    const temporary = join(this.folder, `lock-${this.owner.id}.tmp`);
    await writeFile(temporary, JSON.stringify({ ...this.owner, released: true }));
    await rename(temporary, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** Writes the first byte over itself: the file system's own clock stamps it. */
  private async beat(): Promise<void> {
    try {
      const handle = await open(pathOf(this.folder, this.number), 'r+');
      try {
        if (!this.released) await handle.write('{', 0);
      } finally {
        await handle.close();
      }
    } catch {
      // A missed beat is not an error; one too many shows in `assertHeld`.
    }
  }
}

/** Tells a dead owner from a living one; remembers when it last saw a heartbeat. */
class HeartbeatWatch {
  private seen: { key: string; since: number } | null = null;

  constructor(
    private readonly folder: string,
    private readonly timing: LockTiming,
  ) {}

  async isDead(lock: LockFile): Promise<boolean> {
    const liveness = lock.owner === null ? 'unknown' : livenessOf(lock.owner);
    if (liveness !== 'unknown') return liveness === 'dead';
    const key = `${lock.number} ${lock.beatAt}`;
    if (this.seen?.key !== key) this.seen = { key, since: performance.now() };
    // Both clocks must agree: a machine that slept finds every lock old, and its owner about to beat again.
    const watched = performance.now() - this.seen.since;
    if (watched < this.timing.heartbeatMs * 1.5) return false;
    return (await fileSystemNow(this.folder)) - lock.beatAt > this.timing.staleMs;
  }
}

/** The time that the file system gives to a file written now: on a network, its server's. */
async function fileSystemNow(folder: string): Promise<number> {
  const path = join(folder, `lock-${randomUUID()}.tmp`);
  try {
    await writeFile(path, '');
    return (await stat(path)).mtimeMs;
  } catch (error) {
    // A new owner cleared it away: nothing is known, and nothing compares with it.
    if (isMissing(error)) return Number.NaN;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

async function highestLock(folder: string): Promise<LockFile | null> {
  for (;;) {
    const numbers = await lockNumbers(folder);
    if (numbers.length === 0) return null;
    const found = await readLock(folder, Math.max(...numbers));
    if (found !== null) return found;
    // It was cleared between the two looks: look again.
  }
}

async function lockNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.map((name) => Number(LOCK_NAME.exec(name)?.[1] ?? 0)).filter((number) => number > 0);
}

async function readLock(folder: string, number: number): Promise<LockFile | null> {
  const path = pathOf(folder, number);
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const parsed = parseOwner(text);
    return { number, owner: parsed?.owner ?? null, released: parsed?.released ?? false, beatAt: mtimeMs };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Null for a file that is not a whole lock: then only its age counts. */
function parseOwner(text: string): { owner: Owner; released: boolean } | null {
  try {
    const { id, pid, host, place, startTime, released } = JSON.parse(text) as Owner & { released?: boolean };
    if (typeof id !== 'string' || typeof pid !== 'number' || typeof host !== 'string') return null;
    return { owner: { id, pid, host, place, startTime }, released: released === true };
  } catch {
    return null;
  }
}

const numberAfter = (top: LockFile | null): number => (top?.number ?? 0) + 1;

/** Tries to become the owner after `top`; false when somebody else was faster. */
async function tryTake(folder: string, top: LockFile | null, owner: Owner): Promise<boolean> {
  const number = numberAfter(top);
  if (!(await createExclusively(folder, number, owner))) return false;
  const highest = Math.max(...(await lockNumbers(folder)));
  const superseded = top === null ? null : await readLock(folder, top.number);
  if (
    highest !== number ||
    superseded?.owner?.id !== top?.owner?.id ||
    (superseded === null) !== (top === null)
  ) {
    await rm(pathOf(folder, number), { force: true });
    return false;
  }
  await clearRemains(folder, number);
  return true;
}

async function createExclusively(folder: string, number: number, owner: Owner): Promise<boolean> {
  const temporary = join(folder, `lock-${owner.id}.tmp`);
  const content = JSON.stringify(owner);
  // Outside: where no folder can be made at all (/proc answers ENOENT), trying again would go on for ever.
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(temporary, content);
    await link(temporary, pathOf(folder, number));
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ENOENT: a new owner cleared our file away as remains of somebody dead, or the folder as finished.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    if (!NO_HARD_LINKS.has(code ?? '')) throw error;
    return createWithoutLinks(folder, number, content);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What file systems without hard links answer. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** As exclusive, but for a moment the file is empty: readers then go by its age. */
async function createWithoutLinks(folder: string, number: number, content: string): Promise<boolean> {
  try {
    await writeFile(pathOf(folder, number), content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes lower locks, and what killed processes left. */
async function clearRemains(folder: string, number: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const lower = Number(LOCK_NAME.exec(name)?.[1] ?? Number.POSITIVE_INFINITY) < number;
    if (lower || /^lock-.*\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new W2sError('ERR_ABORTED', 'Expected the lock of a step but received an interrupt while waiting', {
    cause: signal.reason,
    hint: 'Run the same command again to go on',
  });
}
