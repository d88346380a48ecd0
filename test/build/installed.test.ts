import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sourceHash } from '../../src/native/build.js';
import { packageRoot } from '../../src/native/paths.js';
import { install, linkModule, type Packed, pack, type Ran, run } from './consumer.js';

let folder: string;
let stranger: string;
let installed: string;
let packed: Packed;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'w2s-package-'));
  packed = pack(folder);
  stranger = join(folder, 'stranger');
  installed = install(packed.tarball, stranger);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const w2s = (...words: string[]): Ran =>
  run(process.execPath, [join(installed, 'bin', 'w2s-native.js'), ...words], stranger);

describe('the tarball', () => {
  test('is small', () => {
    expect(packed.bytes).toBeGreaterThan(1e6);
    expect(packed.bytes).toBeLessThan(40e6);
  });

  test('has what is needed to run and to build, and nothing else', () => {
    const tops = new Set(packed.files.map((file) => file.split('/')[0]));
    const known = ['CMakeLists.txt', 'LICENSE', 'README.md', 'assets', 'bin', 'binding.gyp', 'cmake', 'dist'];
    known.push('docs', 'native', 'package.json', 'prebuilds', 'scripts', 'CHANGELOG.md');
    expect(known).toEqual(expect.arrayContaining([...tops]));
    expect(packed.files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'bin/w2s-native.js',
        'dist/index.js',
        'dist/index.d.ts',
        'CMakeLists.txt',
        'native/addon.cpp',
        'scripts/build-addon.mjs',
        'assets/models/chess-m/model.safetensors',
        'docs/reference/cli.md',
      ]),
    );
    expect(
      packed.files.filter((file) => /(?<!\.d)\.ts$|^test\/|\.test\.|\.tsbuildinfo|\.log$/.test(file)),
    ).toEqual([]);
    expect(
      packed.files.filter(
        (file) => /libtorch.*\.(so|dylib|a)|\.node$/.test(file) && !/^prebuilds/.test(file),
      ),
    ).toEqual([]);
  });

  test('holds the sources that this addon was built from', async () => {
    expect(await sourceHash(installed)).toBe(await sourceHash());
  });

  test('names no folder of the machine that packed it', () => {
    const own = [packageRoot, join(homedir(), '.cache'), folder].map((path) => Buffer.from(path));
    const naming = packed.files.filter((file) => {
      const bytes = readFileSync(join(installed, file));
      return own.some((path) => bytes.includes(path));
    });
    expect(naming.filter((file) => !file.startsWith('prebuilds/'))).toEqual([]);
  });

  test('maps lead to sources that they bring along', () => {
    const map = JSON.parse(readFileSync(join(installed, 'dist', 'errors.js.map'), 'utf8'));
    expect(map.sourcesContent?.[0]).toContain('class W2sError');
  });
});

describe('an installed package', () => {
  test('doctor says what is there', () => {
    const { status, stdout } = w2s('doctor', '--json');
    expect(status).toBe(0);
    const { version, libtorch } = JSON.parse(stdout);
    expect(version).toBe(JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version);
    expect(libtorch.found.length).toBeGreaterThan(0);
  });

  test('train runs, and writes into the results folder only', () => {
    const before = listing(installed);
    const sizes = ['--train-size', '64', '--test-size', '64', '--epochs', '1', '--threads', '1'];
    const { status, stdout, stderr } = w2s('train', ...sizes, '--json');
    expect(status, stderr).toBe(0);
    const document = JSON.parse(stdout);
    expect(document.schema).toBe('w2s-native/train@1');
    expect(document.store).toBe('results');
    expect(document.ceiling.n).toBe(64);
    expect(readdirSync(join(stranger, 'results'))).toContain('steps');
    expect(stderr).not.toMatch(/warning/i);
    expect(listing(installed)).toEqual(before);
  }, 600_000);

  const EXPORTS = ['defineLoss', 'isW2sError', 'openModel', 'weakToStrong'];

  test('import finds it', () => {
    const script = "import * as w2s from 'w2s-native'; console.log(JSON.stringify(Object.keys(w2s)))";
    writeFileSync(join(stranger, 'look.mjs'), script);
    const { stdout, stderr } = run(process.execPath, ['look.mjs'], stranger);
    expect(JSON.parse(stdout), stderr).toEqual(expect.arrayContaining(EXPORTS));
  });

  test('require finds it, and the same module as import', () => {
    const script =
      "const w2s = require('w2s-native'); import('w2s-native').then((again) => " +
      'console.log(JSON.stringify([Object.keys(w2s), again.W2sError === w2s.W2sError])))';
    writeFileSync(join(stranger, 'look.cjs'), script);
    const { stdout, stderr } = run(process.execPath, ['look.cjs'], stranger);
    expect(JSON.parse(stdout), stderr).toEqual([expect.arrayContaining(EXPORTS), true]);
  });

  test('no inner file can be imported by its path', () => {
    writeFileSync(join(stranger, 'inner.mjs'), "import 'w2s-native/dist/errors.js'");
    const { stderr } = run(process.execPath, ['inner.mjs'], stranger);
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('its types', () => {
  const USE = `
    import { defineLoss, isW2sError, openModel, weakToStrong, type TrainDocument } from 'w2s-native';
    import { z } from 'zod';
    const loss = defineLoss({
      name: 'mine',
      params: z.object({ beta: z.number().default(1) }),
      apply: ({ logits, params, progress }) => ({ loss: params.beta * progress, dLogits: logits }),
    });
    export async function use(signal: AbortSignal): Promise<number | null> {
      const result: TrainDocument = await weakToStrong({ seed: [0, 1], loss: 'xent' }, { loss, signal });
      await using model = await openModel('chess-xs', { head: 'classifier', labels: 2 });
      const { logits } = await model.score(await model.encode(['e4']));
      return logits.length > 0 ? result.pgr.value : null;
    }
    export const code = (error: unknown) => (isW2sError(error, 'ERR_DATA') ? error.hint : undefined);
    // @ts-expect-error There is no such setting.
    weakToStrong({ batchSise: 32 });
  `;

  const compile = (name: string, file: string, text: string, options: object): Ran => {
    const project = join(stranger, name);
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, file), text);
    const compilerOptions = {
      target: 'ES2022',
      lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
      strict: true,
      noEmit: true,
    };
    const config = { compilerOptions: { ...compilerOptions, ...options }, files: [file] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    return run(process.execPath, [tsc, '-p', project], stranger);
  };

  const PASSES = { status: 0, stdout: '', stderr: '' };
  const withNode = { skipLibCheck: false, types: ['node'] };
  const withoutNode = { skipLibCheck: true, types: [] };

  // What every Node project in TypeScript has.
  beforeAll(() => {
    for (const name of ['@types/node', 'undici-types']) linkModule(name, stranger);
  });

  test('compile from an ES module by Node’s resolution', () => {
    expect(compile('node', 'use.mts', USE, { module: 'NodeNext', ...withNode })).toEqual(PASSES);
  });

  test('compile for a bundler, and without the types of Node', () => {
    const options = { module: 'ESNext', moduleResolution: 'bundler', ...withoutNode };
    expect(compile('bundler', 'use.ts', USE, options)).toEqual(PASSES);
  });

  test('compile from CommonJS', () => {
    const text =
      "import w2s = require('w2s-native');\nexport const run = () => w2s.weakToStrong({ seed: [1] });\n";
    expect(compile('cjs', 'use.cts', text, { module: 'NodeNext', ...withoutNode })).toEqual(PASSES);
  });
});

/** Every file with its size. */
function listing(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => `${path} ${statSync(join(root, path)).size}`)
    .sort();
}
