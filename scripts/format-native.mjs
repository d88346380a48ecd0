#!/usr/bin/env node
// clang-format over native/: checks, or with --write formats. Says so and passes where clang-format is missing.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const files = readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(cpp|h|cu|cuh)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];

const { status, error } = spawnSync('clang-format', [...mode, '--style=file', ...files], {
  cwd: root,
  stdio: 'inherit',
});
if (error)
  console.error('clang-format was not found: native/ was not looked at (apt-get install clang-format)');
else if (status === 0) console.log(`clang-format: ${files.length} files in order`);
process.exitCode = error ? 0 : (status ?? 1);
