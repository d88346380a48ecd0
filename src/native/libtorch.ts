/** Finding libtorch on this machine, and telling what was found. Nothing here downloads or loads anything. */
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { W2sError } from '../errors.js';
import { libtorchCache } from './paths.js';
import { compareVersions, SUPPORTED_FROM } from './pinned.js';
import { run } from './process.js';

export type LibtorchSource = 'W2S_LIBTORCH' | 'chosen' | 'python3' | 'cache';

export interface Libtorch {
  /** Real path of the folder that holds `lib` and `include`. */
  folder: string;
  /** Without a suffix such as `+cpu`. */
  version: string;
  /** Built for CUDA. */
  cuda: boolean;
  from: LibtorchSource;
}

/** A place that was looked at and has no libtorch that can be used, with the reason. */
export interface Unusable {
  from: LibtorchSource;
  why: string;
}

export const libraryName = process.platform === 'darwin' ? 'libtorch_cpu.dylib' : 'libtorch_cpu.so';

/**
 * Every libtorch of this machine in the order that DESIGN 3.9 gives, and why the others were passed over:
 * W2S_LIBTORCH, what `setup --from-file` or `setup --device cuda` chose, the torch of python3, the cache.
 * Rejects with ERR_LIBTORCH when W2S_LIBTORCH itself is wrong: what was asked for is never ignored.
 */
export async function discoverLibtorch(
  needCuda = false,
): Promise<{ found: Libtorch[]; passedOver: Unusable[] }> {
  const found: Libtorch[] = [];
  const passedOver: Unusable[] = [];
  const asked = process.env.W2S_LIBTORCH;
  if (asked) found.push(await inspectAsked(asked));
  else passedOver.push({ from: 'W2S_LIBTORCH', why: 'not set' });

  for (const { from, folder, why } of [
    await chosenFolder(),
    await pythonFolder(),
    ...(await cachedFolders()),
  ]) {
    const result = folder === undefined ? { from, why } : await inspect(folder, from);
    if ('why' in result) passedOver.push(result);
    else if (!found.some((other) => other.folder === result.folder)) found.push(result);
  }
  if (!needCuda) return { found, passedOver };
  for (const { from, folder } of found.filter(({ cuda }) => !cuda)) {
    passedOver.push({ from, why: `${folder} is a build without CUDA` });
  }
  return { found: found.filter(({ cuda }) => cuda), passedOver };
}

async function inspectAsked(asked: string): Promise<Libtorch> {
  for (const folder of [asked, join(asked, 'torch'), join(asked, 'libtorch')]) {
    const result = await inspect(resolve(folder), 'W2S_LIBTORCH');
    if (!('why' in result)) return result;
    if (folder === asked && existsSync(join(asked, 'lib', libraryName))) throw askedError(asked, result.why);
  }
  throw askedError(asked, `it has no lib/${libraryName}`);
}

function askedError(asked: string, why: string): W2sError {
  return new W2sError(
    'ERR_LIBTORCH',
    `Expected a folder with lib and include of libtorch ${SUPPORTED_FROM} or newer for W2S_LIBTORCH but received ${asked}: ${why}.`,
    { hint: 'Correct it, or let set-up find or fetch one: unset W2S_LIBTORCH; npx w2s-native setup' },
  );
}

/** What this folder holds, or why it cannot be used. */
export async function inspect(folder: string, from: LibtorchSource): Promise<Libtorch | Unusable> {
  const missing = [join('lib', libraryName), join('include', 'ATen', 'core', 'Tensor.h')].find(
    (name) => !existsSync(join(folder, name)),
  );
  if (missing) return { from, why: `${folder} has no ${missing}` };
  const version = await readVersion(folder);
  if (version === undefined) return { from, why: `${folder} does not say its version` };
  if (compareVersions(version, SUPPORTED_FROM) < 0) {
    return { from, why: `${folder} is version ${version}; ${SUPPORTED_FROM} is the oldest supported` };
  }
  const cuda = existsSync(join(folder, 'lib', 'libtorch_cuda.so'));
  return { folder: await realpath(folder), version, cuda, from };
}

/** From the header that the addon is compiled against; `version.py` where that says more than we can read. */
async function readVersion(folder: string): Promise<string | undefined> {
  for (const header of ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h']) {
    const text = await readFile(join(folder, 'include', header), 'utf8').catch(() => '');
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`#define TORCH_VERSION_${part} +(\\d+)`).exec(text)?.[1],
    );
    if (numbers.every((number) => number !== undefined)) return numbers.join('.');
  }
  const python = await readFile(join(folder, 'version.py'), 'utf8').catch(() => '');
  return /__version__ = '(\d+\.\d+\.\d+)/.exec(python)?.[1];
}

interface Place {
  from: LibtorchSource;
  folder?: string;
  why: string;
}

/** File in the cache that names the folder which an explicit `setup` chose. */
export const chosenFile = () => join(libtorchCache(), 'chosen');

async function chosenFolder(): Promise<Place> {
  const folder = (await readFile(chosenFile(), 'utf8').catch(() => '')).trim();
  return folder ? { from: 'chosen', folder, why: '' } : { from: 'chosen', why: 'set-up has chosen none' };
}

/** Asks Python where torch is without importing it, which would take seconds. */
const PYTHON_SCRIPT = [
  'import sys',
  'sys.path[:1] = []',
  'import importlib.util',
  'spec = importlib.util.find_spec("torch")',
  'print(list(spec.submodule_search_locations or [""])[0] if spec else "")',
].join('\n');

async function pythonFolder(): Promise<Place> {
  const { status, stdout, error } = await run('python3', ['-c', PYTHON_SCRIPT], { timeoutMs: 20_000 });
  if (error) return { from: 'python3', why: 'python3 was not found' };
  const folder = stdout.trim();
  if (status !== 0 || folder === '') return { from: 'python3', why: 'python3 has no torch' };
  return { from: 'python3', folder, why: '' };
}

/** Newest first. */
async function cachedFolders(): Promise<Place[]> {
  const cache = libtorchCache();
  const names = await readdir(cache).catch(() => []);
  const entries: { folder: string; time: number }[] = [];
  for (const name of names.filter((name) => /^\d/.test(name))) {
    const folder = ['torch', 'libtorch']
      .map((inner) => join(cache, name, inner))
      .find((path) => existsSync(path));
    if (folder) entries.push({ folder, time: (await stat(folder)).mtimeMs });
  }
  if (entries.length === 0) return [{ from: 'cache', why: `${cache} has none` }];
  entries.sort((a, b) => b.time - a.time || a.folder.localeCompare(b.folder));
  return entries.map(({ folder }) => ({ from: 'cache', folder, why: '' }));
}
