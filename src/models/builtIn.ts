import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the built-in models lie: beside `src` and `dist`. `W2S_ASSETS` is for tests. */
export function modelAssets(): string {
  return join(process.env.W2S_ASSETS ?? fileURLToPath(new URL('../../assets', import.meta.url)), 'models');
}

/** Names of all built-in models, sorted. */
export async function builtInModelNames(): Promise<readonly string[]> {
  const entries = await readdir(modelAssets(), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
