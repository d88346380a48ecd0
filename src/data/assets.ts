import { fileURLToPath } from 'node:url';

/** Where the built-in data and models lie: beside `src` and `dist`. `W2S_ASSETS` is for tests. */
export function assetsFolder(): string {
  return process.env.W2S_ASSETS ?? fileURLToPath(new URL('../../assets', import.meta.url));
}
