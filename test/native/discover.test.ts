import { mkdirSync, realpathSync } from 'node:fs';
import { expect, test } from 'vitest';
import { choose } from '../../src/native/fetch.js';
import { discoverLibtorch } from '../../src/native/libtorch.js';
import { compareVersions } from '../../src/native/pinned.js';
import { fakeLibtorch, fakePython, sandbox } from './fakes.js';

const { path } = sandbox();

test('looks at W2S_LIBTORCH, what set-up chose, python3 and the cache, in this order', async () => {
  const asked = fakeLibtorch(path('asked'), '2.12.1');
  const chosen = fakeLibtorch(path('chosen'), '2.11.0');
  const ofPython = fakeLibtorch(path('python', 'torch'), '2.14.0');
  const cached = fakeLibtorch(path('cache', 'libtorch', '2.13.0-cpu', 'torch'), '2.13.0');
  process.env.W2S_LIBTORCH = asked;
  fakePython(path('bin'), { torch: ofPython });
  await choose({ folder: chosen, version: '2.11.0', cuda: false, from: 'chosen' });

  const { found, passedOver } = await discoverLibtorch();

  expect(found.map(({ from, version }) => `${from} ${version}`)).toEqual([
    'W2S_LIBTORCH 2.12.1',
    'chosen 2.11.0',
    'python3 2.14.0',
    'cache 2.13.0',
  ]);
  expect(found.map(({ folder }) => folder)).toEqual(
    [asked, chosen, ofPython, cached].map((f) => realpathSync(f)),
  );
  expect(passedOver).toEqual([]);
});

test('says why a place was passed over', async () => {
  fakePython(path('bin'), { torch: fakeLibtorch(path('old', 'torch'), '2.10.0') });

  const { found, passedOver } = await discoverLibtorch();

  expect(found).toEqual([]);
  expect(passedOver.map(({ from }) => from)).toEqual(['W2S_LIBTORCH', 'chosen', 'python3', 'cache']);
  expect(passedOver[2]?.why).toContain('is version 2.10.0; 2.11 is the oldest supported');
});

test('passes over builds without CUDA when CUDA is needed', async () => {
  fakePython(path('bin'), { torch: fakeLibtorch(path('cpu', 'torch'), '2.13.0') });
  fakeLibtorch(path('cache', 'libtorch', '2.13.0-cuda', 'torch'), '2.13.0', { cuda: true });

  const { found, passedOver } = await discoverLibtorch(true);

  expect(found.map(({ from, cuda }) => [from, cuda])).toEqual([['cache', true]]);
  expect(passedOver.at(-1)?.why).toContain('without CUDA');
});

test('takes the folder above for W2S_LIBTORCH, but never another place when it is wrong', async () => {
  fakePython(path('bin'), {});
  fakeLibtorch(path('site-packages', 'torch'), '2.13.0');
  process.env.W2S_LIBTORCH = path('site-packages');
  expect((await discoverLibtorch()).found[0]?.folder).toBe(realpathSync(path('site-packages', 'torch')));

  mkdirSync(path('empty'));
  process.env.W2S_LIBTORCH = path('empty');
  await expect(discoverLibtorch()).rejects.toMatchObject({
    code: 'ERR_LIBTORCH',
    message: expect.stringContaining(`received ${path('empty')}`),
    hint: expect.stringContaining('unset W2S_LIBTORCH'),
  });
});

test('compares versions by number, not by letter', () => {
  expect(compareVersions('2.9.1', '2.11')).toBeLessThan(0);
  expect(compareVersions('2.13.0+cpu', '2.13.0')).toBe(0);
  expect(compareVersions('3.0.0', '2.99.9')).toBeGreaterThan(0);
});
