/** Judged answers: what differs from plain equality is written down, and measures are means. */
import { describe, expect, test } from 'vitest';
import type { Example, SplitSpec } from '../../src/data/types.js';
import { creditOf } from '../../src/steps/evaluate.js';
import { judgeLines } from '../../src/steps/judging.js';
import { beforeNextExample } from '../../src/steps/prompt.js';

const split = (format: string): SplitSpec => ({
  dataset: { format, columns: {}, files: {} },
  part: 'test',
  seed: 0,
  dataSeed: 0,
  trainSize: null,
  testSize: null,
});

// Scholar's mate, and the same mate by another piece: both end the game.
const MATE = 'e2e4 e7e5 d1h5 b8c6 f1c4 g8f6';

const rows: Example[] = [
  { id: 'a', group: 'a', row: 1, prompt: 'e2e4 e7e5', completions: ['g1f3'] },
  { id: 'b', group: 'b', row: 2, prompt: MATE, completions: ['h5f7'] },
];
const line = (id: string, label: string, text: string) => ({ id, split: 'test', label, text });

describe('judgeLines', () => {
  test('leaves lines alone where a data set has no judge', async () => {
    const lines = [line('a', 'g1f3', 'b1c3')];
    expect(await judgeLines(split('columns'), rows, lines)).toEqual({ lines });
  });

  test('writes down only what equality would get wrong, and measures the rest', async () => {
    const lines = [line('a', 'g1f3', 'e7e5'), line('b', 'h5f7', 'h5f7 and mate')];
    const judged = await judgeLines(split('chess-puzzles'), rows, lines);
    expect(judged.lines[0]).toEqual(lines[0]);
    expect(judged.lines[1]).toEqual({ ...lines[1], correct: true });
    expect(judged.lines.map(creditOf)).toEqual([0, 1]);
    // Black's pawn cannot move for White.
    expect(judged.measures).toEqual({ legal: 0.5 });
  });
});

test('an answer ends where a model makes up the next example', () => {
  expect(beforeNextExample(' Paris\n\nQuestion: Rome?')).toBe(' Paris');
  expect(beforeNextExample('\n\nParis')).toBe('\n\nParis');
  expect(beforeNextExample('Paris')).toBe('Paris');
});
