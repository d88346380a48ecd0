/** A PATH, a python3 and a libtorch that say what a test wants them to. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { libraryName } from '../../src/native/libtorch.js';
import { which } from '../../src/native/process.js';

/** Fresh folders for each test, and the environment put back after it. */
export function sandbox(): { path: (...parts: string[]) => string } {
  let folder = '';
  const kept: Record<string, string | undefined> = {};
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'w2s-native-test-'));
    for (const name of ['PATH', 'W2S_LIBTORCH', 'W2S_CACHE', 'CXX']) kept[name] = process.env[name];
    delete process.env.W2S_LIBTORCH;
    delete process.env.CXX;
    process.env.W2S_CACHE = join(folder, 'cache');
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(kept)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return { path: (...parts) => join(folder, ...parts) };
}

/** Make PATH a folder that holds only these programs of the real one. */
export function onlyPrograms(folder: string, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const real = which([name]);
    if (real) symlinkSync(real, join(folder, name));
  }
  process.env.PATH = folder;
}

/** A python3 whose pip is this shell script; everything else goes to the real python3 (`torch` as told). */
export function fakePython(
  folder: string,
  { pip = 'exit 1', torch = '' }: { pip?: string; torch?: string },
): void {
  const real = which(['python3']) ?? 'python3';
  mkdirSync(folder, { recursive: true });
  const script = [
    '#!/bin/sh',
    'case "$*" in',
    `  *find_spec*) echo "${torch}" ;;`,
    '  "-m pip --version"*) ' +
      (pip === 'missing' ? 'echo "No module named pip" >&2; exit 1' : 'echo pip 99') +
      ' ;;',
    `  "-m pip"*) ${pip === 'missing' ? 'exit 1' : pip} ;;`,
    `  *) exec "${real}" "$@" ;;`,
    'esac',
  ].join('\n');
  writeFileSync(join(folder, 'python3'), script);
  chmodSync(join(folder, 'python3'), 0o755);
  process.env.PATH = `${folder}:${process.env.PATH}`;
}

/** A folder that looks like a libtorch of this version. */
export function fakeLibtorch(folder: string, version: string, { cuda = false } = {}): string {
  const headers = join(folder, 'include', 'torch', 'headeronly');
  for (const inner of [join(folder, 'lib'), join(folder, 'include', 'ATen', 'core'), headers]) {
    mkdirSync(inner, { recursive: true });
  }
  writeFileSync(join(folder, 'lib', libraryName), '');
  if (cuda) writeFileSync(join(folder, 'lib', 'libtorch_cuda.so'), '');
  writeFileSync(join(folder, 'include', 'ATen', 'core', 'Tensor.h'), '');
  const [major, minor, patch] = version.split('.');
  const defines = { MAJOR: major, MINOR: minor, PATCH: patch };
  const text = Object.entries(defines).map(([part, number]) => `#define TORCH_VERSION_${part} ${number}\n`);
  writeFileSync(join(headers, 'version.h'), text.join(''));
  return folder;
}
