/** Rows of a whole file a window at a time: those that `loadSplit` gives, and none in memory. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadSplit } from '../../src/data/load.js';
import { resolveDataset, withClasses } from '../../src/data/resolve.js';
import { streamSplit } from '../../src/data/rowStream.js';
import { openSource } from '../../src/data/sources/index.js';
import { textPieces } from '../../src/data/sources/text.js';
import type { Example, SplitSpec } from '../../src/data/types.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write } = temporaryFolder();
let files = 0;

async function partOf(file: string, more: Partial<SplitSpec> = {}, skipBadRows = false) {
  const request = { data: file, ...(skipBadRows ? { skipBadRows } : {}) };
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

describe('a streamed part', () => {
  it.each([
    ['jsonl', jsonl(rows)],
    ['jsonl.gz', gzipSync(jsonl(rows))],
    ['csv', fields(',')],
    ['tsv', fields('\t')],
    ['json', JSON.stringify(rows)],
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
    const skipping = await partOf(file, {}, true);
    expect(await streamSplit(skipping.split, task, locations, { labels: false })).toBeNull();
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
