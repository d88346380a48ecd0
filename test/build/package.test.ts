import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/native/paths.js';

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');

describe('package.json', () => {
  const manifest = JSON.parse(read('package.json'));

  test('keeps npm and cmake-js away from builds of their own', () => {
    expect(manifest.gypfile).toBe(false);
    expect(manifest.binary).toEqual({ napi_versions: [8] });
    for (const script of ['install', 'preinstall', 'postinstall', 'prebuild']) {
      expect(manifest.scripts).not.toHaveProperty(script);
    }
    expect(manifest.dependencies).toHaveProperty('cmake-js');
    expect(manifest.dependencies).toHaveProperty('node-addon-api');
  });

  test('names types before code, and a committed executable', () => {
    expect(Object.keys(manifest.exports['.'])).toEqual(['types', 'default']);
    expect(statSync(join(packageRoot, manifest.bin['w2s-native'])).mode & 0o111).not.toBe(0);
  });

  test('the lock file names no registry', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"/);
  });
});

describe('scripts/check-imports', () => {
  const folder = mkdtempSync(join(tmpdir(), 'w2s-rooms-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Run the check over a tree of just these files. */
  const check = (files: Record<string, string>) => {
    rmSync(folder, { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const script = join(packageRoot, 'scripts', 'check-imports.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
    return { status, stderr };
  };
  const a = 'export const a = 1;\n';

  test('downward imports pass', () => {
    const files = {
      'src/cli/x.ts': "import { a } from '../data/y.js';\nexport { a };\n",
      'src/data/y.ts': a,
    };
    expect(check(files)).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    {
      rule: 'an upward import',
      files: {
        'src/data/y.ts': "import type { a } from '../cli/x.js';\nexport type { a };\n",
        'src/cli/x.ts': a,
      },
      says: 'src/data/y.ts: imports src/cli/x.ts, which lies above it',
    },
    {
      rule: 'a circle of files',
      files: {
        'src/data/y.ts': "import { b } from './z.js';\nexport const a = b;\n",
        'src/data/z.ts': "import { a } from './y.js';\nexport const b = a;\n",
      },
      says: 'circle among files: src/data/y.ts -> src/data/z.ts -> src/data/y.ts',
    },
    {
      rule: 'a circle of rooms',
      files: {
        'src/data/y.ts': "import { a } from '../models/a.js';\nexport { a };\n",
        'src/models/a.ts': a,
        'src/models/b.ts': "import { c } from '../data/c.js';\nexport { c };\n",
        'src/data/c.ts': 'export const c = 1;\n',
      },
      says: 'circle among rooms',
    },
    {
      rule: 'a clock in experiments',
      files: { 'src/experiments/p.ts': 'export const now = Date.now();\n' },
      says: 'uses Date; experiments are pure',
    },
    {
      rule: 'a file system behind experiments',
      files: {
        'src/experiments/p.ts': "import { a } from '../data/y.js';\nexport { a };\n",
        'src/data/y.ts': "import { statSync } from 'node:fs';\nexport const a = statSync;\n",
      },
      says: 'reaches node:fs through src/data/y.ts',
    },
    { rule: 'a long file', files: { 'src/data/y.ts': '\n'.repeat(501) }, says: '501 lines' },
    {
      rule: 'the whole of ATen',
      files: { 'src/data/y.ts': a, 'native/x.cpp': '#include <ATen/ATen.h>\n' },
      says: 'includes ATen/ATen.h',
    },
  ])('$rule is refused', ({ files, says }) => {
    const { status, stderr } = check(files as unknown as Record<string, string>);
    expect(status).toBe(1);
    expect(stderr).toContain(says);
  });
});
