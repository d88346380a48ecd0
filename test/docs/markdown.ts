/** What the tests of the docs need of Markdown: code, links, headings; no parser, since the docs are plain. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Page {
  /** Relative to the repository. */
  file: string;
  text: string;
  /** The same with fenced code blanked out. */
  prose: string;
  blocks: readonly Block[];
}

/** A fenced block of code. */
export interface Block {
  language: string;
  code: string;
  /** The comment on the line before it, such as `examples/steps.mjs`. */
  marker: string | undefined;
  line: number;
}

/** Every committed or new Markdown page that people read; fixtures and packages are not. */
export function pages(): Page[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((file) => file !== '' && !file.startsWith('test/'))
    .map(readPage);
}

export function readPage(file: string): Page {
  const text = readFileSync(join(root, file), 'utf8');
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { fence: string; block: Block; lines: string[] } | undefined;
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    const fence = /^\s*(```+)\s*(\S*)/.exec(line);
    if (open === undefined && fence !== null) {
      const marker = /^<!--\s*(\S+)\s*-->$/.exec(lines[i - 1] ?? '')?.[1];
      const block = { language: fence[2] ?? '', code: '', marker, line: i + 1 };
      open = { fence: fence[1] ?? '```', block, lines: [] };
    } else if (open !== undefined && line.trim() === open.fence) {
      blocks.push({ ...open.block, code: open.lines.join('\n') });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    prose.push(open === undefined && fence === null ? line : '');
  }
  return { file, text, prose: prose.join('\n'), blocks };
}

/** Spans of code in prose. */
export function codeSpans(prose: string): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}

/** Targets of links and images in prose, those of HTML included. */
export function linkTargets(prose: string): string[] {
  const bare = prose.replaceAll(/`[^`\n]*`/g, '');
  const markdown = [...bare.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target]) => target ?? '');
  const html = [...bare.matchAll(/\b(?:src|href|srcset)="([^"]+)"/g)].map(([, target]) => target ?? '');
  return [...markdown, ...html];
}

/** Anchors of a page's headings, as GitHub makes them. */
export function anchors(prose: string): Set<string> {
  const found = new Map<string, number>();
  const names = new Set<string>();
  for (const [, title = ''] of prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const times = found.get(slug) ?? 0;
    found.set(slug, times + 1);
    names.add(times === 0 ? slug : `${slug}-${times}`);
  }
  for (const [, id = ''] of prose.matchAll(/\b(?:id|name)="([^"]+)"/g)) names.add(id);
  return names;
}

/** Command lines of this program in shell text: the words after its name, without redirections. */
export function ourCommands(shell: string): string[][] {
  const joined = shell.replaceAll(/\\\n\s*/g, ' ');
  return joined
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(/&&|\|\||;|\|(?!\|)/))
    .flatMap((command) => {
      const words = shellWords(command.trim());
      while (/^[A-Z_][A-Z0-9_]*=/.test(words[0] ?? '')) words.shift();
      if (words[0] === '$') words.shift();
      if (words[0] === 'npx') words.shift();
      if (words[0] === 'node' && /(^|\/)bin\/w2s-native\.js$/.test(words[1] ?? ''))
        words.splice(0, 2, 'w2s-native');
      if (words[0] !== 'w2s-native') return [];
      const end = words.findIndex((word) => /^[0-9]?[<>]/.test(word) || word === '&');
      return [words.slice(1, end === -1 ? undefined : end)];
    });
}

function shellWords(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}
