#!/usr/bin/env node
// Stands in for node-gyp where a tool insists on it (prebuildify by PREBUILD_NODE_GYP, binding.gyp by its action):
// ignores its arguments, builds as everything else builds, and leaves one addon in build/Release.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Not below build/, which node-gyp wipes.
const script = join(root, 'scripts', 'build-addon.mjs');
const { status } = spawnSync(process.execPath, [script, '-D', 'W2S_CUDA=OFF'], {
  cwd: root,
  stdio: 'inherit',
});
if (status === 0) {
  mkdirSync(join(root, 'build', 'Release'), { recursive: true });
  copyFileSync(join(root, 'out', 'addon', 'w2s.node'), join(root, 'build', 'Release', 'w2s.node'));
}
process.exitCode = status ?? 1;
