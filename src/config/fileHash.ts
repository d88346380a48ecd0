import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { keepInCache, readFromCache } from './userCache.js';

/**
 * sha256 of files, computed once: a hash is kept in the user's cache under the file's path, and believed as
 * long as size, inode and both times (in nanoseconds) stay the same.
 */

/** A file this young may still change within one tick of the clock: its hash is not kept. */
const YOUNG_MS = 100;

interface Kept {
  path: string;
  fingerprint: string;
  sha256: string;
}

const keptFile = (path: string): string =>
  join('hashes', `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`);

async function fingerprintOf(path: string): Promise<{ fingerprint: string; changedMs: number }> {
  const s = await stat(path, { bigint: true });
  return {
    fingerprint: [s.size, s.mtimeNs, s.ctimeNs, s.dev, s.ino].join(':'),
    changedMs: Number(s.ctimeNs / 1_000_000n),
  };
}

async function readKept(path: string): Promise<Kept | undefined> {
  const kept = (await readFromCache(keptFile(path))) as Partial<Kept> | null | undefined;
  const whole = kept?.path === path && /^[0-9a-f]{64}$/.test(kept.sha256 ?? '') && kept.fingerprint;
  return whole ? (kept as Kept) : undefined;
}

/** sha256 of a file's bytes in hex. Rejects with the system's error where the file cannot be read. */
export async function hashFile(file: string): Promise<string> {
  const path = resolve(file);
  const { fingerprint, changedMs } = await fingerprintOf(path);
  const kept = await readKept(path);
  if (kept?.fingerprint === fingerprint) return kept.sha256;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const sha256 = hash.digest('hex');
  const after = await fingerprintOf(path);
  if (after.fingerprint === fingerprint && Date.now() - changedMs > YOUNG_MS) {
    await keepInCache(keptFile(path), { path, fingerprint, sha256 } satisfies Kept);
  }
  return sha256;
}
