/** Rows of a whole file a window at a time: those that `loadSplit` gives, and none in memory. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { loadSplit } from '../../src/data/load.js';
import { type DatasetRequest, resolveDataset, withClasses } from '../../src/data/resolve.js';
import { streamSplit } from '../../src/data/rowStream.js';
import { openSource } from '../../src/data/sources/index.js';
import { textPieces } from '../../src/data/sources/text.js';
import type { Example, SplitSpec } from '../../src/data/types.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { folder, write } = temporaryFolder();
let files = 0;

async function partOf(file: string, more: Partial<SplitSpec> = {}, asked: Partial<DatasetRequest> = {}) {
  const request = { data: file, ...asked };
  const { spec, task, locations } = await withClasses(await resolveDataset(request), { streamed: true });
  const split: SplitSpec = {
    dataset: spec,
    part: 'all-train',
    seed: 0,
    dataSeed: 0,
    trainSize: null,
    testSize: null,
    ...more,
  };
  return { split, task, locations };
}

async function all(windows: AsyncIterable<readonly Example[]>): Promise<Example[][]> {
  const found: Example[][] = [];
  for await (const window of windows) found.push([...window]);
  return found;
}

const rows = Array.from({ length: 37 }, (_, i) => ({
  text: `row ${i} é`,
  label: i % 3 === 0 ? 'yes' : 'no',
}));
const fields = (between: string) =>
  ['text', 'label'].join(between) + rows.map(({ text, label }) => `\n${text}${between}${label}`).join('');

function parquet(records: readonly { text: string; label: string }[]): Uint8Array {
  const columnData = (['text', 'label'] as const).map((name) => ({
    name,
    data: records.map((record) => record[name]),
    type: 'STRING' as const,
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 10 }));
}

const OPENINGS = ['1. e4 e5 2. Nf3', '1. d4 d5', '1. c4 e5 2. Nc3 Nf6'];
const game = (i: number) =>
  `[Round "${i}"]\n[label "${i % 3 === 0 ? 'yes' : 'no'}"]\n\n${OPENINGS[i % 3]} *\n\n`;
const games = Array.from({ length: 37 }, (_, i) => game(i)).join('');

describe('a streamed part', () => {
  it.each<[string, string | Uint8Array]>([
    ['jsonl', jsonl(rows)],
    ['jsonl.gz', gzipSync(jsonl(rows))],
    ['csv', fields(',')],
    ['tsv', fields('\t')],
    ['json', JSON.stringify(rows)],
    ['json.gz', gzipSync(JSON.stringify(rows, null, 2))],
    ['parquet', parquet(rows)],
    ['parquet.gz', gzipSync(parquet(rows))],
    ['pgn', games],
    ['pgn.gz', gzipSync(games)],
  ])('of %s has the rows of loadSplit, in windows', async (ending, content) => {
    const { split, task, locations } = await partOf(write(`part-${files++}.${ending}`, content));
    for (const labels of [false, true]) {
      const loaded = await loadSplit(split, task, locations, { labels });
      const streamed = await streamSplit(split, task, locations, { labels });
      expect(streamed).toMatchObject({ count: 37, classes: loaded.classes, file: loaded.file });
      const windows = await all(streamed!.windows(10));
      expect(windows.map(({ length }) => length)).toEqual([10, 10, 10, 7]);
      expect(windows.flat()).toEqual(loaded.rows);
      // Each reading begins anew.
      expect((await all(streamed!.windows(100))).flat()).toEqual(loaded.rows);
    }
  });

  it('of completions carries them only where labels may be seen', async () => {
    const content = jsonl([{ prompt: 'a', completion: 'b' }]);
    const { split, task, locations } = await partOf(write(`part-${files++}.jsonl`, content));
    const [seen, unseen] = [
      await streamSplit(split, task, locations, { labels: true }),
      await streamSplit(split, task, locations, { labels: false }),
    ];
    expect((await all(seen!.windows(2))).flat()[0]?.completions).toEqual(['b']);
    expect((await all(unseen!.windows(2))).flat()[0]?.completions).toBeUndefined();
  });

  it('tells of a bad last row before the first is given', async () => {
    const { split, task } = await partOf(write(`part-${files++}.jsonl`, jsonl(rows)));
    const bad = write(`part-${files++}.jsonl`, `${jsonl(rows)}{"label": "no"}\n`);
    const told = await errorOf(streamSplit(split, task, relocated(split, bad), { labels: false }));
    expect(told).toMatchObject({ code: 'ERR_DATA', message: expect.stringMatching(/line 38/) });
    const twice = write(
      `part-${files++}.jsonl`,
      jsonl([...rows, rows[0]].map((row, i) => ({ id: i % 37, ...row }))),
    );
    const error = await errorOf(streamSplit(split, task, relocated(split, twice), { labels: false }));
    expect(error.message).toMatch(/"id".*line 38.*"0", which line 1 has/);
  });

  it('is refused where a part has to be seen as a whole', async () => {
    const file = write(`part-${files++}.jsonl`, jsonl(rows));
    const { split, task, locations } = await partOf(file);
    const refused = async (more: Partial<SplitSpec>) =>
      (await streamSplit({ ...split, ...more }, task, locations, { labels: true })) === null;
    expect(await refused({ part: 'weak' })).toBe(true);
    expect(await refused({ fold: { share: 0.5, take: 'rest' } })).toBe(true);
    const { classes: _, ...unknown } = split.dataset;
    expect(await refused({ dataset: unknown })).toBe(true);
  });
});

/** Texts, and what is wrong with the last of them. */
const LAST_ROWS: [string, string | Uint8Array, RegExp][] = [
  ['jsonl', `${jsonl(rows)}nope\n`, /line 38, .*broken JSON/],
  ['csv', `${fields(',')}\n ,yes`, /field "text" .*line 39, .*blank/],
  ['csv', `${fields(',')}\n"open,yes`, /line 39, .*quote/],
  ['tsv', `${fields('\t')}\nalone`, /"label" .*line 39, .*1 column/],
  ['json', `${JSON.stringify(rows).slice(0, -1)},{"text": 1, "label": "no"}]`, /"text" .*row 38, .*1/],
  ['json', `${JSON.stringify(rows, null, 1).slice(0, -1)},{"text": ]`, /line 150, .*broken JSON/],
  ['json', JSON.stringify(rows, null, 1).slice(0, -1), /line 150, .*broken JSON/],
  ['parquet', parquet([...rows, { text: ' ', label: 'no' }]), /"text" .*row 38, /],
  ['pgn', `${games}[label "no"]\n\n1. e5 *\n`, /legal move as ply 1 .*line 186, .*"e5"/],
];

describe('a bad last row', () => {
  it.each(LAST_ROWS)('of %s is told as loadSplit tells it (%#)', async (ending, content, message) => {
    const good = await partOf(write(`part-${files++}.jsonl`, jsonl(rows)));
    const file = write(`part-${files++}.${ending}`, content);
    for (const labels of [false, true]) {
      // What was read is kept by content: a name for each reading.
      const name = `${file} ${labels}`;
      const split = { ...good.split, dataset: { ...good.split.dataset, files: { train: name } } };
      const locations = { [name]: file };
      const told = await errorOf(streamSplit(split, good.task, locations, { labels }));
      expect(told).toMatchObject({ code: 'ERR_DATA', message: expect.stringMatching(message) });
      const loading = await errorOf(loadSplit(split, good.task, locations, { labels }));
      expect([told.message, told.hint]).toEqual([loading.message, loading.hint]);
    }
  });
});

const labelled = (labels: readonly unknown[]) =>
  jsonl(labels.map((label, i) => ({ text: `row ${i}`, label })));

describe('a streamed part without its bad rows', () => {
  it.each<[string, string, string | Uint8Array]>([
    ['unreadable ones', 'jsonl', `nope\n${jsonl(rows)}{"label": "no"}\n[1]\n`],
    ['none', 'jsonl', jsonl(rows)],
    [
      'ids that two rows have',
      'jsonl',
      jsonl([...rows, ...rows].map((row, i) => ({ id: `${i % 40}`, ...row }))),
    ],
    ['an index among names', 'jsonl', labelled(['a', 'b', 3, 'a', '0', [0.5, 0.5]])],
    ['a name among indices', 'jsonl', labelled([0, 1, 'a', 0, 1, 9, [0.1, 0.9], [0.2, 0.3, 0.5]])],
    ['as many names as indices', 'jsonl', labelled(['a', 0, 1, 'b', 7])],
    ['an index beyond a gap', 'jsonl', labelled([0, 1, 0, 7, 1])],
    [
      'probabilities of another length first',
      'jsonl',
      labelled([
        [0.2, 0.3, 0.5],
        [0.4, 0.6],
        [0.5, 0.5],
      ]),
    ],
    ['short lines', 'csv', `${fields(',')}\nalone\n,yes`],
    ['blank texts', 'parquet', parquet([{ text: '', label: 'no' }, ...rows])],
    ['illegal games', 'pgn', `[label "no"]\n\n1. e5 *\n\n${games}`],
    ['what is no object', 'json', JSON.stringify([null, 'x', ...rows])],
  ])('has the rows of loadSplit, and counts as many: %s', async (_, ending, content) => {
    const { split, task, locations } = await partOf(
      write(`part-${files++}.${ending}`, content),
      {},
      {
        skipBadRows: true,
      },
    );
    // Classes are kept by the file's content: here they are looked for again.
    process.env.W2S_CACHE = join(folder, `cache-${files}`);
    const data = Object.values(locations)[0] ?? '';
    const whole = await withClasses(await resolveDataset({ data, skipBadRows: true }));
    expect(whole.spec.classes).toEqual(split.dataset.classes);
    for (const labels of [false, true]) {
      const { rows: all_, skipped, firstProblem } = await loadSplit(split, task, locations, { labels });
      const streamed = await streamSplit(split, task, locations, { labels });
      expect(streamed).toMatchObject({ count: all_.length, skipped });
      expect(streamed!.firstProblem).toBe(firstProblem);
      for (const size of [5, 100]) expect((await all(streamed!.windows(size))).flat()).toEqual(all_);
    }
  });

  it('is refused where no good row is left', async () => {
    const { split, task } = await partOf(
      write(`part-${files++}.jsonl`, jsonl(rows)),
      {},
      { skipBadRows: true },
    );
    for (const content of ['nope\n\n1\n', '{"text": " "}\n', labelled([5, 6])]) {
      const file = write(`part-${files++}.jsonl`, content);
      const other = { ...split, dataset: { ...split.dataset, files: { train: file } } };
      const at = { [file]: file };
      const told = await errorOf(streamSplit(other, task, at, { labels: true }));
      const loading = await errorOf(loadSplit(other, task, at, { labels: true }));
      expect([told.message, told.hint]).toEqual([loading.message, loading.hint]);
    }
  });
});

const relocated = ({ dataset }: SplitSpec, file: string) => ({ [dataset.files.train ?? '']: file });

describe('a file larger than a piece', () => {
  const line = (i: number) => `${i} é€𝄞 ${'x'.repeat((i * 7919) % 5000)}`;
  const count = 1200;

  it('comes in whole lines, numbered on', async () => {
    const file = write('large.txt', Array.from({ length: count }, (_, i) => line(i)).join('\n'));
    let number = 0;
    let pieces = 0;
    for await (const { bytes, firstLine } of textPieces(file)) {
      pieces++;
      expect(firstLine).toBe(number + 1);
      for (const text of bytes.toString('utf8').replace(/\n$/, '').split('\n'))
        expect(text).toBe(line(number++));
    }
    expect(number).toBe(count);
    expect(pieces).toBeGreaterThan(2);
  });

  it('has its rows by the lines they begin on, also where a row holds line breaks', async () => {
    const quoted = Array.from({ length: count }, (_, i) => `"${line(i)}\r\n""${i}""",${i}\n`).join('');
    const file = write('large.csv', `text,number\n${quoted}`);
    const found: [number, string, string][] = [];
    for await (const chunk of (await openSource(file)).rows()) {
      for (const { row, record } of chunk) found.push([row, String(record?.text), String(record?.number)]);
    }
    expect(found).toEqual(
      Array.from({ length: count }, (_, i) => [2 + 2 * i, `${line(i)}\r\n"${i}"`, String(i)]),
    );
  });

  it('that is no UTF-8 is told by its line', async () => {
    const good = Array.from({ length: count }, (_, i) => line(i)).join('\n');
    const file = write('latin.txt', Buffer.concat([Buffer.from(`${good}\n`), Buffer.from([0xe9, 0x0a])]));
    const error = await errorOf(
      (async () => {
        for await (const _ of textPieces(file));
      })(),
    );
    expect(error.message).toMatch(new RegExp(`line ${count + 1}`));
  });

  it('that is cut short is no gzip', async () => {
    const packed = gzipSync(jsonl(rows));
    const file = write('cut.jsonl.gz', packed.subarray(0, packed.length - 20));
    const error = await errorOf(openSource(file));
    expect(error.message).toMatch(/gzip/);
  });
});
