/** What goes wrong in chess, preferences and chains, as a user sees it: exit code, row and field, something to type. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './run.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'w2s-bad-methods-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const jsonl = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const FEN = 'r6k/pp2r2p/4Rp1Q/3p4/8/1N1P2R1/PqP2bPP/7K b - - 0 24';
const puzzles = (...moves: string[]) =>
  `PuzzleId,FEN,Moves,Rating\n${moves.map((line, i) => `p${i},${FEN},${line},1500\n`).join('')}`;
const pair = { prompt: 'Which is it?', chosen: 'this', rejected: 'that' };
const words = (count: number) => Array(count).fill('g1f3').join(' ');

/** The model, the format, the file, and what is said of its second row. */
const BAD_ROWS: readonly [
  name: string,
  model: string,
  format: string,
  ending: string,
  content: string,
  said: RegExp,
][] = [
  [
    'an illegal answer',
    'tiny-xs',
    'lichess-puzzles',
    'csv',
    puzzles('f2g3 e6e7', 'f2g3 e6h1'),
    /legal move as move 2 .* for field "Moves" in .*line 3, but received "e6h1"/,
  ],
  [
    'an illegal first move',
    'tiny-xs',
    'lichess-puzzles',
    'csv',
    puzzles('f2g3 e6e7', 'a1a8 e6e7'),
    /legal move as move 1 .* for field "Moves" in .*line 3, but received "a1a8"/,
  ],
  [
    'chosen equal to rejected',
    'tiny-xs',
    'pairs',
    'jsonl',
    jsonl(pair, { ...pair, rejected: 'this' }),
    /another completion than that of "chosen" for field "rejected" in .*line 2, but received "this"/,
  ],
  [
    'an empty completion',
    'chess-xs',
    'columns',
    'jsonl',
    jsonl({ prompt: 'e2e4', completion: 'e7e5' }, { prompt: 'd2d4', completion: '' }),
    /text for field "completion" in .*line 2, but received a blank/,
  ],
  [
    'an empty completion of a pair',
    'tiny-xs',
    'pairs',
    'jsonl',
    jsonl(pair, { ...pair, chosen: '' }),
    /text for field "chosen" in .*line 2, but received a blank/,
  ],
  [
    'a completion longer than the context',
    'chess-xs',
    'columns',
    'jsonl',
    jsonl({ prompt: 'e2e4', completion: 'e7e5' }, { prompt: 'd2d4', completion: words(60) }),
    /at most 47 tokens .* for field "completion" in .*line 2 \(id 2\), but received 61/,
  ],
  [
    'a completion of a pair longer than the context',
    'chess-xs',
    'pairs',
    'jsonl',
    jsonl(
      { prompt: 'e2e4', chosen: 'e7e5', rejected: 'd7d5' },
      { prompt: 'd2d4', chosen: words(60), rejected: 'd7d5' },
    ),
    /at most 47 tokens .* for field "chosen" in .*line 2 .* but received 60/,
  ],
];

describe('a bad row ends with 4 and names file, row and field', () => {
  it.each(BAD_ROWS)('%s', async (_name, model, format, ending, content, said) => {
    const data = join(folder, `rows-${BAD_ROWS.findIndex(([name]) => name === _name)}.${ending}`);
    await writeFile(data, content);
    const out = join(folder, 'out');
    const ran = await run('finetune', '--model', model, '--dataset', format, '--data', data, '--out', out);
    expect({ code: ran.code, stdout: ran.stdout }, ran.stderr).toEqual({ code: 4, stdout: '' });
    expect(ran.stderr).toMatch(said);
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
  });
});

describe('a setting that means nothing ends with 2 and says what to type', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a chain of one',
      ['bootstrap', '--chain', 'chess-xs'],
      /two or more models for --chain but received one, chess-xs[\s\S]*--chain chess-xs,/,
    ],
    [
      'the confidence loss on answers',
      ['train', '--dataset', 'chess-lines', '--loss', 'confidence'],
      /for --loss .*chess-lines but received "confidence": it needs two classes[\s\S]*--dataset chess-legal/,
    ],
    [
      'the confidence loss in a chain of answers',
      ['bootstrap', '--loss', 'confidence'],
      /for --loss .*chess-puzzles but received "confidence": it needs two classes/,
    ],
    ['none to choose from', ['best-of', '--n', '0'], /--n/],
  ])('%s', async (_name, line, said) => {
    const ran = await run(...line, '--out', join(folder, 'out'));
    expect({ code: ran.code, stdout: ran.stdout }, ran.stderr).toEqual({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(said);
  });
});
