import { describe, expect, it } from 'vitest';
import { type DatasetRequest, loadSplit, resolveDataset, withClasses } from '../../src/data/index.js';
import type { SplitSpec } from '../../src/data/types.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write } = temporaryFolder();

async function load(request: DatasetRequest, which: Partial<SplitSpec> = {}) {
  const { spec, task, locations } = await withClasses(await resolveDataset(request));
  const split = { part: 'all-train' as const, seed: 0, dataSeed: 0, trainSize: null, testSize: null };
  return loadSplit({ ...split, ...which, dataset: spec }, task, locations, { labels: true });
}

const good = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ text: `text ${i}`, label: i % 2 ? 'pos' : 'neg' }));

describe('--skip-bad-rows', () => {
  it('leaves out what cannot be read, counts it, quotes the first, and renames no other row', async () => {
    const data = write(
      'some.jsonl',
      `${jsonl(good(2))}nope\n${jsonl([{ text: ' ', label: 'pos' }, { text: 'a' }, ...good(1)])}`,
    );
    expect((await errorOf(load({ data }))).hint).toMatch(/sed -n 3p .*some.jsonl.*--skip-bad-rows$/);
    const { rows, skipped, firstProblem, classes } = await load({ data, skipBadRows: true });
    expect(rows.map(({ id }) => id)).toEqual(['1', '2', '6']);
    expect(skipped).toBe(3);
    expect(firstProblem).toMatch(
      /^Expected a JSON object .*some.jsonl, line 3, but received broken JSON: "nope"/,
    );
    expect(classes).toEqual(['neg', 'pos']);
  });

  it('changes the spec, and without it nothing', async () => {
    const data = write('spec.jsonl', jsonl(good(4)));
    expect((await resolveDataset({ data })).spec).not.toHaveProperty('skipBadRows');
    expect((await resolveDataset({ data, skipBadRows: false })).spec).not.toHaveProperty('skipBadRows');
    expect((await resolveDataset({ data, skipBadRows: true })).spec.skipBadRows).toBe(true);
  });

  it('holds for labels that do not go with the others', async () => {
    const mixed = write(
      'mixed.jsonl',
      jsonl([...good(4), { text: 'a', label: 3 }, { text: 'b', label: '0' }]),
    );
    expect((await errorOf(load({ data: mixed }))).message).toMatch(/a class name, as in the other rows/);
    const named = await load({ data: mixed, skipBadRows: true });
    expect([named.rows.length, named.skipped, named.classes]).toEqual([4, 2, ['neg', 'pos']]);
    expect(named.firstProblem).toMatch(/line 5, but received 3/);

    const indices = [0, 1, 0, 1, 7].map((label) => ({ text: 'a', label }));
    const gap = write('gap.jsonl', jsonl(indices));
    expect((await errorOf(load({ data: gap }))).message).toMatch(/class index from 0 to 1.*line 5.*7/);
    const numbered = await load({ data: gap, skipBadRows: true });
    expect([numbered.rows.length, numbered.skipped]).toEqual([4, 1]);
  });

  it('holds for every part of an experiment, which stays balanced', async () => {
    const data = write('parts.jsonl', `{"text": 1}\n${jsonl(good(60))}{"text": 2}\n`);
    for (const part of ['weak', 'transfer', 'test'] as const) {
      const { rows, skipped } = await load(
        { data, skipBadRows: true },
        { part, trainSize: 20, testSize: 10 },
      );
      expect([rows.length, skipped]).toEqual([10, 2]);
    }
  });

  it('counts per file', async () => {
    const data = write('train.csv', 'text,label\na,0\nb\nc,1\n');
    const testData = write('test.csv', 'text,label\na,0\nb,1\n,1\n,0\n');
    const train = await load({ data, testData, skipBadRows: true });
    const test = await load({ data, testData, skipBadRows: true }, { part: 'all-test' });
    expect([train.skipped, test.skipped]).toEqual([1, 2]);
  });

  it('holds for repeated ids and for rows of a format', async () => {
    const row = { id: 'x', sentence: 'a', label: 1 };
    const data = write('ids.jsonl', jsonl([row, row, { ...row, id: 'y', label: 5 }]));
    const { rows, skipped, firstProblem } = await load({ dataset: 'sst2', data, skipBadRows: true });
    expect([rows.map(({ id }) => id), skipped]).toEqual([['x'], 2]);
    expect(firstProblem).toMatch(/an id of its own/);
  });

  it('leaves out the rarer length of probabilities, also where it comes first', async () => {
    const labels = [[0.2, 0.3, 0.5], ...Array.from({ length: 9 }, () => [0.4, 0.6])];
    const data = write('lengths.jsonl', jsonl(labels.map((label, i) => ({ text: `t${i}`, label }))));
    const { rows, skipped, classes } = await load({ data, skipBadRows: true });
    expect([rows.length, skipped, classes.length]).toEqual([9, 1, 2]);
  });

  it('does not help where one file has names and the other indices', async () => {
    const data = write('names.csv', 'text,label\na,pos\nb,neg\n');
    const testData = write('numbers.csv', 'text,label\na,0\nb,1\n');
    const error = await errorOf(
      resolveDataset({ data, testData, skipBadRows: true }).then((found) => withClasses(found)),
    );
    expect(error.message).toContain('as in the other rows');
    expect(error.hint).toMatch(/^Mend it .* and try again$/);
  });

  it('is an error where no good row is left, and where the file as a whole is broken', async () => {
    const none = await errorOf(load({ data: write('none.jsonl', 'a\nb\n'), skipBadRows: true }));
    expect(none.message).toMatch(/at least one good row in .*2 bad ones only; the first: .*line 1/);
    const blank = write('blank.csv', 'text,label\n,1\n,0\n');
    expect((await errorOf(load({ data: blank, skipBadRows: true }))).message).toMatch(/2 bad ones only/);
    const quote = await errorOf(load({ data: write('q.csv', 'text,label\n"a,1\nb,0\n'), skipBadRows: true }));
    expect(quote.message).toMatch(/line 2.*quote/);
    expect(quote.hint).not.toContain('--skip-bad-rows');
  });
});
