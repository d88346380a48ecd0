import { homedir } from 'node:os';
import { join } from 'node:path';

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
