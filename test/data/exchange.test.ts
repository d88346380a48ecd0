import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkExportName,
  type ExportRow,
  loadSplit,
  readSupervision,
  resolveDataset,
  supervise,
  writeExport,
} from '../../src/data/index.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write, folder } = temporaryFolder();
let files = 0;

const save = (rows: readonly unknown[]): string => write(`labels-${files++}.jsonl`, jsonl(rows));
const binary = { task: 'classification', classes: 2 } as const;

async function readBack(data: string) {
  const { spec, task, locations } = await resolveDataset({ data });
  const split = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
  return loadSplit({ dataset: spec, ...split }, task, locations, { labels: true });
}

describe('an export', () => {
  const rows: ExportRow[] = [
    { id: 'a', text: 'first', label: [0.25, 0.75], logits: [-1.5, 2], probabilities: [0.25, 0.75] },
    { id: 'b', text: 'second "é"', label: [1, 0], logits: [0.1, 1e-7], probabilities: [1, 0] },
  ];

  it.each(['jsonl', 'parquet'])('as %s is read as data and as weak labels', async (ending) => {
    const file = join(folder, 'made', `export.${ending}`);
    await writeExport(file, rows);
    const { task, rows: read } = await readBack(file);
    expect(task).toBe('classification');
    expect(read.map(({ id, text, label }) => ({ id, text, label }))).toEqual(
      rows.map(({ id, text, label }) => ({ id, text, label })),
    );
    expect([...(await readSupervision(file, binary))]).toEqual([
      ['a', [0.25, 0.75]],
      ['b', [1, 0]],
    ]);
  });

  it.each(['jsonl', 'parquet'])('of completions as %s is read as data and as weak labels', async (ending) => {
    const file = join(folder, `moves.${ending}`);
    await writeExport(file, [{ id: 'a', prompt: 'e2e4 e7e5', label: 'g1f3' }]);
    const { task, rows: read } = await readBack(file);
    expect([task, read[0]?.prompt, read[0]?.completions]).toEqual(['completion', 'e2e4 e7e5', ['g1f3']]);
    expect([...(await readSupervision(file, { task: 'completion', classes: 0 }))]).toEqual([['a', 'g1f3']]);
  });

  it('has one of two endings, and is typed in its failures', async () => {
    expect(() => checkExportName('out.csv')).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'Try --export out.jsonl' }),
    );
    const blocked = write('blocked', '');
    expect((await errorOf(writeExport(join(blocked, 'out.jsonl'), rows))).code).toBe('ERR_DISK');
  });
});

describe('weak labels from a file', () => {
  it('are indices, names or probabilities', async () => {
    const labels = await readSupervision(
      save([
        { id: 1, label: 1 },
        { id: 'b', label: '0' },
        { id: 'c', label: [0.5, 0.5] },
      ]),
      binary,
    );
    expect([...labels]).toEqual([
      ['1', [0, 1]],
      ['b', [1, 0]],
      ['c', [0.5, 0.5]],
    ]);
    const csv = write('labels.csv', 'id,label\na,pos\nb,neg\n');
    expect((await readSupervision(csv, binary)).get('a')).toEqual([0, 1]);
    expect((await readSupervision(csv, { ...binary, classNames: ['pos', 'neg'] })).get('a')).toEqual([1, 0]);
  });

  it.each([
    [
      [
        { id: 'a', label: 0 },
        { id: 'a', label: 1 },
      ],
      /field "id".*line 2.*"a", which line 1 has/,
    ],
    [[{ id: 'a', label: 0 }, { label: 1 }], /field "id".*line 2.*nothing/],
    [
      [
        { id: 'a', label: 0 },
        { id: 'b', label: null },
      ],
      /field "label".*line 2.*null/,
    ],
    [[{ id: 'a', label: 2 }], /field "label".*line 1.*received 2/],
    [[{ id: 'a', label: [0.2, 0.2, 0.6] }], /line 1.*3 probabilities/],
    [[{ id: 'a', lable: 1 }], /columns "id" and "label".*"lable"/],
    [[], /no rows/],
  ])('that are bad are named with file, line and field: %j', async (rows, message) => {
    const error = await errorOf(readSupervision(save(rows), binary));
    expect(error.exitCode).toBe(4);
    expect(error.message).toMatch(message);
  });

  it('take the place of the rows’ own, and each row needs one', async () => {
    const rows = [
      { id: 'a', group: 'a', row: 1, text: 't', label: [1, 0] },
      { id: 'b', group: 'b', row: 2, text: 'u' },
    ];
    const files = { data: 'transfer.jsonl', labels: 'weak.jsonl' };
    const both = new Map([
      ['a', [0, 1]],
      ['b', [0.5, 0.5]],
    ]);
    expect(supervise(rows, both, files).map(({ label }) => label)).toEqual([
      [0, 1],
      [0.5, 0.5],
    ]);
    try {
      supervise(
        rows,
        new Map([
          ['a', [0, 1]],
          ['zz', [0, 1]],
        ]),
        files,
      );
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_DATA' });
      expect(String(error)).toMatch(/id "b" \(transfer\.jsonl, line 2\).*1 of 2.*such as "zz"/);
    }
  });
});
