/**
 * Modules that users write (a loss, a data set, a relabelling, an experiment): found, loaded and hashed. JavaScript
 * and TypeScript alike go through jiti; `w2s-native` and `zod` in them are this package and its own zod, wherever
 * the file lies.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isW2sError, W2sError } from '../errors.js';
import { kindOf, MODULE_KINDS, type ModuleKind } from './definition.js';
import { isModuleFile } from './modulePath.js';
import { nearest } from './nearest.js';

const ENDINGS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/** A definition, and what its code is. */
export interface UserModule<T> {
  definition: T;
  /** sha256 over the module and the local files that it imports. */
  source: string;
  /** Absolute path. */
  file: string;
  /** As it was named. */
  named: string;
}

/** By path and source: an unchanged module is loaded once in a process. */
const loaded = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

/**
 * Loads the one definition of a kind that a module exports, by any name.
 * @param named the path, from the working directory
 * @param flag what named it, for messages
 * Rejects with ERR_CONFIG: no such file (with the nearest name), a module that throws (its error in `cause`), no
 * definition, several, or one of another kind.
 */
export async function loadUserModule<T>(
  named: string,
  kind: ModuleKind,
  flag: string = MODULE_KINDS[kind].flag,
): Promise<UserModule<T>> {
  const file = resolve(named);
  await requireFile(file, named, flag);
  const source = await moduleSource(file);
  const key = `${file} ${source}`;
  const exported = loaded.get(key) ?? importModule(file, named, flag);
  loaded.set(key, exported);
  exported.catch(() => loaded.delete(key));
  return { definition: theOne(await exported, kind, named, flag) as T, source, file, named };
}

async function requireFile(file: string, named: string, flag: string): Promise<void> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(found instanceof Error)) {
    if (found.isFile()) return;
    throw new W2sError(
      'ERR_CONFIG',
      `Expected a JavaScript or TypeScript module for ${flag} but ${named} is a folder.`,
      {
        hint: `Name the file in it: ${flag} ${join(named, 'index.mjs')}`,
      },
    );
  }
  const missing = found.code === 'ENOENT' || found.code === 'ENOTDIR';
  const near = missing ? await nearestModule(file) : undefined;
  throw new W2sError(
    'ERR_CONFIG',
    `Expected a JavaScript or TypeScript module for ${flag} but ${named} ${missing ? 'does not exist' : `cannot be read (${found.code})`}.`,
    {
      hint:
        near === undefined
          ? `Looked for ${file}; name it from the working directory: ${flag} ./FILE.mjs`
          : `Did you mean ${flag} ${join(dirname(named), near).replace(/^(?![./\\])/, './')}?`,
      cause: found,
    },
  );
}

async function nearestModule(file: string): Promise<string | undefined> {
  const entries = await readdir(dirname(file)).catch(() => []);
  return nearest(basename(file), entries.filter(isModuleFile));
}

/** The package by its own name: what a user's module means by it. */
const PACKAGE = 'w2s-native';

async function importModule(file: string, named: string, flag: string): Promise<Record<string, unknown>> {
  const [{ createJiti }, zod, api] = await Promise.all([
    import('jiti'),
    import('zod'),
    import(PACKAGE) as Promise<unknown>,
  ]);
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { zod, 'zod/v4': zod, [PACKAGE]: api },
  });
  try {
    return (await jiti.import(file)) as Record<string, unknown>;
  } catch (cause) {
    throw failedToLoad(cause, named, flag);
  }
}

function failedToLoad(cause: unknown, named: string, flag: string): W2sError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const [line = ''] = error.message.split('\n');
  // Babel ends its sentence with the place, on a line of its own.
  const place = /:(\d+):\d+\s*$/.exec(error.message)?.[1] ?? lineIn(error, named);
  return new W2sError(
    'ERR_CONFIG',
    `Expected a module that loads for ${flag} but ${named}${place === undefined ? '' : `, line ${place},`} threw: ${line.trim()}`,
    {
      cause,
      hint: isW2sError(error) && error.hint ? error.hint : 'For its stack type the same with --verbose',
    },
  );
}

/** Where in the module an error was thrown, if there. */
function lineIn(error: Error, named: string): string | undefined {
  const name = basename(named).replaceAll(/[^\w]/g, '\\$&');
  return new RegExp(`${name}:(\\d+)`).exec(error.stack ?? '')?.[1];
}

function theOne(
  exported: Readonly<Record<string, unknown>>,
  kind: ModuleKind,
  named: string,
  flag: string,
): unknown {
  const { noun, maker } = MODULE_KINDS[kind];
  // A CommonJS module may be the definition itself.
  const all = kindOf(exported) === undefined ? Object.entries(exported) : [['default', exported] as const];
  const found = new Map<unknown, string>();
  for (const [name, value] of all) {
    if (kindOf(value) === kind && !found.has(value)) found.set(value, name);
  }
  const [only] = found.keys();
  if (found.size === 1) return only;
  if (found.size > 1) {
    throw new W2sError(
      'ERR_CONFIG',
      `Expected one ${noun} in ${named} for ${flag} but received ${found.size}: ${[...found.values()].join(', ')}.`,
      { hint: `Leave one export that ${maker} made, and move the others to files of their own` },
    );
  }
  throw noneOfKind(all, kind, named, flag);
}

function noneOfKind(
  all: readonly (readonly [string, unknown])[],
  kind: ModuleKind,
  named: string,
  flag: string,
): W2sError {
  const { maker } = MODULE_KINDS[kind];
  const other = all.map(([, value]) => kindOf(value)).find((one) => one !== undefined);
  const received =
    all.length === 0
      ? 'no export'
      : all
          .slice(0, 6)
          .map(([name, value]) => `${name} (${described(value)})`)
          .join(', ');
  return new W2sError(
    'ERR_CONFIG',
    `Expected an export that ${maker} made in ${named} for ${flag} but received ${received}.`,
    {
      hint:
        other === undefined
          ? `Write: export default ${maker}({ … }), with ${maker} from '${PACKAGE}'`
          : `${MODULE_KINDS[other].maker} made it: ${MODULE_KINDS[other].flag} ${named}`,
    },
  );
}

function described(value: unknown): string {
  const kind = kindOf(value);
  if (kind !== undefined) return MODULE_KINDS[kind].noun;
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Relative imports and exports, `import()` and `require()` of a literal, wherever they stand. */
const IMPORTS =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|\bnew\s+URL\s*\(\s*)(['"`])(\.{1,2}\/[^'"`\n]+|file:[^'"`\n]+)\1/g;

/**
 * sha256 over a module and the local files that it imports, directly or not: a changed helper is changed code.
 * Packages count by their names alone, and so does what a module reads while it runs. Where the files lie does
 * not matter.
 */
export async function moduleSource(file: string): Promise<string> {
  const seen = new Set<string>([file]);
  const contents: string[] = [];
  for (const path of seen) {
    const text = await readFile(path, 'utf8');
    contents.push(createHash('sha256').update(text).digest('hex'));
    if (!isModuleFile(path)) continue;
    for (const [, , specifier = ''] of text.matchAll(IMPORTS)) {
      const target = await localTarget(path, specifier);
      if (target !== undefined) seen.add(target);
    }
  }
  return createHash('sha256').update(contents.join('\n')).digest('hex');
}

/** The file that a relative import means, as jiti finds it; undefined where there is none. */
async function localTarget(from: string, specifier: string): Promise<string | undefined> {
  const plain = specifier.replace(/[?#].*$/, '');
  const path = plain.startsWith('file:') ? fileURLToPath(plain) : resolve(dirname(from), plain);
  const typed = path.replace(/\.([cm]?)js$/i, '.$1ts');
  const candidates = [
    path,
    typed,
    ...ENDINGS.map((ending) => path + ending),
    `${path}.json`,
    ...ENDINGS.map((ending) => join(path, `index${ending}`)),
  ];
  for (const candidate of candidates) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile()) return candidate;
  }
  return undefined;
}
