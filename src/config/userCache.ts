import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The folder that all projects of this user share: hub models, file hashes, libtorch. `W2S_CACHE` wins,
 * else the platform's usual place.
 */
export function userCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.W2S_CACHE) return environment.W2S_CACHE;
  if (environment.XDG_CACHE_HOME) return join(environment.XDG_CACHE_HOME, 'w2s-native');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'w2s-native');
  if (process.platform === 'win32' && environment.LOCALAPPDATA) {
    return join(environment.LOCALAPPDATA, 'w2s-native', 'Cache');
  }
  return join(homedir(), '.cache', 'w2s-native');
}

/** A JSON value kept under this name; undefined where there is none, or none that can be read. */
export async function readFromCache(name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(userCacheFolder(), name), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Keeps a JSON value, atomically. A cache that cannot be written only costs time: failures are silent. */
export async function keepInCache(name: string, value: unknown): Promise<void> {
  const file = join(userCacheFolder(), name);
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, JSON.stringify(value));
    await rename(draft, file);
  } catch {
    // See above.
  }
}
