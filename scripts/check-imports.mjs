#!/usr/bin/env node
// Folder rules, checked in CI: imports point downwards and run in no circle, `experiments` is pure, no file is
// longer than 500 lines, and native files include only what keeps the build fast (DESIGN 2 and 3.9).
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Highest first; rooms on one line may use each other as long as no circle comes of it. */
const LEVELS = [
  ['cli'],
  ['index.ts'],
  ['report', 'tracking', 'execution', 'bench'],
  ['experiments', 'steps'],
  ['tasks', 'store', 'metrics'],
  ['data', 'models'],
  ['native'],
  ['config'],
  ['errors.ts'],
];
const LONGEST_FILE = 500;
/** What `experiments` may use of Node: hashing, nothing that knows of files, time or processes. */
const PURE_BUILTINS = ['node:crypto'];
const IMPURE_WORDS = /\b(Date|performance|process|setTimeout|setInterval|Math\.random|fetch)\b/;

/** @typedef {{ target: string, typeOnly: boolean }} Import */

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
/** @type {string[]} */
const problems = [];
const sources = filesBelow('src', /\.ts$/);
const imports = new Map(sources.map((file) => [file, importsOf(file)]));

checkDirection();
checkCircles();
checkPurity();
checkLength();
checkNative();

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(
    `${problems.length} folder rule(s) broken; they are written down in scripts/check-imports.mjs`,
  );
  process.exit(1);
}
console.log(`folder rules hold in ${sources.length} files`);

function checkDirection() {
  for (const [file, list] of imports) {
    for (const { target } of list.filter((one) => one.target.startsWith('src/'))) {
      const [from, to] = [levelOf(file), levelOf(target)];
      if (from === -1) problems.push(`${file}: its folder is not in the list of rooms`);
      else if (to < from) problems.push(`${file}: imports ${target}, which lies above it`);
    }
  }
}

/** Circles among files, and among rooms of one level. */
function checkCircles() {
  const rooms = new Map(LEVELS.flat().map((room) => [room, /** @type {Set<string>} */ (new Set())]));
  for (const [file, list] of imports) {
    for (const { target } of list) {
      if (target.startsWith('src/') && roomOf(target) !== roomOf(file))
        rooms.get(roomOf(file))?.add(roomOf(target));
    }
  }
  reportCircle(new Map([...rooms].map(([room, targets]) => [room, [...targets]])), 'rooms');
  const values = [...imports].map(
    ([file, list]) => /** @type {[string, string[]]} */ ([file, valueTargets(list)]),
  );
  reportCircle(new Map(values), 'files');
}

/** @param {Map<string, string[]>} graph @param {string} what */
function reportCircle(graph, what) {
  const done = new Set();
  /** @param {string} node @param {string[]} path @returns {boolean} */
  const visit = (node, path) => {
    if (path.includes(node)) {
      problems.push(`circle among ${what}: ${[...path.slice(path.indexOf(node)), node].join(' -> ')}`);
      return true;
    }
    if (done.has(node)) return false;
    done.add(node);
    return (graph.get(node) ?? []).some((next) => visit(next, [...path, node]));
  };
  for (const node of graph.keys()) if (visit(node, [])) return;
}

function checkPurity() {
  for (const file of sources.filter((one) => roomOf(one) === 'experiments')) {
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'/gm, '');
    const word = IMPURE_WORDS.exec(code)?.[0];
    if (word) problems.push(`${file}: uses ${word}; experiments are pure`);
    for (const reached of reachable(file)) {
      for (const { target, typeOnly } of imports.get(reached) ?? []) {
        const impure = target.startsWith('node:') && !PURE_BUILTINS.includes(target);
        if (!typeOnly && impure)
          problems.push(`${file}: reaches ${target} through ${reached}; experiments are pure`);
        if (!typeOnly && roomOf(target) === 'native')
          problems.push(`${file}: reaches ${target}; experiments are pure`);
      }
    }
  }
}

/** Files that loading this one loads. @param {string} file */
function reachable(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const target of valueTargets(imports.get(file) ?? [])) reachable(target, seen);
  return seen;
}

/** @param {Import[]} list */
function valueTargets(list) {
  return list
    .filter(({ target, typeOnly }) => !typeOnly && target.startsWith('src/'))
    .map(({ target }) => target);
}

function checkLength() {
  const files = ['src', 'native', 'test', 'scripts', 'bin', 'bench', 'cmake'].flatMap((folder) =>
    filesBelow(folder, /\.(ts|mjs|js|cpp|h|cu|cuh|cmake|py|sh)$/),
  );
  for (const file of files) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
    if (lines > LONGEST_FILE) problems.push(`${file}: ${lines} lines; ${LONGEST_FILE} is the most`);
  }
}

function checkNative() {
  for (const file of filesBelow('native', /\.(cpp|h|cu|cuh)$/)) {
    const text = readFileSync(join(root, file), 'utf8');
    const slow = /#include\s*[<"](torch\/torch\.h|ATen\/ATen\.h)[>"]/.exec(text)?.[1];
    if (slow) problems.push(`${file}: includes ${slow}; list the ATen/ops in use in native/pch.h`);
    if (/\.cuh?$/.test(file) && /#include\s*[<"]ATen\//.test(text)) {
      problems.push(`${file}: includes ATen; kernels take raw pointers and a stream`);
    }
  }
}

/** Every import of a file, as `src/…` path, `node:…` or package name. @param {string} file @returns {Import[]} */
function importsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  /** @type {Import[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, isTypeOnly(node.importClause));
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      add(node.moduleSpecifier.text, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) add(argument.text, false);
    }
    ts.forEachChild(node, visit);
  };
  /** @param {string} specifier @param {boolean} typeOnly */
  const add = (specifier, typeOnly) => {
    const local = specifier.startsWith('.');
    const target = local ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts') : specifier;
    found.push({ target, typeOnly });
  };
  visit(source);
  return found;
}

/** @param {ts.ImportClause | undefined} clause */
function isTypeOnly(clause) {
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  if (clause.name || !names || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

/** @param {string} file */
function roomOf(file) {
  return file.split('/')[1] ?? '';
}

/** @param {string} file */
function levelOf(file) {
  return LEVELS.findIndex((rooms) => rooms.includes(roomOf(file)));
}

/** @param {string} folder @param {RegExp} pattern */
function filesBelow(folder, pattern) {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && pattern.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((file) => !/node_modules|__pycache__/.test(file))
      .sort();
  } catch {
    return [];
  }
}
