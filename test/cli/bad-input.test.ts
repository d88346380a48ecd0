import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/native/paths.js';
import { type Ran, run } from './run.js';

/** A folder that is found and hashed; rows are looked at before its weights are. */
const MODEL = join(packageRoot, 'test/golden/llama-grouped/model');

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'w2s-bad-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(content: string | Uint8Array, ending: string): Promise<string> {
  count += 1;
  const path = join(folder, `rows${count}.${ending}`);
  await writeFile(path, content);
  return path;
}

const COMMANDS: Readonly<Record<string, (path: string) => Promise<Ran>>> = {
  finetune: (path) => run('finetune', '--model', MODEL, '--data', path, '--out', join(folder, 'out')),
  evaluate: (path) => run('evaluate', '--model', MODEL, '--test-data', path, '--out', join(folder, 'out')),
  train: (path) =>
    run('train', '--weak', MODEL, '--strong', MODEL, '--data', path, '--out', join(folder, 'out')),
};

/** Exit code 4, file, line and field, and no stack trace. */
function expectBadRow(
  ran: Ran,
  path: string,
  line: number | null,
  field: string | null,
  received: string,
): void {
  expect({ code: ran.code, stdout: ran.stdout }, ran.stderr).toEqual({ code: 4, stdout: '' });
  expect(ran.stderr).toContain(path.slice(path.lastIndexOf('/') + 1));
  if (line !== null) expect(ran.stderr).toMatch(new RegExp(`(line|row) ${line}\\b`));
  if (field !== null) expect(ran.stderr).toContain(`"${field}"`);
  expect(ran.stderr).toContain(received);
  expect(ran.stderr).not.toMatch(/^ {4}at /m);
}

/** What stands in the third row, under two good ones. */
interface BadRow {
  name: string;
  text: unknown;
  label: unknown;
  field: string;
  received: string;
}

const BAD: readonly BadRow[] = [
  { name: 'a blank text', text: ' ', label: 1, field: 'text', received: 'a blank' },
  { name: 'a blank label', text: 'x', label: '', field: 'label', received: 'a blank' },
  { name: 'a label out of range', text: 'x', label: 5, field: 'label', received: '5' },
  { name: 'a label below 0', text: 'x', label: -1, field: 'label', received: '-1' },
  { name: 'a broken label', text: 'x', label: 0.5, field: 'label', received: '0.5' },
  { name: 'too great a sum', text: 'x', label: [0.7, 0.7], field: 'label', received: '1.4' },
  { name: 'a negative probability', text: 'x', label: [1.5, -0.5], field: 'label', received: '1.5' },
  { name: 'too few probabilities', text: 'x', label: [1], field: 'label', received: '1' },
];

/** Only formats with types can hold these. */
const TYPED: readonly BadRow[] = [
  { name: 'a null text', text: null, label: 1, field: 'text', received: 'null' },
  { name: 'a null label', text: 'x', label: null, field: 'label', received: 'null' },
];

function goodLabels(bad: BadRow): unknown[] {
  return Array.isArray(bad.label)
    ? [
        [0.25, 0.75],
        [1, 0],
      ]
    : [0, 1];
}

function rowsWith(bad: BadRow): { text: unknown; label: unknown }[] {
  const rows = goodLabels(bad).map((label, i) => ({ text: `good ${i}`, label }));
  return [...rows, { text: bad.text, label: bad.label }];
}

const WRITERS: Readonly<Record<string, (bad: BadRow) => string | Uint8Array>> = {
  jsonl: (bad) =>
    rowsWith(bad)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(''),
  csv: (bad) =>
    `text,label\n${rowsWith(bad)
      .map(({ text, label }) => `${text},"${cell(label)}"\n`)
      .join('')}`,
  tsv: (bad) =>
    `text\tlabel\n${rowsWith(bad)
      .map(({ text, label }) => `${text}\t${cell(label)}\n`)
      .join('')}`,
  parquet: (bad) => {
    const rows = rowsWith(bad);
    const text = rows.map((row) => row.text);
    const label = rows.map((row) => (typeof bad.label === 'string' ? String(row.label) : row.label));
    const type = Array.isArray(bad.label) ? 'JSON' : typeof bad.label === 'string' ? 'STRING' : 'DOUBLE';
    return new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: text, type: 'STRING' },
          { name: 'label', data: label, type },
        ],
      }),
    );
  },
};

function cell(label: unknown): string {
  return Array.isArray(label) ? JSON.stringify(label) : String(label);
}

/** Line of the third row: a header takes the first. */
const lineIn = (ending: string): number => (ending === 'csv' || ending === 'tsv' ? 4 : 3);

describe('a bad row ends with 4, file, line and field', () => {
  const untyped = Object.keys(WRITERS).flatMap((ending) => BAD.map((bad) => ({ ending, bad })));
  const typed = ['jsonl', 'parquet'].flatMap((ending) => TYPED.map((bad) => ({ ending, bad })));
  it.each([...untyped, ...typed].map((one) => ({ ...one, name: one.bad.name })))(
    '$ending: $name',
    async ({ ending, bad }) => {
      const path = await file(WRITERS[ending]?.(bad) ?? '', ending);
      const ran = await (COMMANDS.finetune as (p: string) => Promise<Ran>)(path);
      expectBadRow(ran, path, lineIn(ending), bad.field, bad.received);
    },
  );

  const good = '{"text":"x","label":0}\n{"text":"y","label":1}\n';
  const RAW: readonly [
    name: string,
    ending: string,
    content: string | Uint8Array,
    line: number,
    said: string,
  ][] = [
    ['broken JSON', 'jsonl', `${good}{"text": "x", \n`, 3, 'broken JSON'],
    ['no object', 'jsonl', `${good}[1, 2]\n`, 3, '[1,2]'],
    ['null', 'jsonl', `${good}null\n`, 3, 'null'],
    ['a missing text', 'jsonl', `${good}{"label":1}\n`, 3, '"text"'],
    ['a missing label', 'jsonl', `${good}{"text":"x"}\n`, 3, '"label"'],
    ['a text that is none', 'jsonl', `${good}{"text":7,"label":1}\n`, 3, '"text"'],
    ['too few cells', 'csv', 'text,label\nx,0\ny\n', 3, '"label"'],
    ['too many cells', 'csv', 'text,label\nx,0\ny,1,2\n', 3, '3'],
    ['an open quote', 'csv', 'text,label\nx,0\n"y,1\n', 3, 'quote'],
    ['too few cells', 'tsv', 'text\tlabel\nx\t0\ny\n', 3, '"label"'],
    ['too many cells', 'tsv', 'text\tlabel\nx\t0\ny\t1\t2\n', 3, '3'],
    ['not UTF-8', 'jsonl', bytes(good, [0x7b, 0xff, 0xfe, 0x0a]), 3, 'UTF-8'],
    ['not UTF-8', 'csv', bytes('text,label\nx,0\n', [0xe9, 0x2c, 0x31, 0x0a]), 3, 'UTF-8'],
    ['not UTF-8', 'tsv', bytes('text\tlabel\nx\t0\n', [0xe9, 0x09, 0x31, 0x0a]), 3, 'UTF-8'],
    ['no rows', 'jsonl', '', 1, 'no rows'],
    ['blank lines only', 'jsonl', '\n\n', 1, 'no rows'],
    ['no rows', 'csv', 'text,label\n', 1, 'no rows'],
    ['no header', 'csv', '', 1, 'no rows'],
    ['no rows', 'tsv', 'text\tlabel\n', 1, 'no rows'],
  ];
  it.each(RAW)('%s in %s', async (_name, ending, content, line, said) => {
    const path = await file(content, ending);
    for (const command of Object.values(COMMANDS)) expectBadRow(await command(path), path, line, null, said);
  });

  it('no rows in Parquet, and what is no Parquet', async () => {
    const columnData = [
      { name: 'text', data: [], type: 'STRING' as const },
      { name: 'label', data: [], type: 'INT32' as const },
    ];
    const empty = await file(new Uint8Array(parquetWriteBuffer({ columnData })), 'parquet');
    expectBadRow(await run('finetune', '--model', MODEL, '--data', empty), empty, null, null, 'no rows');
    const other = await file('PAR1 this is none PAR1', 'parquet');
    expectBadRow(await run('finetune', '--model', MODEL, '--data', other), other, null, null, 'arquet');
  });
});

function bytes(text: string, more: readonly number[]): Uint8Array {
  return Buffer.concat([Buffer.from(text), Buffer.from(more)]);
}

describe('data and models that are not there end with 4 and what to type', () => {
  it('names the nearest file and column', async () => {
    const path = await file('review,label\nx,0\ny,1\n', 'csv');
    const near = await run('finetune', '--model', MODEL, '--data', path.replace('rows', 'row'));
    expect(near.code).toBe(4);
    expect(near.stderr).toContain(`Did you mean ${path}`);
    const column = await run('finetune', '--model', MODEL, '--data', path, '--text', 'reveiw');
    expect(column.code).toBe(4);
    expect(column.stderr).toContain('Did you mean --text review');
  });

  it('names the folder without a model', async () => {
    const path = await file('text,label\nx,0\ny,1\n', 'csv');
    const ran = await run('finetune', '--model', folder, '--data', path);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('config.json');
  });

  it('refuses an ending that says nothing', async () => {
    const path = await file('text,label\nx,0\n', 'txt');
    const ran = await run('finetune', '--model', MODEL, '--data', path);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('.jsonl');
  });
});

describe('a wrong command line ends with 2 and the nearest right name', () => {
  it.each([
    [['train', '--lernrate', '1'], '--lernrate', null],
    [['train', '--bach-size', '8'], '--bach-size', '--batch-size'],
    [['train', '--strong-lrr', '1'], '--strong-lrr', '--strong-lr'],
    [['train', '--loss', 'confidense'], '--loss', 'confidence'],
    [['train', '--optimizer', 'adamv'], '--optimizer', 'adamw'],
    [['train', '--epochs', '0'], '--epochs', null],
    [['train', '--epochs'], '--epochs', null],
    [['train', '--lr', 'fast'], '--lr', null],
    [['train', '--lr', '-1e-3'], '--lr', null],
    [['train', '--deterministic=maybe'], '--deterministic', 'true or false'],
    [['train', '--seed', '0,x'], '--seed', null],
    [['train', '--dataset', 'ches-puzzles'], '--dataset', 'chess-puzzles'],
    [['train', '--config', '/nowhere/x.yaml'], '--config', null],
    [['train', 'chess-legal'], 'chess-legal', null],
    [['finetune', '--model', 'm', '--data', 'x.csv', '--weak-lr', '1'], '--weak-lr', null],
    [['finetune', '--data', 'x.csv'], '--model', null],
    [['label', '--model', 'm', '--data', 'x.csv', '--weak', 'm'], '--weak', null],
    [['evaluate', '--model', 'm', '--test-data', 'x.csv', '--export', 'x.csv'], '--export', '.jsonl'],
    [['datasets', 'show'], 'show', null],
    [['datasets', 'sohw', 'x'], 'sohw', 'show'],
    [['datasets', 'show', 'chess-legal', '--rows', '0'], '--rows', null],
  ] as const)('%o', async (words, named, right) => {
    const ran = await run(...words);
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(named);
    if (right !== null) expect(ran.stderr).toContain(right);
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
  });

  it('takes the last of a repeated flag', async () => {
    const ran = await run('train', '--epochs', '3', '--epochs', '0');
    expect(ran.stderr).toContain('received "0"');
  });
});

describe('--help', () => {
  it.each(
    'train bootstrap reward best-of analyse finetune label evaluate generate run report models datasets'.split(
      ' ',
    ),
  )('of %s', async (name) => {
    const { code, stdout } = await run(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: w2s-native ${name}`);
    expect(stdout).toContain('Examples:');
  });
});
