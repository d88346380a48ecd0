import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import {
  type DatasetRequest,
  type LoadOptions,
  loadSplit,
  resolveDataset,
  type SplitSpec,
  withClasses,
} from '../../src/data/index.js';
import { isW2sError } from '../../src/errors.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write, folder } = temporaryFolder();
let files = 0;

const save = (rows: readonly unknown[]): string => write(`load-${files++}.jsonl`, jsonl(rows));

const binary = (n: number, flip = 0) =>
  Array.from({ length: n }, (_, i) => ({ id: `r${i}`, text: `text ${i}`, label: (i + flip) % 2 }));

async function part(
  request: DatasetRequest,
  name: SplitSpec['part'],
  changes: Partial<SplitSpec> = {},
  options: LoadOptions = { labels: true },
) {
  const { spec, task, locations } = await withClasses(await resolveDataset(request), options);
  const split = {
    dataset: spec,
    part: name,
    seed: 0,
    dataSeed: 0,
    trainSize: null,
    testSize: null,
    ...changes,
  };
  return loadSplit(split, task, locations, options);
}

describe('a part', () => {
  it('leaks no label that it was not asked for', async () => {
    const data = save(binary(40));
    for (const name of ['weak', 'transfer', 'test', 'all-train'] as const) {
      const bare = await part({ data }, name, {}, { labels: false });
      const full = await part({ data }, name);
      expect(bare.rows.map(({ id }) => id)).toEqual(full.rows.map(({ id }) => id));
      expect(bare.classes).toEqual(['0', '1']);
      for (const row of bare.rows) expect(Object.keys(row).sort()).toEqual(['group', 'id', 'row', 'text']);
      for (const row of full.rows) expect(row.label).toHaveLength(2);
    }
    const moves = save(binary(10).map(({ id, text }) => ({ id, prompt: text, completion: 'secret' })));
    expect(JSON.stringify(await part({ data: moves }, 'transfer', {}, { labels: false }))).not.toContain(
      'secret',
    );
  });

  it('keeps its rows when all labels of a given half are exchanged', async () => {
    const testData = save(binary(10));
    const weakData = save(binary(10));
    const load = async (flip: number, trainSize: number | null) => {
      const transferData = save(binary(40, flip));
      return part({ weakData, transferData, testData }, 'transfer', { trainSize });
    };
    for (const size of [null, 21]) {
      const [before, after] = [await load(0, size), await load(1, size)];
      expect(after.rows.map(({ id }) => id)).toEqual(before.rows.map(({ id }) => id));
      expect(after.rows.map(({ label }) => [...(label ?? [])].reverse())).toEqual(
        before.rows.map(({ label }) => label),
      );
    }
  });

  it('knows the classes of all files, in one order, though each file has only some', async () => {
    const named = (...names: string[]) => save(names.map((label, i) => ({ text: `t${i}`, label })));
    const request = { data: named('b', 'c', 'b', 'c'), testData: named('a', 'c') };
    const test = await part(request, 'all-test');
    expect(test.classes).toEqual(['a', 'b', 'c']);
    expect(test.rows[1]?.label).toEqual([0, 0, 1]);
    const covered = await part(request, 'all-test', {}, { labels: true, label2id: { c: 0, b: 1, a: 2 } });
    expect(covered.classes).toEqual(['c', 'b', 'a']);
    const { spec } = await withClasses(await resolveDataset(request));
    expect((await withClasses(await resolveDataset(request))).spec).toEqual(spec);
  });

  it('without enough rows of a class names the first of them', async () => {
    const rare = [...binary(20), { id: 'x', text: 'odd', label: 2 }];
    const error = await errorOf(
      part({ data: save(rare), testData: save(binary(4)) }, 'weak', { trainSize: 10 }).then(() =>
        part({ data: save(rare), testData: save(binary(4)) }, 'transfer', { trainSize: 10 }),
      ),
    );
    expect([error.code, error.exitCode]).toEqual(['ERR_DATA', 4]);
    expect(error.message).toMatch(/each class.*"label".*line 21.*1 of 21 of class "2"/);
    const few = await errorOf(part({ data: save([{ prompt: 'a', completion: 'b' }]) }, 'transfer'));
    expect(few.message).toMatch(/Expected enough rows .*transfer part but received 1/);
  });

  it('of a file without rows is refused', async () => {
    for (const content of ['', '\n\n']) {
      const error = await errorOf(part({ data: write(`empty-${files++}.jsonl`, content) }, 'all-train'));
      expect(error.message).toMatch(/at least one row in .*line 1.*no rows/);
      expect(error.exitCode).toBe(4);
    }
    expect(
      (await errorOf(part({ data: write('header.csv', 'text,label\n') }, 'all-train'))).message,
    ).toContain('no rows');
  });

  it('of one class only, or with a class too rare, is refused with what to look at', async () => {
    const one = save(Array.from({ length: 20 }, (_, i) => ({ text: `t${i}`, label: 1 })));
    const alone = await errorOf(part({ data: one }, 'weak'));
    expect(alone.message).toMatch(
      /two classes at least in .*weak part but received "1" alone in field "label"/,
    );
    expect(alone.hint).toContain('--label COLUMN');
    const rows = Array.from({ length: 40 }, (_, i) => ({
      text: `t${i}`,
      label: i % 2 ? 'positive' : 'negative',
    }));
    const rare = save([...rows, { text: 'x', label: 'positve' }]);
    const errors = await Promise.all(
      (['weak', 'transfer', 'test'] as const).map((which) =>
        part({ data: rare }, which).catch((error) => error),
      ),
    );
    const messages = errors.filter((error) => isW2sError(error));
    expect(messages.length).toBe(2);
    expect(messages[0]?.message).toMatch(/enough rows of each class .*line 41.*1 of 41 of class "positve"/);
    expect(messages[0]?.hint).toContain('Did you mean "positive" there?');
  });

  it('counts bad rows where they are to be skipped', async () => {
    const data = write(
      'bad-rows.jsonl',
      `${jsonl(binary(4))}{broken\n${jsonl([{ text: 'x', label: null }])}`,
    );
    const { spec, task, locations } = await resolveDataset({ data, skipBadRows: true });
    const split = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
    const loaded = await loadSplit({ dataset: spec, ...split }, task, locations, { labels: true });
    expect([loaded.rows.length, loaded.skipped]).toEqual([4, 2]);
    expect(loaded.firstProblem).toMatch(/bad-rows.jsonl, line 5, but received broken JSON/);
  });
});

describe('a built-in data set', () => {
  const parquet = (rows: readonly Record<string, unknown>[]) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: Object.keys(rows[0] ?? {}).map((name) => ({ name, data: rows.map((row) => row[name]) })),
      }),
    );
  const moves = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ id: `p${i}`, group: `g${i >> 1}`, prompt: 'a', completion: 'b' }));

  function assets(): void {
    process.env.W2S_ASSETS = join(folder, 'assets');
    write(
      'assets/data/puzzles/dataset.json',
      JSON.stringify({ task: 'completion', description: 'd', case: 'positive' }),
    );
    write('assets/data/puzzles/train.parquet', parquet(moves(20)));
    write('assets/data/puzzles/test.parquet', parquet(moves(6)));
    const legal = {
      task: 'classification',
      classes: ['illegal', 'legal'],
      description: 'd',
      case: 'positive',
    };
    write('assets/data/legal/dataset.json', JSON.stringify(legal));
    write('assets/data/legal/train.parquet', parquet(moves(8).map((row, i) => ({ ...row, label: i % 2 }))));
    write('assets/data/legal/test.parquet', parquet(moves(4).map((row, i) => ({ ...row, label: i % 2 }))));
  }

  it('brings task, classes and files', async () => {
    assets();
    const puzzles = await part({ dataset: 'puzzles' }, 'weak', { trainSize: 10 });
    expect([puzzles.task, puzzles.rows.length, puzzles.rows[0]?.completions]).toEqual([
      'completion',
      5,
      ['b'],
    ]);
    const legal = await part({ dataset: 'legal' }, 'test');
    expect([legal.task, legal.classes, legal.rows.length]).toEqual([
      'classification',
      ['illegal', 'legal'],
      4,
    ]);
    expect(legal.rows[1]).toMatchObject({ prompt: 'a', completions: ['b'], label: [0, 1] });
    expect((await resolveDataset({ dataset: 'legal' })).spec).toMatchObject({ format: 'legal', columns: {} });
  });

  it('reads files of the user in its format, test set included', async () => {
    assets();
    const data = save(
      Array.from({ length: 10 }, (_, i) => ({
        prompt: 'a',
        completion: 'b',
        label: i % 2 ? 'legal' : 'illegal',
      })),
    );
    const resolved = await resolveDataset({ dataset: 'legal', data });
    expect(Object.keys(resolved.spec.files)).toEqual(['train']);
    expect((await part({ dataset: 'legal', data }, 'test')).rows).toHaveLength(2);
    const halves = await resolveDataset({ dataset: 'legal', weakData: data, transferData: data });
    expect(Object.keys(halves.spec.files).sort()).toEqual(['test', 'transfer', 'weak']);
    const bad = await errorOf(
      part({ dataset: 'legal', data: save([{ prompt: 'a', completion: 'b', label: 2 }]) }, 'all-train'),
    );
    expect(bad.message).toMatch(
      /from 0 to 1 or 2 probabilities, or one of "illegal", "legal".*line 1.*received 2/,
    );
  });

  it('that is misspelt is answered with the nearest, and exit code 2', async () => {
    assets();
    const error = await errorOf(resolveDataset({ dataset: 'puzles' }));
    expect([error.exitCode, error.hint]).toEqual([2, 'Did you mean --dataset puzzles?']);
    expect((await errorOf(resolveDataset({ dataset: 'columns' }))).hint).toContain('--data FILE');
  });
});
