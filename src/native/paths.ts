/** Where things lie: the package itself, and this user's cache of libtorch and built addons. */
import { accessSync, constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { userCacheFolder } from '../config/userCache.js';
import { W2sError } from '../errors.js';

/** The package's own folder, from `src/native` and from `dist/native` alike. */
export const packageRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

export function libtorchCache(): string {
  return join(userCacheFolder(), 'libtorch');
}

export function addonCache(): string {
  return join(userCacheFolder(), 'addon');
}

/** Object files stay in a checkout, so that a second build compiles only what changed; else in the cache. */
export function buildFolder(key: string): { folder: string; keep: boolean } {
  const installed = packageRoot.split(/[\\/]/).includes('node_modules');
  if (!installed && isWritable(packageRoot)) return { folder: join(packageRoot, 'out'), keep: true };
  return { folder: join(userCacheFolder(), 'build', key), keep: false };
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Bytes free where this folder is, or will be: asks the nearest folder above that exists. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder) throw error;
    return freeBytes(parent);
  }
}

/** Rejects with ERR_DISK when fewer bytes are free where `folder` is or will be. */
export async function requireDisk(folder: string, bytes: number, purpose: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= bytes) return;
  throw new W2sError(
    'ERR_DISK',
    `Expected ${gigabytes(bytes)} free in ${folder} for ${purpose} but received ${gigabytes(free)}.`,
    {
      hint: 'Free some space, or put the cache on another disk: W2S_CACHE=/path/with/space npx w2s-native setup',
    },
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
