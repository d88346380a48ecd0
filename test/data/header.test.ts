import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { type DatasetRequest, loadSplit, resolveDataset } from '../../src/data/index.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write } = temporaryFolder();
let files = 0;

async function load(request: DatasetRequest) {
  const found = await resolveDataset(request);
  const split = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
  return loadSplit({ ...split, dataset: found.spec }, found.task, found.locations, { labels: true });
}

describe('--no-header', () => {
  it.each([
    ['csv', '1,"I loved, it"\n0,no\n'],
    ['tsv', '1\tI loved, it\n0\tno\n'],
  ])('calls the columns of %s 1, 2, 3, … and keeps the first line', async (ending, content) => {
    const data = write(`no-header.${ending}`, content);
    const { rows } = await load({ data, header: false, text: '2', label: '1' });
    expect(rows).toEqual([
      { id: '1', group: '1', row: 1, text: 'I loved, it', label: [0, 1] },
      { id: '2', group: '2', row: 2, text: 'no', label: [1, 0] },
    ]);
  });

  it('and a header are two data sets, though the file is one', async () => {
    const data = write('both.csv', 'text,label\na,neg\nb,pos\n');
    expect((await load({ data, header: false, text: '1', label: '2' })).rows.length).toBe(3);
    expect((await load({ data })).rows.length).toBe(2);
    const { spec } = await resolveDataset({ data, header: false, text: '1' });
    expect(spec.header).toBe(false);
    expect((await resolveDataset({ data, header: true })).spec).not.toHaveProperty('header');
  });

  it('names the line of a row with other columns, and refuses files that name their columns', async () => {
    const ragged = await errorOf(
      load({ data: write('ragged.csv', 'a,0\nb\n'), header: false, text: '1', label: '2' }),
    );
    expect(ragged.message).toMatch(/2 columns.*field "2".*line 2/);
    const named = await errorOf(
      load({ data: write('named.jsonl', jsonl([{ text: 'a', label: 0 }])), header: false }),
    );
    expect([named.code, named.exitCode]).toEqual(['ERR_CONFIG', 2]);
  });

  it.each([
    ['csv', '0,I loved it\n1,no\n', {}, '--no-header --text 2 --label 1'],
    ['csv', 'this is a long review,pos\nx,neg\n', {}, '--no-header --text 1 --label 2'],
    ['csv', 'a,0\n', { header: false }, '--text 1 --label 2'],
    ['csv', 'text;label\na;0\n', {}, "tr ';' '\\t' <"],
    ['csv', 'text\tlabel\na\t0\n', {}, 'between tabs'],
    ['tsv', 'text,label\na,0\n', {}, 'between commas'],
  ])('is what is typed where it is missing: %s %j %j', async (ending, content, request, hint) => {
    const error = await errorOf(load({ data: write(`hint-${files++}.${ending}`, content), ...request }));
    expect(error.exitCode).toBe(4);
    expect(error.hint).toContain(hint);
  });
});

describe('one table', () => {
  const rows = [
    { text: 'one "quoted"', label: 1 },
    { text: 'two', label: 0 },
    { text: 'three', label: 1 },
  ];
  const parquet = () =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' },
          { name: 'label', data: rows.map(({ label }) => label), type: 'INT32' },
        ],
      }),
    );
  const contents: Record<string, string | Uint8Array> = {
    csv: `text,label\n"one ""quoted""",1\n\ntwo,0\n"three",1\n`,
    tsv: 'text\tlabel\none "quoted"\t1\ntwo\t0\nthree\t1\n',
    jsonl: `\n${jsonl(rows)}`,
    json: JSON.stringify(rows),
    parquet: parquet(),
  };

  it.each(Object.keys(contents).flatMap((ending) => [ending, `${ending}.gz`, `${ending}.GZ`]))(
    'has the same ids, texts and labels as %s',
    async (ending) => {
      const plain = contents[ending.replace(/\.gz$/i, '')] ?? '';
      const packed = ending.toLowerCase().endsWith('.gz') ? gzipSync(plain) : plain;
      const loaded = await load({ data: write(`table-${files++}.${ending}`, packed) });
      expect(loaded.rows.map(({ id, text, label }) => [id, text, label?.[1]])).toEqual([
        ['1', 'one "quoted"', 1],
        ['2', 'two', 0],
        ['3', 'three', 1],
      ]);
    },
  );

  it('has columns by what its name says it is, though the bytes are the same', async () => {
    const packed = gzipSync('text,a\tlabel\none,b\t1\ntwo,c\t0\n');
    await load({ data: write('same.csv.gz', packed), text: 'text', label: 'text' });
    const { rows } = await load({ data: write('same.tsv.gz', packed), text: 'text,a', label: 'label' });
    expect(rows.map(({ text }) => text)).toEqual(['one,b', 'two,c']);
  });

  it('says where a part is smaller than it was to be', async () => {
    const data = write(
      'small.jsonl',
      jsonl(Array.from({ length: 40 }, (_, i) => ({ text: `t${i}`, label: i % 2 }))),
    );
    const { spec, task, locations } = await resolveDataset({ data });
    const part = (name: 'weak' | 'test', trainSize: number | null, testSize: number | null) =>
      loadSplit({ dataset: spec, part: name, seed: 0, dataSeed: 0, trainSize, testSize }, task, locations, {
        labels: true,
      });
    const weak = await part('weak', 1000, 10);
    expect(weak.tooFew).toEqual({ part: 'weak', asked: 500, found: weak.rows.length });
    const test = await part('test', null, 39);
    expect(test.tooFew).toEqual({ part: 'test', asked: 39, found: test.rows.length });
    expect(await part('test', null, 10)).not.toHaveProperty('tooFew');
    expect(await part('weak', null, null)).not.toHaveProperty('tooFew');
  });
});
