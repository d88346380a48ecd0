/** Data sets that users define: each task, and what is said of a definition, a file or a row that is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findFormat, rememberFormat } from '../../src/data/formats/index.js';
import {
  type DatasetDefinition,
  defineDataset,
  definitionSource,
  formatOfDefinition,
} from '../../src/data/formats/userFormat.js';
import { loadSplit, resolveDataset, withClasses } from '../../src/data/index.js';
import type { SplitPart } from '../../src/data/types.js';
import type { W2sError } from '../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'w2s-dataset-'));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
function jsonl(rows: readonly object[]): string {
  const file = join(folder, `rows-${written++}.jsonl`);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

const whole = { part: 'all-train' as SplitPart, seed: 0, dataSeed: 0, trainSize: null, testSize: null };

async function read(
  definition: DatasetDefinition,
  rows: readonly object[],
  { labels = true, skipBadRows = false, part = whole.part, seed = 0 } = {},
) {
  const defined = defineDataset({ ...definition, source: jsonl(rows) });
  const dataset = rememberFormat(formatOfDefinition(defined, definitionSource(defined), folder));
  const found = await withClasses(await resolveDataset({ dataset, skipBadRows }));
  return {
    ...(await loadSplit({ ...whole, part, seed, dataset: found.spec }, found.task, found.locations, {
      labels,
    })),
    spec: found.spec,
  };
}

const problem = (work: Promise<unknown>): Promise<W2sError> =>
  work.then(
    () => expect.unreachable(),
    (error: W2sError) => error,
  );

describe('tasks', () => {
  it('classification: functions, columns, groups', async () => {
    const loaded = await read(
      {
        name: 'passages',
        classes: ['no', 'yes'],
        text: ({ passage, question }) => `${passage}\n${question}`,
        label: ({ answer }) => answer === 'true',
        group: 'passage',
      },
      [
        { passage: 'P', question: 'a?', answer: 'true' },
        { passage: 'P', question: 'b?', answer: 'false' },
      ],
    );
    expect(loaded.task).toBe('classification');
    expect(loaded.classes).toEqual(['no', 'yes']);
    expect(loaded.rows).toEqual([
      { id: '1', group: 'P', row: 1, text: 'P\na?', label: [0, 1] },
      { id: '2', group: 'P', row: 2, text: 'P\nb?', label: [1, 0] },
    ]);
  });

  it('labels may be names, indices and probabilities', async () => {
    const labels = (values: unknown[], classes?: string[]) =>
      read(
        { name: 'l', text: 't', label: 'y', ...(classes ? { classes } : {}) },
        values.map((y, i) => ({ t: `t${i}`, y })),
      );
    expect((await labels(['b', 'a'])).rows.map(({ label }) => label)).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect((await labels([1, 'no'], ['no', 'yes'])).rows.map(({ label }) => label)).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(
      (
        await labels([
          [0.25, 0.75],
          [1, 0],
        ])
      ).rows.map(({ label }) => label),
    ).toEqual([
      [0.25, 0.75],
      [1, 0],
    ]);
  });

  it('a prompt and a completion with a label', async () => {
    const { rows, task } = await read(
      { name: 'p', prompt: 'q', completion: (row) => ` ${row.a}`, label: 'y' },
      [
        { q: 'Q', a: 'A', y: 1 },
        { q: 'Q', a: 'B', y: 0 },
      ],
    );
    expect(task).toBe('classification');
    expect(rows[0]).toMatchObject({ prompt: 'Q', completions: [' A'], label: [0, 1] });
  });

  it('completion', async () => {
    const { rows, task } = await read({ name: 'c', prompt: 'q', completion: 'a' }, [{ q: 'Q', a: 'A' }]);
    expect(task).toBe('completion');
    expect(rows[0]).toEqual({ id: '1', group: '1', row: 1, prompt: 'Q', completions: ['A'] });
  });

  it('preference, in an order that the seed draws and the id names', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ id: `r${i}`, q: `Q${i}`, good: 'G', bad: 'B' }));
    const loaded = await read({ name: 'pr', prompt: 'q', chosen: 'good', rejected: 'bad' }, rows);
    expect(loaded.task).toBe('preference');
    expect(new Set(loaded.rows.map(({ completions }) => completions?.[0]))).toEqual(new Set(['G', 'B']));
    for (const { id, completions, label } of loaded.rows) {
      const chosenFirst = completions?.[0] === 'G';
      expect(id.endsWith(chosenFirst ? ':chosen' : ':rejected')).toBe(true);
      expect(label).toEqual(chosenFirst ? [1, 0] : [0, 1]);
    }
  });

  it('several rows of one record stay in one group; none leave it out', async () => {
    const { rows } = await read(
      {
        name: 'choices',
        classes: ['wrong', 'right'],
        expand: (record) =>
          (record.answers as string[]).map((answer, i) => ({ ...record, answer, right: i === 0 })),
        text: ({ question, answer }) => `${question} ${answer}`,
        label: ({ right }) => right as boolean,
      },
      [
        { question: 'Q', answers: ['a', 'b'] },
        { question: 'none', answers: [] },
        { question: 'R', answers: ['c'] },
      ],
    );
    expect(rows.map(({ id, group, text, label }) => [id, group, text, label])).toEqual([
      ['1:1', '1', 'Q a', [0, 1]],
      ['1:2', '1', 'Q b', [1, 0]],
      ['3:1', '3', 'R c', [0, 1]],
    ]);
  });
});

it('labels are not looked at where they may not be seen', async () => {
  const label = () => {
    throw new Error('looked at');
  };
  const { rows } = await read({ name: 'unseen', text: 't', label, classes: ['a', 'b'] }, [{ t: 'x' }], {
    labels: false,
  });
  expect(rows).toEqual([{ id: '1', group: '1', row: 1, text: 'x' }]);
  const column = await read(
    { name: 'unseen', text: 't', label: 'absent', classes: ['a', 'b'] },
    [{ t: 'x' }],
    {
      labels: false,
    },
  );
  expect(column.rows).toHaveLength(1);
});

describe('another code is another data set', () => {
  const rows = [
    { t: 'x', y: 0 },
    { t: 'y', y: 1 },
  ];
  it('by the hash in its name', async () => {
    const first = await read({ name: 'd', text: ({ t }) => `${t}`, label: 'y' }, rows);
    const second = await read({ name: 'd', text: ({ t }) => `Text: ${t}`, label: 'y' }, rows);
    expect(first.spec.format).toMatch(/^d@[0-9a-f]{12}$/);
    expect(second.spec.format).not.toBe(first.spec.format);
  });

  it('a module by its file, with its own source beside it', async () => {
    writeFileSync(join(folder, 'mine.jsonl'), '{"t": "x", "y": 0}\n{"t": "y", "y": 1}\n');
    const module = (text: string) =>
      `import { defineDataset } from 'w2s-native';\nexport default defineDataset({ name: 'mine', source: 'mine.jsonl', text: ({ t }) => ${text}, label: 'y' });\n`;
    const file = join(folder, 'mine.mjs');
    writeFileSync(file, module('String(t)'));
    const found = await resolveDataset({ dataset: file });
    expect(found.name).toBe(file);
    expect(Object.values(found.locations)).toEqual([join(folder, 'mine.jsonl')]);
    const { name } = await findFormat(found.spec.format);
    expect(name).toBe(found.spec.format);
    writeFileSync(file, module('String(t).trim()'));
    expect((await resolveDataset({ dataset: file })).spec.format).not.toBe(found.spec.format);
  });
});

describe('what is said', () => {
  it.each([
    [{ text: 'a' }, /Expected text and label; .* of data set x but received text$/],
    [{}, /but received none of them/],
    [{ text: 'a', label: 'b', chosen: 'c' }, /but received text, label, chosen/],
    [{ text: 3, label: 'b' }, /Expected a column's name or a function for text of data set x but received 3/],
    [{ text: 'a', label: 'b', expand: 'c' }, /Expected a function for expand/],
  ])('of a definition %j', (fields, message) => {
    expect(() => defineDataset({ name: 'x', ...fields } as DatasetDefinition)).toThrow(message);
  });

  it('of a column that the file lacks', async () => {
    const error = await problem(read({ name: 'x', text: 'txt', label: 'y' }, [{ text: 'a', y: 0 }]));
    expect(error.message).toMatch(/Expected a column "txt" for --dataset x in .*rows-\d+\.jsonl, line 1/);
  });

  it('of a column that a function asks for and the file lacks', async () => {
    const error = await problem(
      read({ name: 'x', text: ({ qestion }) => `${qestion}`, label: 'y' }, [{ question: 'a', y: 0 }]),
    );
    expect(error.code).toBe('ERR_DATA');
    expect(error.message).toMatch(
      /Expected a column for field "qestion" in .*\.jsonl, line 1, but received columns "question", "y"/,
    );
    expect(error.hint).toBe('Did you mean row.question in the module?');
  });

  it('of a column that one row lacks: nothing, which a function may replace', async () => {
    const { rows } = await read({ name: 'x', text: ({ t }) => String(t ?? 'none'), label: 'y' }, [
      { t: 'a', y: 0 },
      { y: 1 },
    ]);
    expect(rows.map(({ text }) => text)).toEqual(['a', 'none']);
  });

  it('of rows: file, row and field', async () => {
    const of = (definition: Partial<DatasetDefinition>, bad: object) =>
      problem(
        read({ name: 'x', text: 't', label: 'y', ...definition }, [{ t: 'a', y: 0 }, { t: 'b', y: 1 }, bad]),
      );
    expect((await of({}, { t: ' ', y: 0 })).message).toMatch(
      /Expected text for field "t" in .*, line 3, but/,
    );
    expect((await of({ text: () => 7 as never }, { t: 'c', y: 0 })).message).toMatch(
      /for field "text" in .*, line 1, but received 7/,
    );
    expect((await of({}, { t: 'c', y: 0.5 })).message).toMatch(/for field "y" in .*, line 3/);
    const thrown = await of(
      { text: ({ t }) => (t === 'c' ? (null as never as { x: string }).x : String(t)) },
      { t: 'c', y: 0 },
    );
    expect(thrown.message).toMatch(
      /field "text" in .*, line 3, but received an error of its function: Cannot read/,
    );
    expect(thrown.cause).toBeInstanceOf(TypeError);
    expect(thrown.hint).toContain('--skip-bad-rows');
    const same = problem(
      read({ name: 'x', prompt: 'q', chosen: 'a', rejected: 'b' }, [{ q: 'Q', a: 'A', b: 'A' }]),
    );
    expect((await same).message).toMatch(/another completion than that of "a" for field "b" in .*, line 1/);
  });

  it('of bad rows that are left out', async () => {
    const { rows, skipped, firstProblem } = await read(
      { name: 'x', text: 't', label: 'y' },
      [
        { t: 'a', y: 0 },
        { t: '', y: 0 },
        { t: 'b', y: 1 },
      ],
      { skipBadRows: true },
    );
    expect([rows.length, skipped]).toEqual([2, 1]);
    expect(firstProblem).toMatch(/field "t" in .*, line 2/);
  });

  it('of --text and --label', async () => {
    const defined = defineDataset({ name: 'x', text: 't', label: 'y', source: jsonl([{ t: 'a', y: 0 }]) });
    const dataset = rememberFormat(formatOfDefinition(defined, definitionSource(defined), folder));
    const error = await problem(resolveDataset({ dataset, text: 'z' }).then((found) => withClasses(found)));
    expect(error.message).toContain('Expected no --text for --dataset x');
  });
});
