import { describe, expect, it } from 'vitest';
import { loadSplit, resolveDataset } from '../../src/data/index.js';
import { errorOf, temporaryFolder } from './support.js';

const { write } = temporaryFolder();
const ALL = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
const HEADER = 'PuzzleId,FEN,Moves,Rating,RatingDeviation,Popularity,NbPlays,Themes,GameUrl,OpeningTags';
let files = 0;

async function load(lines: readonly string[], { labels = true, skipBadRows = false } = {}) {
  const data = write(`puzzles-${files++}.csv`, `${[HEADER, ...lines].join('\n')}\n`);
  const found = await resolveDataset({ dataset: 'lichess-puzzles', data, skipBadRows });
  return loadSplit({ ...ALL, dataset: found.spec }, found.task, found.locations, { labels });
}

const puzzle = (fen: string, moves: string, { id = 'a', rating = '1500', game = 'abcdefgh' } = {}) =>
  `${id},${fen},${moves},${rating},77,95,9822,short,https://lichess.org/${game}/black#48,`;

/** The first row of the published file. */
const PUBLISHED = puzzle(
  'r6k/pp2r2p/4Rp1Q/3p4/8/1N1P2R1/PqP2bPP/7K b - - 0 24',
  'f2g3 e6e7 b2b1 b3c1 b1c1 h6c1',
  { id: '00008', rating: '1784', game: '787zsVup' },
);

describe('lichess-puzzles', () => {
  it('plays the first move, and asks for the second', async () => {
    const { rows, task } = await load([PUBLISHED]);
    expect(task).toBe('completion');
    expect(rows).toEqual([
      {
        id: '00008',
        group: '787zsVup',
        row: 2,
        prompt: 'FEN: r6k/pp2r2p/4Rp1Q/3p4/8/1N1P2b1/PqP3PP/7K w - - 0 25\nMove:\n',
        completions: ['e6e7'],
        rating: 1784,
      },
    ]);
  });

  it.each([
    ['r3k2r/8/8/8/8/8/8/4K3 b kq - 0 1', 'e8g8 e1e2', 'r4rk1/8/8/8/8/8/8/4K3 w - - 1 2'],
    ['4k3/8/8/8/2p5/8/1P6/4K3 w - - 0 1', 'b2b4 c4b3', '4k3/8/8/8/1Pp5/8/8/4K3 b - b3 0 1'],
    ['8/P3k3/8/8/8/8/8/4K3 w - - 0 1', 'a7a8n e7e6', 'N7/4k3/8/8/8/8/8/4K3 b - - 0 1'],
  ])('writes the position after castling, a double step and a promotion: %s', async (fen, moves, after) => {
    const { rows } = await load([puzzle(fen, moves)]);
    expect(rows[0]?.prompt).toBe(`FEN: ${after}\nMove:\n`);
    expect(rows[0]?.completions).toEqual([moves.split(' ')[1]]);
  });

  it('lets no answer through where none may be seen, and then needs none', async () => {
    const { rows } = await load([puzzle('4k3/8/8/8/8/8/8/R3K3 w - - 0 1', 'a1a7')], { labels: false });
    expect(rows[0]).not.toHaveProperty('completions');
    expect(rows[0]?.prompt).toContain('FEN: 4k3/R7/8/8/8/8/8/4K3 b');
  });

  it('keeps puzzles of one game together, and does without games and ratings', async () => {
    const { rows } = await load([PUBLISHED, PUBLISHED.replace('00008', '00009')]);
    expect(rows.map(({ group }) => group)).toEqual(['787zsVup', '787zsVup']);
    const data = write('bare.csv', 'FEN,Moves\n4k3/8/8/8/8/8/8/R3K3 w - - 0 1,a1a7 e8d8\n');
    const found = await resolveDataset({ dataset: 'lichess-puzzles', data });
    const bare = await loadSplit({ ...ALL, dataset: found.spec }, found.task, found.locations, {
      labels: true,
    });
    expect(bare.rows[0]).toMatchObject({ id: '1', group: '1', completions: ['e8d8'] });
    expect(bare.rows[0]).not.toHaveProperty('rating');
  });

  const fen = '4k3/8/8/8/8/8/8/R3K3 w - - 0 1';
  it.each([
    ['no position', 'a1a7 e8d8', /a position in FEN for field "FEN" in .*, line 3, .*no FEN/],
    ['8/8/8/8/8/8/8/R3K3 w - - 0 1', 'a1a7 e8d8', /field "FEN" in .*, line 3, .*no game of chess can reach/],
    [fen, 'a1b2 e8d8', /a legal move as move 1 .* for field "Moves" in .*, line 3, .*"a1b2"/],
    [fen, 'a1a7 e8e7', /a legal move as move 2 .* for field "Moves" in .*, line 3, .*"e8e7"/],
    [fen, 'a1a7', /a legal move as move 2 .* for field "Moves" in .*, line 3, .*nothing/],
    [fen, 'Ra7 Kd8', /a legal move as move 1 .* for field "Moves" in .*, line 3, .*"Ra7"/],
    [fen, '', /text for field "Moves" in .*, line 3, .*a blank/],
  ])('names file, line and field of what is wrong: %s, %s', async (position, moves, message) => {
    const lines = [PUBLISHED, puzzle(position, moves)];
    const error = await errorOf(load(lines));
    expect([error.code, error.exitCode]).toEqual(['ERR_DATA', 4]);
    expect(error.message).toMatch(message);
    const { rows, skipped, firstProblem } = await load(lines, { skipBadRows: true });
    expect([rows.length, skipped]).toEqual([1, 1]);
    expect(firstProblem).toMatch(message);
  });

  it('names a rating that is no number', async () => {
    const error = await errorOf(load([puzzle(fen, 'a1a7 e8d8', { rating: 'hard' })]));
    expect(error.message).toMatch(/a number for field "Rating" in .*, line 2, .*"hard"/);
  });

  it('names the column that is missing', async () => {
    const data = write('other.csv', 'PuzzleId,Fen,Moves\na,b,c\n');
    const found = await resolveDataset({ dataset: 'lichess-puzzles', data });
    const error = await errorOf(
      loadSplit({ ...ALL, dataset: found.spec }, found.task, found.locations, { labels: true }),
    );
    expect(`${error.message} ${error.hint}`).toMatch(/a column "FEN" for --dataset lichess-puzzles .*"Fen"/);
  });
});
