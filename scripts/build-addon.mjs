#!/usr/bin/env node
// Compiles native/ against one libtorch and lays the result beside a link to it. The one path to a binary:
// `npm run build:native`, `setup` and prebuilds all come here.
//
//   node scripts/build-addon.mjs [--libtorch FOLDER] [--build FOLDER] [--install FOLDER] [-D NAME=VALUE …]
//
// FOLDER of --libtorch holds `lib` and `include` (a wheel's `torch` folder does); default: $W2S_LIBTORCH.
// --build (default: out) keeps object files, so that a second build compiles only what changed.
// --install (default: <build>/addon) gets w2s.node, w2s_cuda.so where it was built, and the link `libtorch`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    libtorch: { type: 'string', default: process.env.W2S_LIBTORCH },
    build: { type: 'string', default: join(root, 'out') },
    install: { type: 'string' },
    define: { type: 'string', short: 'D', multiple: true, default: [] },
  },
});

if (!values.libtorch || !existsSync(join(values.libtorch, 'include'))) {
  fail(
    `Expected a folder with lib and include for --libtorch but received ${values.libtorch ?? 'nothing'}. ` +
      'Set it: W2S_LIBTORCH=$(python3 -c "import importlib.util as u; print(u.find_spec(\'torch\').submodule_search_locations[0])") npm run build:native',
  );
}
const libtorch = resolve(values.libtorch);
const build = resolve(values.build);
const install = resolve(values.install ?? join(build, 'addon'));

forgetOtherGenerator(build);
// AUTO is said each time: CMake's cache would keep what an earlier build was told.
const definitions = [`W2S_LIBTORCH=${libtorch}`, 'W2S_CUDA=AUTO', ...values.define];
const cudaIsRequired = definitions.includes('W2S_CUDA=ON');
if (!cmakeJs('configure', ...definitions.map((definition) => `--CD${definition}`))) fail('cmake failed');
const jobs = ['-p', String(availableParallelism())];
if (!cmakeJs('build', '-T', 'w2s', ...jobs)) fail('the addon did not compile');
const hasCuda = existsSync(join(build, 'w2s_cuda.enabled')) && cmakeJs('build', '-T', 'w2s_cuda', ...jobs);
if (!hasCuda) {
  rmSync(join(build, 'Release', 'w2s_cuda.so'), { force: true });
  if (cudaIsRequired) fail('the CUDA library did not compile');
  if (existsSync(join(build, 'w2s_cuda.enabled')))
    console.error('CUDA library: did not compile; going on without');
}

mkdirSync(install, { recursive: true });
for (const name of ['w2s.node', 'w2s_cuda.so']) {
  place(join(build, 'Release', name), join(install, name));
}
linkLibtorch(join(libtorch, 'lib'), join(install, 'libtorch'));
console.log(join(install, 'w2s.node'));

/** Whether it went well. @param {string} command @param {string[]} options */
function cmakeJs(command, ...options) {
  const script = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const args = [script, command, '-d', root, '-O', build, '-B', 'Release', ...options];
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0;
}

/** CMake refuses a folder that Make configured once ninja was installed since, and the other way round. */
function forgetOtherGenerator(/** @type {string} */ folder) {
  const cache = join(folder, 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const text = readFileSync(cache, 'utf8');
  const before = /^CMAKE_GENERATOR:INTERNAL=(.*)$/m.exec(text)?.[1];
  const source = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(text)?.[1];
  const ninja = spawnSync('ninja', ['--version']).status === 0;
  if ((before === 'Ninja') !== ninja || source !== root) rmSync(folder, { recursive: true });
}

/** Copies by rename, so that a process that has the old binary open keeps it. */
function place(/** @type {string} */ from, /** @type {string} */ to) {
  if (!existsSync(from)) return rmSync(to, { force: true });
  const temporary = `${to}.${process.pid}`;
  copyFileSync(from, temporary);
  renameSync(temporary, to);
}

function linkLibtorch(/** @type {string} */ target, /** @type {string} */ link) {
  const temporary = `${link}.${process.pid}`;
  symlinkSync(target, temporary, 'dir');
  renameSync(temporary, link);
}

/** @returns {never} */
function fail(/** @type {string} */ message) {
  console.error(`build-addon: ${message}`);
  process.exit(1);
}
