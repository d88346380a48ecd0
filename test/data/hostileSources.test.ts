/** Files that no reader can be expected to read: each is refused by name, at once, and lets go of its file. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, realpathSync, truncateSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { openSource } from '../../src/data/sources/index.js';
import { errorOf, temporaryFolder } from './support.js';

const { write } = temporaryFolder();
const MIB = 1 << 20;

async function readAll(file: string) {
  const source = await openSource(file);
  const rows = [];
  for await (const chunk of source.rows()) rows.push(...chunk);
  return { columns: source.columns, rows };
}

/** A file that begins with a text; the rest, of which the disk holds nothing, is NUL. */
function padded(name: string, begin: string, bytes: number): string {
  const file = write(name, begin);
  truncateSync(file, bytes);
  return file;
}

describe('a file without limits', () => {
  it('that is no JSON array is not read to its end', async () => {
    const error = await errorOf(readAll(padded('object.json', '{"a": 1}\n', 3 * 1024 * MIB)));
    expect([error.code, error.message]).toEqual([
      'ERR_DATA',
      expect.stringMatching(/JSON array .*, line 1, .*an object/),
    ]);
    expect(error.hint).toMatch(/^If it holds one object a line, rename it: mv .*object\.json data\.jsonl$/);
  });

  it.each([
    ['line.jsonl', '{"a": 1}\n', /lines of at most 64 MiB in .*line\.jsonl, line 2, /],
    ['line.csv', 'a,b\n1,2\n', /lines of at most 64 MiB in .*line\.csv, line 3, /],
    ['wrapped.json', '[{"a": 1},\n[{"a": 1}', /elements of the array of at most 64 MiB in .*, line 2, /],
  ])('has no row of any length: %s', async (name, begin, message) => {
    const error = await errorOf(readAll(padded(name, begin, 66 * MIB)));
    expect([error.code, error.message]).toEqual(['ERR_DATA', expect.stringMatching(message)]);
    expect(error.hint).toMatch(/tail -n \+\d .* \| head -c 300$/);
  });

  it('has no row of any number of lines', async () => {
    const line = `${'no end '.repeat(100)}\n`;
    const error = await errorOf(
      readAll(write('rows.csv', `a,b\n1,"${line.repeat((66 * MIB) / line.length)}`)),
    );
    expect(error.message).toMatch(/line 2, .*row of more than 64 MiB, perhaps by a quote/);
    expect(error.hint).not.toContain('--skip-bad-rows');
  });

  it('may nest what it has more deeply than can be shown', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    for (const [name, content] of [
      ['deep.jsonl', `{"a": 1}\n${deep}\n`],
      ['deep.json', `[{"a": 1},\n${deep}]`],
    ] as const) {
      const { rows } = await readAll(write(name, content));
      expect(rows[1]?.problem?.message).toMatch(/a JSON object .* 2, but received a deeply nested value/);
    }
  });

  it('is copied once, not with every piece, while a quote is open', async () => {
    const file = write('quote.csv', `a,b\n1,"${'no end\n'.repeat((4 * MIB) / 7)}`);
    const concat = vi.spyOn(Buffer, 'concat');
    try {
      expect((await errorOf(readAll(file))).message).toMatch(/line 2, .*quote that is never closed/);
      const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
      // Once where lines are found and once in the parser, and the first piece when it was opened.
      expect(copied).toBeLessThan(16 * MIB);
    } finally {
      concat.mockRestore();
    }
  });
});

describe('columns', () => {
  it.each([
    ['bad.jsonl', `${'nope\n'.repeat(25)}{"a": 1}\n`],
    ['bad.json', `[${'5,'.repeat(25)}{"a": 1}]`],
    ['bad.pgn', `${'1. Ke2 *\n\n'.repeat(25)}[a "1"]\n\n1. e4 *\n`],
  ])('are those of the first good rows: %s', async (name, content) => {
    const { columns, rows } = await readAll(write(name, content));
    expect(columns).toContain('a');
    expect(rows.filter(({ problem }) => problem === undefined)).toHaveLength(1);
  });
});

/** How often this process has a file open, on Linux. */
function openHandles(file: string): number {
  const path = realpathSync(file);
  const targets = readdirSync('/proc/self/fd').map((handle) => {
    try {
      return readlinkSync(`/proc/self/fd/${handle}`);
    } catch {
      return undefined; // closed meanwhile
    }
  });
  return targets.filter((target) => target === path).length;
}

describe.skipIf(process.platform !== 'linux')('a file of which not all is read', () => {
  const values = Array.from({ length: 200 }, () => randomBytes(48 << 10).toString('base64'));
  const shapes: Record<string, string> = {
    jsonl: values.map((a) => `{"a": "${a}"}\n`).join(''),
    json: JSON.stringify(values.map((a) => ({ a }))),
    csv: `a,b\n${values.map((a) => `${a},1\n`).join('')}`,
    tsv: `a\tb\n${values.map((a) => `${a}\t1\n`).join('')}`,
    pgn: values.map((a) => `[a "${a}"]\n\n1. e4 *\n\n`).join(''),
  };

  it.each(Object.keys(shapes).flatMap((ending) => [ending, `${ending}.gz`]))(
    'is closed: %s',
    async (ending) => {
      const content = shapes[ending.replace('.gz', '')] ?? '';
      const file = write(
        `part.${ending}`,
        ending.endsWith('.gz') ? gzipSync(content, { level: 1 }) : content,
      );
      const source = await openSource(file);
      for await (const chunk of source.rows()) {
        if (chunk.length === 0) continue;
        expect(openHandles(file)).toBeGreaterThan(0);
        break;
      }
      await expect.poll(() => openHandles(file)).toBe(0);
    },
  );
});
