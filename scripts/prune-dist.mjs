#!/usr/bin/env node
// Removes what an earlier build left in dist/ and no source stands for any more: tsc never deletes, and npm packs all
// of dist/.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const source = /^(.*)\.(d\.ts|js|js\.map)$/.exec(file)?.[1];
  if (source === undefined || existsSync(join(root, 'src', `${source}.ts`))) continue;
  rmSync(join(dist, file), { force: true });
}
