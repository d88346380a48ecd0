#!/usr/bin/env node
// Makes prebuilds/<platform>-<arch>/w2s-native.node, and beside it what the loader has to know before it loads it:
// the libtorch it was built for and the sources it was built from. Nothing of libtorch goes into it: the addon finds
// that in the folder `libtorch` beside it. Takes the libtorch that set-up would take; needs a compiled dist/.
import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceHash } from '../dist/native/build.js';
import { discoverLibtorch } from '../dist/native/libtorch.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { found, passedOver } = await discoverLibtorch();
const [libtorch] = found;
if (!libtorch) {
  const why = passedOver.map((place) => `${place.from}: ${place.why}`).join('; ');
  console.error(
    `Expected a libtorch for a prebuild but received none (${why}). Get one: node bin/w2s-native.js setup`,
  );
  process.exit(3);
}

const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
rmSync(folder, { recursive: true, force: true });
const bin = createRequire(import.meta.url).resolve('prebuildify/bin.js');
const { status } = spawnSync(
  process.execPath,
  [bin, '--napi', '--strip', '--target', process.versions.node],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      W2S_LIBTORCH: libtorch.folder,
      PREBUILD_NODE_GYP: join(root, 'scripts', 'node-gyp.mjs'),
    },
  },
);
if (status !== 0) process.exit(status ?? 1);

const [made] = readdirSync(folder).filter((name) => name.endsWith('.node'));
if (!made) throw new Error(`prebuildify left no addon in ${folder}`);
renameSync(join(folder, made), join(folder, 'w2s-native.node'));
const sidecar = { builtFor: libtorch.version, source: await sourceHash(root), cuda: false };
writeFileSync(join(folder, 'w2s-native.json'), `${JSON.stringify(sidecar)}\n`);
console.log(`prebuilt for libtorch ${libtorch.version}: ${join(folder, 'w2s-native.node')}`);
