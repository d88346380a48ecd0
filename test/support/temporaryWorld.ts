import { join } from 'node:path';
import { afterAll } from 'vitest';
import { temporaryFolder } from './results.js';
import { type TinyWorld, writeTinyWorld } from './tinyWorld.js';

/** A tiny world, in a folder that is removed after the tests of the file. */
export function temporaryWorld(): { folder: string; world: TinyWorld } {
  const { folder, cleanUp } = temporaryFolder();
  afterAll(cleanUp);
  return { folder, world: writeTinyWorld(join(folder, 'world')) };
}
