/** Links between pages, and to files and headings, lead somewhere. */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, linkTargets, pages, readPage, root } from './markdown.js';

const all = pages();
const isOutside = (target: string): boolean => /^[a-z]+:/i.test(target);

function problemsOf(file: string, prose: string): string[] {
  return linkTargets(prose)
    .filter((target) => !isOutside(target))
    .flatMap((target) => {
      const [path = '', anchor] = decodeURIComponent(target).split('#');
      const found = path === '' ? file : relative(root, join(root, dirname(file), path));
      if (found.startsWith('..')) return [`${target}: outside of the repository`];
      if (!existsSync(join(root, found))) return [`${target}: no such file`];
      if (anchor === undefined || !found.endsWith('.md')) return [];
      return anchors(readPage(found).prose).has(anchor) ? [] : [`${target}: no such heading`];
    });
}

describe('links', () => {
  it.each(all)('$file', ({ file, prose }) => {
    expect(problemsOf(file, prose)).toEqual([]);
  });

  it('every page of docs/ is reached from the README', () => {
    const seen = new Set<string>();
    const queue = ['README.md'];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      for (const target of linkTargets(readPage(file).prose)) {
        if (isOutside(target)) continue;
        const path = target.split('#')[0] ?? '';
        const found = relative(root, join(root, dirname(file), path));
        if (path.endsWith('.md') && existsSync(join(root, found))) queue.push(found);
      }
    }
    const lost = all
      .map(({ file }) => file)
      .filter((file) => /^docs\/|^[A-Z]+\.md$/.test(file) && !seen.has(file));
    expect(lost).toEqual([]);
  });
});
