import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cudaAttempts, fetchLibtorch, libtorchFromFile } from '../../src/native/fetch.js';
import { requireDisk } from '../../src/native/paths.js';
import { setUp } from '../../src/native/setup.js';
import { requireToolchain } from '../../src/native/toolchain.js';
import { verdictOn } from '../../src/native/verdict.js';
import { fakeLibtorch, fakePython, onlyPrograms, sandbox } from './fakes.js';

const { path } = sandbox();
const silent = () => undefined;

/** Everything the cache holds of libtorch, the leftovers of broken downloads included. */
const cached = () => (existsSync(path('cache', 'libtorch')) ? readdirSync(path('cache', 'libtorch')) : []);

test.each([
  { missing: 'a C++20 compiler', there: ['cmake', 'make'], hint: /g\+\+|gcc-c\+\+|llvm|base-devel/ },
  { missing: 'CMake', there: ['c++', 'make'], hint: /cmake/ },
  { missing: 'make or ninja', there: ['c++', 'cmake'], hint: /make|ninja/ },
])('$missing missing has its own message and command', async ({ missing, there, hint }) => {
  onlyPrograms(path('bin'), there);
  await expect(requireToolchain()).rejects.toMatchObject({
    code: 'ERR_BUILD',
    message: `Expected ${missing}${missing.includes('compiler') ? ' (g++ or clang++)' : ''} on PATH for building the addon but found none.`,
    hint: expect.stringMatching(hint),
  });
});

test('Python missing', async () => {
  onlyPrograms(path('bin'), ['c++', 'cmake', 'make']);
  await expect(setUp()).rejects.toMatchObject({
    code: 'ERR_ENVIRONMENT',
    message: expect.stringContaining('python3'),
    hint: expect.stringContaining('python'),
  });
});

test('pip missing', async () => {
  fakePython(path('bin'), { pip: 'missing' });
  await expect(setUp()).rejects.toMatchObject({
    code: 'ERR_ENVIRONMENT',
    message: expect.stringContaining('pip'),
    hint: expect.stringContaining('pip'),
  });
});

test('network missing: every source is tried in order, and nothing half done stays', async () => {
  fakePython(path('bin'), {
    pip: `echo "$*" >> ${path('calls')}; echo "Failed to establish a new connection: Name or service not known" >&2; exit 1`,
  });
  const lines: string[] = [];
  await expect(setUp({ log: (line) => lines.push(line) })).rejects.toMatchObject({
    code: 'ERR_NETWORK',
    hint: expect.stringContaining('npx w2s-native setup --from-file'),
  });
  const sources = lines.filter((line) => line.includes('fetching'));
  expect(sources).toHaveLength(process.platform === 'darwin' ? 1 : 3);
  expect(cached().filter((name) => !name.endsWith('.lock'))).toEqual([]);
});

test('disk full while downloading, or before it', async () => {
  fakePython(path('bin'), { pip: 'echo "OSError: [Errno 28] No space left on device" >&2; exit 1' });
  await expect(fetchLibtorch('cpu', silent)).rejects.toMatchObject({
    code: 'ERR_DISK',
    hint: expect.stringContaining('W2S_CACHE='),
  });
  await expect(requireDisk(path('not', 'there', 'yet'), 1e18, 'libtorch')).rejects.toMatchObject({
    code: 'ERR_DISK',
    message: expect.stringContaining('for libtorch'),
  });
});

test('a wheel that is not the pinned one is refused', async () => {
  const name = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl';
  // `--dest` is followed by the folder.
  fakePython(path('bin'), {
    pip: `while [ "$1" != --dest ]; do shift; done; echo other > "$2/${name}"; exit 0`,
  });
  await expect(fetchLibtorch('cpu', silent)).rejects.toMatchObject({
    code: 'ERR_LIBTORCH',
    message: expect.stringContaining('sha256'),
  });
  expect(cached().filter((entry) => !entry.endsWith('.lock'))).toEqual([]);
});

test('--from-file: a folder, an archive, and things that are neither', async () => {
  const folder = fakeLibtorch(path('mine', 'libtorch'), '2.12.0');
  await expect(libtorchFromFile(folder, silent)).resolves.toMatchObject({
    version: '2.12.0',
    from: 'chosen',
  });

  const archive = path('libtorch.zip');
  spawnSync('python3', ['-m', 'zipfile', '-c', archive, folder]);
  const unpacked = await libtorchFromFile(archive, silent);
  expect(unpacked.folder.startsWith(path('cache', 'libtorch'))).toBe(true);
  expect(unpacked.version).toBe('2.12.0');

  await expect(libtorchFromFile(path('nowhere.whl'), silent)).rejects.toMatchObject({
    code: 'ERR_LIBTORCH',
    message: expect.stringContaining('does not exist'),
  });
  writeFileSync(path('text.whl'), 'not an archive');
  await expect(libtorchFromFile(path('text.whl'), silent)).rejects.toMatchObject({ code: 'ERR_LIBTORCH' });
});

test('a CUDA build is chosen by what the driver reports', () => {
  expect(cudaAttempts('13.1')[0]?.index).toBeUndefined();
  expect(cudaAttempts('12.8')[0]?.index).toContain('cu126');
  expect(() => cudaAttempts('12.4')).toThrow(/CUDA 12\.6 or newer/);
});

test('device cuda without a driver names the driver, and never falls back', async () => {
  onlyPrograms(path('bin'), ['c++', 'cmake', 'make', 'sh']);
  fakePython(path('python'), {});
  await expect(setUp({ device: 'cuda' })).rejects.toMatchObject({
    code: 'ERR_DEVICE',
    message: expect.stringContaining('NVIDIA driver'),
  });
});

test('a binary that does not load gets a verdict, not a crash', async () => {
  const folder = fakeLibtorch(path('libtorch'), '2.13.0');
  mkdirSync(path('addon'));
  writeFileSync(path('addon', 'w2s.node'), 'not a library');
  const addon = { folder: path('addon'), file: path('addon', 'w2s.node') };
  const verdict = await verdictOn(addon, { folder, version: '2.13.0', cuda: false, from: 'cache' });
  expect(verdict.works).toBe(false);
  expect(verdict.why).not.toBe('');
});
