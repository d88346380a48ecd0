import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../src/data/sources/index.js';
import { errorOf, temporaryFolder } from './support.js';

const { write, folder } = temporaryFolder();
let files = 0;

async function read(ending: string, content: string | Uint8Array) {
  const source = await openSource(write(`source-${files++}.${ending}`, content));
  const rows = [];
  for await (const chunk of source.rows()) rows.push(...chunk);
  return { columns: source.columns, rows, records: rows.map(({ row, record }) => [row, { ...record }]) };
}

/** The first problem: one that ends the reading, or one of a row. */
async function problem(ending: string, content: string | Uint8Array): Promise<string> {
  const run = async () => {
    const { rows } = await read(ending, content);
    const bad = rows.find((row) => row.problem !== undefined);
    throw bad?.problem ?? new Error('no problem');
  };
  const error = await errorOf(run());
  expect(error.exitCode).toBe(4);
  return error.message;
}

describe('JSON Lines', () => {
  it('number their lines, blank ones and a byte order mark included', async () => {
    const { columns, records } = await read('jsonl', '\uFEFF{"a": 1}\r\n\n{"b": "x"}');
    expect(columns).toEqual(['a', 'b']);
    expect(records).toEqual([
      [1, { a: 1 }],
      [3, { b: 'x' }],
    ]);
  });

  it.each([
    ['{"a": 1}\n{"a": \n', /line 2.*broken JSON/],
    ['{"a": 1}\n\n[1]\n', /line 3.*received \[1\]/],
    ['{"a": 1}\nnull\n', /line 2.*received null/],
    ['"text"\n', /line 1.*received "text"/],
  ])('name the line of what is no object: %j', async (content, message) => {
    expect(await problem('jsonl', content)).toMatch(message);
  });

  it('name the line that is not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"a": 1}\n{"a": "'),
      Buffer.from([0xff, 0xe9]),
      Buffer.from('"}\n'),
    ]);
    expect(await problem('jsonl', bytes)).toMatch(/UTF-8 text.*line 2/);
    expect(await problem('csv', Buffer.from('a,b\n1,\u00e9\n', 'latin1'))).toMatch(/UTF-8 text.*line 2/);
    expect(await problem('tsv', Buffer.from('\ufeffa\tb\n', 'utf16le'))).toMatch(/line 1.*UTF-16/);
  });
});

describe('JSON arrays', () => {
  it('number their rows', async () => {
    expect((await read('json', '[{"a": 1}, {"a": 2}]')).records).toEqual([
      [1, { a: 1 }],
      [2, { a: 2 }],
    ]);
  });

  it('name what is wrong', async () => {
    expect(await problem('json', '[{"a": 1},\n{"a": }]')).toMatch(/line 2.*broken JSON/);
    expect(await problem('json', '{"a": 1}')).toMatch(/Expected a JSON array/);
    expect(await problem('json', '[{"a": 1}, 5]')).toMatch(/row 2.*received 5/);
    // Its parser quotes the element: that is no position.
    expect(await problem('json', '[\n{"a":\n\n\n\n position 9}]')).toMatch(/line 2, .*broken JSON/);
  });

  it('are checked by a command that can read them', async () => {
    const hint = async (ending: string, content: string | Uint8Array) =>
      (await errorOf(read(ending, content))).hint;
    expect(await hint('json', '[{]')).toMatch(/python3 -m json\.tool .*\.json$/);
    expect(await hint('json.gz', gzipSync('[{]'))).toMatch(/gzip -dc .*\.json\.gz \| python3 -m json\.tool$/);
  });

  it.each([
    ['objects', '{"a": 1}\n{"a": 2}\n', /line 1, .*received an object/],
    ['an object in line 3', '\ufeff \r\n\n {', /line 3, .*received an object/],
    ['a text', '"text"\n', /line 1, .*received "\\"text\\""/],
    ['CSV', 'a,b\n1,2\n', /line 1, .*received "a,b"/],
    ['LATIN1', Buffer.from('\n\xe9t\xe9', 'latin1'), /UTF-8 text .*line 2, /],
    ['UTF-16', Buffer.from('\ufeff[]', 'utf16le'), /line 1, .*UTF-16/],
    ['a character across two pieces', `{"a": "${'€'.repeat(1 << 20)}`, /line 1, .*received an object/],
  ])('are told from what begins otherwise: %s', async (_, content, message) => {
    expect(await problem('json', content)).toMatch(message);
    expect(await problem('json.gz', gzipSync(content))).toMatch(message);
  });
});

describe('CSV', () => {
  it('has a header, quotes, and rows numbered by the line they begin on', async () => {
    const { columns, records } = await read('csv', 'a,b\r\n1,"x\r\ny"\r\n\r\n2,"q""q,"\r\n');
    expect(columns).toEqual(['a', 'b']);
    expect(records).toEqual([
      [2, { a: '1', b: 'x\r\ny' }],
      [5, { a: '2', b: 'q"q,' }],
    ]);
  });

  it.each([
    ['a,b\n1,2\n3\n', /2 columns, one for field "b".*line 3.*1 column\./],
    ['a,b\n1,2,3\n', /2 columns.*line 2.*3 columns \(a text that holds commas/],
    ['a,b\n1,"2\n3,4\n', /line 2.*quote/],
    ['a,b\n1,2\n3,x "y"\n', /line 3.*quote/],
    ['a,a\n1,2\n', /header.*line 1.*"a" twice/],
    ['a,\n1,2\n', /line 1.*blank/],
  ])('names the line of what is wrong: %j', async (content, message) => {
    expect(await problem('csv', content)).toMatch(message);
  });

  it('reads many rows in order across its pieces', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i},"row ${i}"`);
    const { records } = await read('csv', `n,text\n${lines.join('\n')}\n`);
    expect(records).toEqual(lines.map((_, i) => [i + 2, { n: String(i), text: `row ${i}` }]));
  });
});

describe('TSV', () => {
  it('takes a quote for an ordinary character', async () => {
    const { records } = await read('tsv', 'a\tb\n"x\t"y" z\n');
    expect(records).toEqual([[2, { a: '"x', b: '"y" z' }]]);
    expect(await problem('tsv', 'a\tb\nx\n')).toMatch(/field "b".*line 2/);
  });
});

describe('Parquet', () => {
  it('gives numbers for 64-bit integers, and lists', async () => {
    const content = parquetWriteBuffer({
      columnData: [
        { name: 'label', data: [1n, 0n], type: 'INT64' },
        { name: 'text', data: ['a', 'b'], type: 'STRING' },
      ],
      rowGroupSize: 1,
    });
    const { columns, records } = await read('parquet', new Uint8Array(content));
    expect(columns).toEqual(['label', 'text']);
    expect(records).toEqual([
      [1, { label: 1, text: 'a' }],
      [2, { label: 0, text: 'b' }],
    ]);
  });

  it('is typed in its failures', async () => {
    expect(await problem('parquet', 'PAR1 this is none PAR1')).toMatch(/Expected a Parquet file/);
    expect(await problem('parquet', '')).toMatch(/Expected a Parquet file/);
  });
});

describe('files', () => {
  it('are unpacked where they end in .gz', async () => {
    expect((await read('jsonl.gz', gzipSync('{"a": 1}\n'))).records).toEqual([[1, { a: 1 }]]);
    expect(await problem('csv.gz', 'a,b\n')).toMatch(/gzip/);
  });

  it('that do not exist are answered with the nearest that does', async () => {
    write('reviews.csv', 'a\n1\n');
    const missing = await errorOf(openSource(`${folder}/revews.csv`));
    expect([missing.code, missing.exitCode]).toEqual(['ERR_NOT_FOUND', 4]);
    expect(missing.hint).toContain('reviews.csv?');
    expect((await errorOf(openSource(folder))).message).toContain('folder');
    expect((await errorOf(openSource(write('data.xlsx', '')))).message).toContain('.jsonl');
  });
});
