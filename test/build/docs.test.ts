import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cliReference, ENVIRONMENT } from '../../scripts/docs/cliReference.js';
import { code, slugOf, table } from '../../scripts/docs/markdown.js';
import { COMMANDS } from '../../src/cli/table.js';
import { ERROR_EXIT_CODES } from '../../src/errors.js';
import { packageRoot } from '../../src/native/paths.js';

const kept = readFileSync(join(packageRoot, 'docs', 'reference', 'cli.md'), 'utf8');

describe('docs/reference/cli.md', () => {
  test('is what the commands say; if not, type: npm run docs', async () => {
    expect(kept.trim()).toBe((await cliReference()).trim());
  });

  test('has a section for each command, reached from the table', () => {
    for (const { name } of COMMANDS) {
      expect(kept).toContain(`\n## ${name}\n`);
      expect(kept).toContain(`[\`${name}\`](#${name})`);
    }
  });

  test('tells of each flag that --help shows, and of each error code', async () => {
    for (const { name, load } of COMMANDS) {
      const own = kept.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
      const { options } = (await load()).command;
      for (const [flag, { hidden }] of Object.entries(options)) {
        if (hidden !== true) expect(own, name).toMatch(new RegExp(`\\| \`--${flag}[\` ]`));
      }
    }
    for (const code of Object.keys(ERROR_EXIT_CODES)) expect(kept).toContain(code);
  });

  test('tells of each variable of ours that src/ reads', () => {
    const read = new Set<string>();
    for (const file of readdirSync(join(packageRoot, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(join(packageRoot, 'src', file), 'utf8');
      for (const [, name = ''] of text.matchAll(/\benv(?:ironment)?\.((?:W2S|HF)_[A-Z_]+)/g)) read.add(name);
    }
    // For tests only.
    read.delete('W2S_ASSETS');
    expect(read).toContain('W2S_CACHE');
    for (const name of read) expect(ENVIRONMENT).toHaveProperty(name);
  });
});

describe('docs/reference', () => {
  test.each(['cli.md', 'api.md'])('links of %s lead somewhere', (page) => {
    const text = readFileSync(join(packageRoot, 'docs', 'reference', page), 'utf8');
    const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      slugOf(title.replace(/[\\()]/g, '')),
    );
    const anchors = new Set(
      titles.map((slug, i) => {
        const before = titles.slice(0, i).filter((other) => other === slug).length;
        return before === 0 ? slug : `${slug}-${before}`;
      }),
    );
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) {
      if (link.startsWith('#')) expect(anchors, link).toContain(link.slice(1));
      else
        expect(existsSync(join(packageRoot, 'docs', 'reference', link.replace(/#.*/, ''))), link).toBe(true);
    }
  });
});

describe('generated Markdown', () => {
  test('bars and tags do not break a table, empty columns are left out', () => {
    const rows = [
      ['a|b', 'cuda:<index>', ''],
      ['`x|<y>`', 'plain', ''],
    ];
    expect(table(['one', 'two', 'three'], rows)).toBe(
      '| one | two |\n| --- | --- |\n| a\\|b | cuda:&lt;index> |\n| `x\\|<y>` | plain |',
    );
  });

  test('backticks inside code get longer fences', () => {
    expect(code('a `b`')).toBe('`` a `b` ``');
  });
});
