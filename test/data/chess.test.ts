import { describe, expect, it } from 'vitest';
import { judgeLine, judgeScore } from '../../src/data/chess/judge.js';
import { fenPrompt, movesOf, play, positionOf, uciOf } from '../../src/data/chess/position.js';
import { judgeOf, loadSplit, resolveDataset } from '../../src/data/index.js';
import type { Example } from '../../src/data/types.js';
import { errorOf, temporaryFolder } from './support.js';

const { write } = temporaryFolder();

const row = (prompt: string, completion?: string): Example => ({
  id: '1',
  group: '1',
  row: 1,
  prompt,
  ...(completion === undefined ? {} : { completions: [completion] }),
});

/** White mates with Qxf7 (scholar's mate), and with nothing else. */
const SCHOLAR = 'e2e4 e7e5 d1h5 b8c6 f1c4 g8f6';
/** The rook on a6 mates on a8: the one on b7 holds the rank before it. */
const TWO_ROOKS = fenPrompt('6k1/1R6/R7/8/8/8/8/6K1 w - - 0 1');

describe('a position', () => {
  it('is read from a game in UCI and from FEN', () => {
    expect(positionOf(SCHOLAR)?.turn).toBe('white');
    expect(positionOf(TWO_ROOKS)?.isCheck()).toBe(false);
    expect(positionOf(fenPrompt('6k1/1R6/R7/8/8/8/8 w - - 0 1'))).toBeNull();
    expect(positionOf(fenPrompt('8/8/8/8/8/8/8/8 w - - 0 1'))).toBeNull();
    expect(positionOf('e2e4 e7e6 e4e6')).toBeNull();
  });

  it('writes castling as the move of the king, and takes it so alone', () => {
    const castled = play('e2e4 e7e5 g1f3 b8c6 f1c4 f8c5 e1g1 d7d6');
    expect(castled?.board.get(6)?.role).toBe('king');
    expect(play('e2e4 e7e5 g1f3 b8c6 f1c4 f8c5 e1h1')).toBeNull();
    const before = play('e2e4 e7e5 g1f3 b8c6 f1c4 f8c5');
    expect(before && uciOf(before, { from: 4, to: 7 })).toBe('e1g1');
    expect(before && uciOf(before, { from: 4, to: 5 })).toBe('e1f1');
    const long = play('d2d4 d7d5 b1c3 b8c6 c1f4 c8f5 d1d2 d8d7');
    expect(long && uciOf(long, { from: 4, to: 0 })).toBe('e1c1');
  });

  it('splits moves at any blanks', () => {
    expect(movesOf(' e2e4  e7e5\n')).toEqual(['e2e4', 'e7e5']);
  });
});

describe('a judge of moves', () => {
  it.each([
    ['h5f7', true, true],
    [' h5f7\n', true, true],
    ['h5f7 e8f7', true, true],
    ['c4f7', false, true],
    ['h5h8', false, false],
    ['', false, false],
    ['checkmate', false, false],
    ['e4e5', false, false],
  ])('of one move: %j is correct %s and legal %s', (answer, correct, legal) => {
    expect(judgeLine(row(SCHOLAR, 'h5f7'), answer)).toEqual({ correct, measures: { legal } });
  });

  it('takes any mate where the truth mates, and none where it does not', () => {
    const mate = row(TWO_ROOKS, 'a6a8');
    expect(judgeLine(mate, 'a6a8').correct).toBe(true);
    expect(judgeLine(mate, 'b7b8')).toEqual({ correct: false, measures: { legal: true } });
    const twoMates = row(fenPrompt('k7/8/1K6/8/8/8/7Q/6R1 w - - 0 1'), 'g1g8');
    expect(judgeLine(twoMates, 'g1g8').correct).toBe(true);
    expect(judgeLine(twoMates, 'h2h8').correct).toBe(true);
    expect(judgeLine(twoMates, 'g1a1')).toEqual({ correct: true, measures: { legal: true } });
    expect(judgeLine(twoMates, 'b6b5').correct).toBe(false);
    expect(judgeLine(row(SCHOLAR, 'c4f7'), 'h5f7').correct).toBe(false);
  });

  it('of a line wants every move of it, and says whether it begins well', () => {
    const line = row('e2e4 e7e5 g1f3 d7d6 f1c4', 'c8g4 f3e5 g4d1 c4f7');
    const said = (answer: string) => judgeLine(line, answer);
    expect(said('c8g4 f3e5 g4d1 c4f7')).toEqual({
      correct: true,
      measures: { legal: true, firstMove: true },
    });
    expect(said('c8g4 f3e5 g4d1 c4f7 e8e7 b1c3').correct).toBe(true);
    expect(said('c8g4 f3e5 g4d1')).toEqual({ correct: false, measures: { legal: true, firstMove: true } });
    expect(said('c8g4 f3e5 e1e2 c4f7').measures).toEqual({ legal: false, firstMove: true });
    expect(said('b8c6 f3e5 c6e5 c4f7')).toEqual({
      correct: false,
      measures: { legal: true, firstMove: false },
    });
  });

  it('of a line takes another mate as its last move', () => {
    const line = row(fenPrompt('k7/8/2K5/8/8/8/8/6RQ w - - 0 1'), 'c6b6 a8b8 g1g8');
    expect(judgeLine(line, 'c6b6 a8b8 h1h8').correct).toBe(true);
    expect(judgeLine(line, 'c6b6 a8b8 h1b7').correct).toBe(true);
    expect(judgeLine(line, 'c6b6 a8b8 h1h7').correct).toBe(false);
  });

  it('says what is legal where the truth may not be seen', () => {
    expect(judgeLine(row(SCHOLAR), 'h5f7')).toEqual({ correct: null, measures: { legal: true } });
    expect(judgeLine(row(SCHOLAR), 'h5f7 e1e3')).toEqual({ correct: null, measures: { legal: false } });
    expect(judgeLine(row('no game'), 'h5f7')).toEqual({ correct: null, measures: { legal: false } });
  });
});

describe('a judge by the evaluation of every move', () => {
  const scored = { ...row('e2e4 e7e5'), scores: { d1h5: -40, g1f3: 35, f1a6: -380, d1g4: 9998, h2h4: 1500 } };

  it('gives the evaluation, clipped, and the worst to a move that is not legal', () => {
    expect(judgeScore(scored, 'g1f3')).toEqual({ correct: false, measures: { legal: true, score: 35 } });
    expect(judgeScore(scored, 'd1g4')).toEqual({ correct: true, measures: { legal: true, score: 1000 } });
    expect(judgeScore(scored, 'h2h4 d7d5').correct).toBe(true);
    expect(judgeScore(scored, 'e4e5')).toEqual({ correct: false, measures: { legal: false, score: -1000 } });
    expect(judgeScore(scored, '')).toEqual({ correct: false, measures: { legal: false, score: -1000 } });
  });

  it('says no more than what is legal without evaluations', () => {
    expect(judgeScore(row('e2e4 e7e5'), 'g1f3')).toEqual({ correct: null, measures: { legal: true } });
    expect(judgeScore(scored, 'b1c3')).toEqual({ correct: null, measures: { legal: true } });
  });
});

it('judges come with the data sets that need them', async () => {
  expect(await judgeOf('lichess-puzzles')).toBe(judgeLine);
  expect(await judgeOf('chess-puzzles')).toBe(judgeLine);
  expect(await judgeOf('chess-lines')).toBe(judgeLine);
  expect(await judgeOf('chess-preference')).toBe(judgeScore);
  expect(await judgeOf('chess-legal')).toBeUndefined();
  expect(await judgeOf('sciq')).toBeUndefined();
});

describe('a file of one’s own that is read as built-in chess data', () => {
  const load = async (dataset: string, content: string) => {
    const { spec, task, locations } = await resolveDataset({ dataset, data: write('own.csv', content) });
    const whole = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
    return loadSplit({ ...whole, dataset: spec }, task, locations, { labels: true });
  };

  it.each([
    [
      'chess-puzzles',
      'prompt,completion\ne2e4 e7e5,d1h5\ne2e4 e7e5 e4e5,d8h4\n',
      /a legal move as ply 3 .* for field "prompt" in .*, line 3, .*"e4e5"/,
    ],
    [
      'chess-lines',
      'prompt,completion\ne2e4,e7e5 g1f3\ne2e4, \n',
      /text for field "completion" in .*, line 3/,
    ],
    [
      'chess-preference',
      'prompt,chosen,rejected\ne2e4 e7e9,g1f3,d1h5\n',
      /a legal move as ply 2 .* for field "prompt" in .*, line 2, .*"e7e9"/,
    ],
    [
      'chess-preference',
      'prompt,chosen,rejected\ne2e4 e7e5,g1f3,g1f3\n',
      /another completion .* for field "rejected" in .*, line 2/,
    ],
  ])('%s: file, line and field of what is wrong', async (dataset, content, message) => {
    const error = await errorOf(load(dataset, content));
    expect([error.code, error.exitCode]).toEqual(['ERR_DATA', 4]);
    expect(error.message).toMatch(message);
  });

  it('may hold answers that are no legal moves: models give such', async () => {
    const { rows } = await load('chess-puzzles', 'prompt,label\ne2e4 e7e5,e1e5\n');
    expect(rows[0]?.completions).toEqual(['e1e5']);
  });
});
