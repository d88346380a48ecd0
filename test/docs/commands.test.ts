/** Every command line in the docs is one that the program takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/table.js';
import { commandHelp, parseFlags } from '../../src/cli/usage.js';
import { codeSpans, ourCommands, pages, root } from './markdown.js';

const SHELL = ['sh', 'bash', 'console', 'shell', ''];
/** Flags of other programs that the docs name alone. */
const FOREIGN = new Set([
  '--no-deps',
  '--headless',
  '--help',
  '--version',
  '--verbose',
  '--write',
  '--check',
  '--trace-gc',
]);

const all = pages();

async function problemsOf(words: readonly string[]): Promise<string[]> {
  const typed = `w2s-native ${words.join(' ')}`;
  // `w2s-native` alone, and in prose with an ellipsis, is a name.
  if (words.length === 0 || words.some((word) => word.includes('…')) || words[0]?.startsWith('-')) return [];
  if (words[0] === '<command>' || words[0] === 'COMMAND') return [];
  // A module of the reader's, whose flags nobody knows here.
  if (words.some((word) => /^\.\/my-.*\.[cm]?[jt]s$/.test(word))) return [];
  const entry = COMMANDS.find(({ name }) => name === words[0]);
  if (entry === undefined) return [`${typed}: no such command`];
  // A usage line, as --help prints it.
  if (words.includes('[options]')) return [];
  const { command } = await entry.load();
  try {
    if (words.includes('--help')) await commandHelp(entry.name, command);
    else await parseFlags(entry.name, command, words.slice(1));
    return [];
  } catch (error) {
    return [`${typed}: ${(error as Error).message}`];
  }
}

const commandsOf = ({ blocks, prose }: (typeof all)[number]): string[][] => [
  ...blocks.filter(({ language }) => SHELL.includes(language)).flatMap(({ code }) => ourCommands(code)),
  ...codeSpans(prose).flatMap((code) => ourCommands(code)),
];

describe('command lines', () => {
  it('docs/images/make.sh', async () => {
    const commands = ourCommands(readFileSync(join(root, 'docs/images/make.sh'), 'utf8'));
    expect(commands.map(([name]) => name)).toEqual(['train', 'report']);
    expect((await Promise.all(commands.map(problemsOf))).flat()).toEqual([]);
  });

  it.each(all)('$file', async (page) => {
    const problems = await Promise.all(commandsOf(page).map(problemsOf));
    expect(problems.flat()).toEqual([]);
  });

  it('there are some', () => {
    expect(all.flatMap(commandsOf).length).toBeGreaterThan(40);
  });
});

describe('flags that are named alone', () => {
  const flags = Promise.all(
    COMMANDS.map(async ({ load }) => Object.keys((await load()).command.options)),
  ).then((lists) => new Set(lists.flat()));

  it.each(all.filter(({ file }) => /^docs\/|^[A-Z]+\.md$/.test(file)))('$file', async ({ prose }) => {
    const known = await flags;
    const named = codeSpans(prose).flatMap((code) => /^(--[a-z][a-z-]*)(?=$|[\s=])/.exec(code)?.[1] ?? []);
    const isKnown = (flag: string) =>
      FOREIGN.has(flag) || known.has(flag.slice(2)) || known.has(flag.slice(5));
    expect(named.filter((flag) => !isKnown(flag))).toEqual([]);
  });
});
