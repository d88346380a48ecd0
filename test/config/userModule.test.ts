/** Modules that users write: what is found in them, what is said where nothing is, and what their hash covers. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { kindOf, type ModuleKind } from '../../src/config/definition.js';
import { isModulePath } from '../../src/config/modulePath.js';
import { loadUserModule, moduleSource } from '../../src/config/userModule.js';
import type { W2sError } from '../../src/errors.js';
import type { LossDefinition } from '../../src/tasks/loss.js';

const folder = mkdtempSync(join(tmpdir(), 'w2s-module-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const HEAD = "import { defineLoss } from 'w2s-native';\n";
const loss = (name: string) =>
  `defineLoss({ name: '${name}', apply: ({ logits }) => ({ loss: 0, dLogits: logits.map(() => 0) }) })`;
const load = (file: string, kind: ModuleKind = 'loss') => loadUserModule<LossDefinition>(file, kind);
const problem = (file: string, kind?: ModuleKind): Promise<W2sError> =>
  load(file, kind).then(
    () => expect.unreachable(),
    (error: W2sError) => error,
  );

describe('what is found', () => {
  it('a default export', async () => {
    const file = write('default.mjs', `${HEAD}export default ${loss('mine')};`);
    const { definition, source, named } = await load(file);
    expect(definition.name).toBe('mine');
    expect(kindOf(definition)).toBe('loss');
    expect(source).toMatch(/^[0-9a-f]{64}$/);
    expect(named).toBe(file);
  });

  it('a named export, and the same by two names', async () => {
    const named = write('named.mjs', `${HEAD}export const mine = ${loss('mine')};\nexport const helper = 3;`);
    expect((await load(named)).definition.name).toBe('mine');
    const twice = write('twice.mjs', `${HEAD}export const mine = ${loss('mine')};\nexport default mine;`);
    expect((await load(twice)).definition.name).toBe('mine');
  });

  it('TypeScript, with types, a helper, and an await at the top', async () => {
    write('lib/helper.ts', 'export interface Size { of: number }\nexport const size: Size = { of: 3 };');
    const file = write(
      'typed.ts',
      `${HEAD}import { size, type Size } from './lib/helper.js';
const later: Size = await Promise.resolve(size);
enum Sign { Plus = 1 }
export default defineLoss({
  name: 'typed',
  apply: ({ logits }: { logits: Float32Array }) => ({ loss: later.of * Sign.Plus, dLogits: logits }),
});`,
    );
    const { definition } = await load(file);
    const input = { logits: new Float32Array(2), targets: new Float32Array(2), classes: 2, progress: 0 };
    expect(definition.apply({ ...input, params: undefined, detached: undefined }).loss).toBe(3);
  });

  it('CommonJS', async () => {
    const file = write(
      'common.cjs',
      `const { defineLoss } = require('w2s-native');\nmodule.exports = ${loss('common')};`,
    );
    expect((await load(file)).definition.name).toBe('common');
  });

  it('the same object, as long as the code is the same', async () => {
    const file = write('same.mjs', `${HEAD}export default ${loss('same')};`);
    const first = await load(file);
    expect((await load(file)).definition).toBe(first.definition);
    write('same.mjs', `${HEAD}export default ${loss('other')};`);
    const second = await load(file);
    expect(second.definition.name).toBe('other');
    expect(second.source).not.toBe(first.source);
  });
});

describe('what is said where there is none', () => {
  it('no such file, and the nearest', async () => {
    const file = write('my-loss.mjs', `${HEAD}export default ${loss('mine')};`);
    const error = await problem(file.replace('my-loss', 'my-los'));
    expect(error.code).toBe('ERR_CONFIG');
    expect(error.message).toMatch(/module for --loss but .*my-los\.mjs does not exist/);
    expect(error.hint).toMatch(/^Did you mean --loss .*my-loss\.mjs\?$/);
    expect((await problem(join(folder, 'nowhere', 'x.mjs'))).hint).toContain('from the working directory');
  });

  it('a folder', async () => {
    expect((await problem(folder)).message).toContain('is a folder');
  });

  it('no export, and exports that are nothing', async () => {
    const empty = await problem(write('empty.mjs', 'const a = 1;\n'));
    expect(empty.message).toMatch(
      /Expected an export that defineLoss made in .*empty\.mjs for --loss but received no export/,
    );
    const plain = await problem(
      write('plain.mjs', 'export default { name: "x", apply() {} };\nexport const f = () => 1;'),
    );
    expect(plain.message).toMatch(
      /default \(an object\).*f \(a function\)|f \(a function\).*default \(an object\)/,
    );
    expect(plain.hint).toBe("Write: export default defineLoss({ … }), with defineLoss from 'w2s-native'");
  });

  it('two', async () => {
    const error = await problem(
      write('two.mjs', `${HEAD}export const a = ${loss('a')};\nexport const b = ${loss('b')};`),
    );
    expect(error.message).toMatch(/Expected one loss in .*two\.mjs for --loss but received 2: a, b/);
  });

  it('one of another kind', async () => {
    const file = write('other-kind.mjs', `${HEAD}export default ${loss('a')};`);
    const error = await problem(file, 'relabel');
    expect(error.message).toMatch(/Expected an export that defineRelabel made .* received default \(loss\)/);
    expect(error.hint).toBe(`defineLoss made it: --loss ${file}`);
  });

  it('a module that throws: the line, and the error in cause', async () => {
    const error = await problem(
      write('throws.mjs', '\n\nconst f = () => {\n  throw new TypeError("boom");\n};\nf();\n'),
    );
    expect(error.message).toMatch(/throws\.mjs, line 4, threw: boom/);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect((error.cause as Error).stack).toContain('throws.mjs:4');
  });

  it('a syntax error, and a package that is not there', async () => {
    expect((await problem(write('syntax.mjs', 'const ok = 1;\nexport const a = {;\n'))).message).toMatch(
      /syntax\.mjs, line 2, threw: .*Unexpected token/,
    );
    expect((await problem(write('missing.mjs', "import 'no-such-package-here';\n"))).message).toContain(
      "no-such-package-here'",
    );
  });

  it('a definition of a wrong shape', async () => {
    const bad = await problem(
      write('shape.mjs', `${HEAD}export default defineLoss({ name: 'x', aply() {} });`),
    );
    expect(bad.message).toMatch(/threw: Expected a function for apply of loss x/);
    expect(bad.hint).toContain('Write: defineLoss({');
    const name = await problem(
      write('name.mjs', `${HEAD}export default defineLoss({ name: 'My Loss', apply() {} });`),
    );
    expect(name.message).toContain('"My Loss"');
  });
});

describe('the hash', () => {
  it('covers the module and what it imports locally, however deep', async () => {
    write('deep/far.ts', 'export const far = 1;');
    write('deep/near.mjs', "export * from './far.js';\nexport const data = 1;");
    write('deep/table.json', '{"a": 1}');
    write('deep/unused.mjs', 'export const unused = 1;');
    const file = write(
      'deep/main.mjs',
      "import { far } from './near.mjs';\nimport table from './table.json' with { type: 'json' };\nconst later = () => import('./late.mjs');\n",
    );
    write('deep/late.mjs', 'export const late = 1;');
    const hashes = [await moduleSource(file)];
    for (const [name, text] of [
      ['deep/far.ts', 'export const far = 2;'],
      ['deep/near.mjs', "export * from './far.js';\nexport const data = 2;"],
      ['deep/table.json', '{"a": 2}'],
      ['deep/late.mjs', 'export const late = 2;'],
    ] as const) {
      write(name, text);
      hashes.push(await moduleSource(file));
    }
    expect(new Set(hashes).size).toBe(5);
    write('deep/unused.mjs', 'export const unused = 2;');
    expect(await moduleSource(file)).toBe(hashes[4]);
  });

  it('does not depend on where the files lie, nor on circles', async () => {
    write('here/a.mjs', "import { b } from './b.mjs';\nexport const a = 1;");
    write('here/b.mjs', "import { a } from './a.mjs';\nexport const b = 1;");
    const before = await moduleSource(join(folder, 'here/a.mjs'));
    renameSync(join(folder, 'here'), join(folder, 'there'));
    expect(await moduleSource(join(folder, 'there/a.mjs'))).toBe(before);
  });
});

it('tells paths from names', () => {
  for (const path of ['./loss.mjs', 'loss.ts', '../a/loss', '/tmp/loss.js', 'a\\b.cjs']) {
    expect(isModulePath(path)).toBe(true);
  }
  for (const name of ['xent', 'weak-mean', 'columns', 3, undefined]) expect(isModulePath(name)).toBe(false);
});
