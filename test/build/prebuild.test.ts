import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sourceHash } from '../../src/native/build.js';
import { discoverLibtorch, type Libtorch } from '../../src/native/libtorch.js';
import { packageRoot } from '../../src/native/paths.js';
import { complete, install, pack, run, succeed } from './consumer.js';

// Compiles the addon, which takes minutes where out/ is empty.
describe.skipIf(!complete)('npm run prebuildify', () => {
  const prebuilds = join(packageRoot, 'prebuilds');
  const platform = `${process.platform}-${process.arch}`;
  const binary = join(prebuilds, platform, 'w2s-native.node');
  const hadOne = existsSync(prebuilds);
  let folder: string;
  let libtorch: Libtorch;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'w2s-prebuild-'));
    libtorch = (await discoverLibtorch()).found[0]!;
    succeed('npm', ['run', '--silent', 'prebuildify'], packageRoot);
  }, 1_200_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    if (!hadOne) rmSync(prebuilds, { recursive: true, force: true });
  });

  test('leaves one stripped binary and what the loader has to know of it', async () => {
    expect(readdirSync(join(prebuilds, platform)).sort()).toEqual(['w2s-native.json', 'w2s-native.node']);
    const sidecar = JSON.parse(readFileSync(join(prebuilds, platform, 'w2s-native.json'), 'utf8'));
    expect(sidecar).toEqual({ builtFor: libtorch.version, source: await sourceHash(), cuda: false });
    expect(statSync(binary).size).toBeLessThan(5e6);
    expect(readFileSync(binary).includes(packageRoot)).toBe(false);
  });

  test.runIf(process.platform === 'linux')(
    'brings nothing of libtorch: it looks in the folder beside it',
    () => {
      const dynamic = succeed('readelf', ['-d', binary], packageRoot);
      const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
      expect(needed).toEqual(expect.arrayContaining(['libtorch_cpu.so', 'libc10.so']));
      expect(needed.filter((name) => /cuda|torch_python|libtorch\.so/.test(name ?? ''))).toEqual([]);
      expect(dynamic).toContain('[$ORIGIN/libtorch]');
      expect(dynamic).toContain('BIND_NOW');
    },
  );

  test('serves an installed package: set-up compiles nothing, and train runs', () => {
    const { tarball, files, bytes } = pack(folder);
    expect(files).toContain(`prebuilds/${platform}/w2s-native.node`);
    expect(bytes).toBeLessThan(40e6);
    const stranger = join(folder, 'stranger');
    const program = join(install(tarball, stranger, false), 'bin', 'w2s-native.js');
    const cache = join(folder, 'cache');
    const env = { W2S_CACHE: cache, W2S_LIBTORCH: libtorch.folder };

    const setup = run(process.execPath, [program, 'setup'], stranger, env);
    expect(setup.status, setup.stderr).toBe(0);
    expect(setup.stderr).toContain('taking the prebuilt one');
    expect(setup.stderr).not.toContain('compiled');
    expect(existsSync(join(cache, 'build'))).toBe(false);

    const sizes = ['--train-size', '64', '--test-size', '64', '--epochs', '1', '--threads', '1'];
    const trained = run(process.execPath, [program, 'train', ...sizes, '--json'], stranger, env);
    expect(trained.status, trained.stderr).toBe(0);
    expect(JSON.parse(trained.stdout).schema).toBe('w2s-native/train@1');
  }, 600_000);
});
