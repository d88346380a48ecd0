import { join } from 'node:path';
import { Chess } from 'chessops/chess';
import { makeFen } from 'chessops/fen';
import { makeUci, parseUci } from 'chessops/util';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeOf, loadSplit, resolveDataset } from '../../src/data/index.js';

/** chess-lines and chess-preference, checked by the rules of chess and by what their cards promise. */
interface Row {
  id: string;
  group: string;
  prompt: string;
  text?: string;
  completion: string;
  rating: number;
  chosen: string;
  rejected: string;
  scores?: string;
}

const splits = ['train', 'validation', 'test'] as const;
const data = join(import.meta.dirname, '../../assets/data');
const pawns = { pawn: 1, knight: 3, bishop: 3, rook: 5, queen: 9, king: 0 } as const;

async function read(name: string, split: string): Promise<Row[]> {
  const file = await asyncBufferFromFile(join(data, name, `${split}.parquet`));
  return (await parquetReadObjects({ file })) as unknown as Row[];
}

/** The position after the moves; throws at one that is not legal. */
function play(moves: string, position = Chess.default()): Chess {
  for (const uci of moves.split(' ')) {
    const move = parseUci(uci);
    const castlesByRook = move && position.board[position.turn].has(move.to);
    if (!move || castlesByRook || !position.isLegal(move)) throw new Error(`${uci} is not legal`);
    position.play(move);
  }
  return position;
}

/** Material of White less that of Black, in pawns. */
function balance({ board }: Chess): number {
  let sum = 0;
  for (const [, { role, color }] of board) sum += color === 'white' ? pawns[role] : -pawns[role];
  return sum;
}

/** Every legal move in UCI, king's moves of two squares for castling, counted by chessops' destinations. */
function legalMoves(position: Chess): Set<string> {
  const found = new Set<string>();
  for (const [from, squares] of position.allDests()) {
    for (const to of squares) {
      const role = position.board.getRole(from);
      if (position.board[position.turn].has(to)) {
        found.add(makeUci({ from, to: to > from ? (from & 56) + 6 : (from & 56) + 2 }));
      } else if (role === 'pawn' && (to < 8 || to > 55)) {
        for (const promotion of ['queen', 'rook', 'bishop', 'knight'] as const) {
          found.add(makeUci({ from, to, promotion }));
        }
      } else found.add(makeUci({ from, to }));
    }
  }
  return found;
}

const rows = new Map<string, Row[]>();

beforeAll(async () => {
  for (const name of ['chess-lines', 'chess-preference', 'chess-puzzles', 'chess-legal', 'chess-check']) {
    for (const split of splits) rows.set(`${name} ${split}`, await read(name, split));
  }
});

const rowsOf = (name: string, split: string) => rows.get(`${name} ${split}`) ?? [];

describe.each(['chess-lines', 'chess-preference'])('%s', (name) => {
  it('has one position a game, none twice, and no game in two splits', () => {
    const all = splits.flatMap((split) => rowsOf(name, split));
    for (const key of ['id', 'group', 'prompt'] as const) {
      expect(new Set(all.map((row) => row[key])).size, key).toBe(all.length);
    }
    const positions = all.map(({ prompt }) => makeFen(play(prompt).toSetup(), { epd: true }));
    expect(new Set(positions).size).toBe(all.length);
  });

  it('asks about positions of the first three sets, in the same split, so that none was pre-trained on', () => {
    for (const split of splits) {
      const base = ['chess-puzzles', 'chess-legal', 'chess-check'].flatMap((set) => rowsOf(set, split));
      const known = new Set(base.map(({ prompt, text }) => prompt ?? text));
      expect(rowsOf(name, split).filter(({ prompt }) => !known.has(prompt))).toEqual([]);
      const groups = new Set(base.map(({ group }) => group));
      expect(rowsOf(name, split).every(({ group }) => groups.has(group))).toBe(true);
    }
  });
});

describe('chess-lines', () => {
  it('has legal lines of two to four moves within forty, that mate or win material', () => {
    for (const split of splits) {
      for (const { id, prompt, completion, rating } of rowsOf('chess-lines', split)) {
        const length = completion.split(' ').length;
        expect(length >= 2 && length <= 4, id).toBe(true);
        expect(prompt.split(' ').length + length, id).toBeLessThanOrEqual(40);
        const before = play(prompt);
        const sign = before.turn === 'white' ? 1 : -1;
        const start = balance(before);
        const after = play(completion, before);
        const gain = sign * (balance(after) - start);
        expect(after.isCheckmate() || gain >= 1, `${id} wins ${gain}`).toBe(true);
        expect(rating >= 0 && rating <= 1400 && rating % 100 === 0, id).toBe(true);
      }
    }
  });

  it('has lines of every length, and ratings that differ', () => {
    const test = rowsOf('chess-lines', 'test');
    for (const length of [2, 3, 4]) {
      const share = test.filter(({ completion }) => completion.split(' ').length === length).length;
      expect(share / test.length, `${length} moves`).toBeGreaterThan(0.1);
    }
    expect(new Set(test.map(({ rating }) => rating)).size).toBeGreaterThan(5);
  });

  it('is read with its ratings, and judged as a whole', async () => {
    const found = await resolveDataset({ dataset: 'chess-lines' });
    const test = { part: 'all-test', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
    const loaded = await loadSplit({ ...test, dataset: found.spec }, found.task, found.locations, {
      labels: true,
    });
    const judge = await judgeOf('chess-lines');
    expect(loaded.rows.length).toBe(rowsOf('chess-lines', 'test').length);
    for (const row of loaded.rows) {
      const [line = ''] = row.completions ?? [];
      expect(row.rating, row.id).toBeTypeOf('number');
      expect(judge?.(row, line)).toEqual({ correct: true, measures: { legal: true, firstMove: true } });
      const cut = line.split(' ').slice(0, -1).join(' ');
      expect(judge?.(row, cut)).toEqual({ correct: false, measures: { legal: true, firstMove: true } });
    }
  });
});

describe('chess-preference', () => {
  const clip = (score: number) => Math.max(-1000, Math.min(1000, score));

  it('has two different legal moves', () => {
    for (const split of splits) {
      for (const { id, prompt, chosen, rejected } of rowsOf('chess-preference', split)) {
        expect(chosen === rejected, id).toBe(false);
        const legal = legalMoves(play(prompt));
        expect(legal.has(chosen) && legal.has(rejected), id).toBe(true);
      }
    }
  });

  it('has, for the test, evaluations of all legal moves that agree with the preference', () => {
    for (const { id, prompt, chosen, rejected, scores } of rowsOf('chess-preference', 'test')) {
      const known = JSON.parse(scores ?? '{}') as Record<string, number>;
      const position = play(prompt);
      const legal = legalMoves(position);
      expect(new Set(Object.keys(known)), id).toEqual(legal);
      const apart = clip(known[chosen] ?? Number.NaN) - clip(known[rejected] ?? Number.NaN);
      expect(apart, id).toBeGreaterThanOrEqual(150);
      const mates = [...legal].filter((uci) => play(uci, position.clone()).isCheckmate());
      expect(
        Object.keys(known)
          .filter((uci) => known[uci] === 9999)
          .sort(),
        id,
      ).toEqual(mates.sort());
    }
  });

  it.each(['train', 'test'])('lets no single look at the moves tell the better one: %s', (split) => {
    const all = rowsOf('chess-preference', split);
    const squares = (uci: string) => parseUci(uci) as { from: number; to: number };
    const roleOf = (position: Chess, uci: string) => position.board.getRole(squares(uci).from) ?? 'pawn';
    const looks: Record<string, (position: Chess, uci: string) => number> = {
      capture: (position, uci) => Number(position.board.occupied.has(squares(uci).to)),
      check: (position, uci) => Number(play(uci, position.clone()).isCheck()),
      promotion: (_, uci) => uci.length,
      pawn: (position, uci) => Number(roleOf(position, uci) === 'pawn'),
      heavy: (position, uci) => pawns[roleOf(position, uci)],
      forward: ({ turn }, uci) =>
        ((squares(uci).to >> 3) - (squares(uci).from >> 3)) * (turn === 'white' ? 1 : -1),
      file: (_, uci) => squares(uci).to & 7,
    };
    const positions = all.map(({ prompt }) => play(prompt));
    for (const [name, look] of Object.entries(looks)) {
      let sum = 0;
      for (const [i, { chosen, rejected }] of all.entries()) {
        const position = positions[i] ?? Chess.default();
        sum += Math.sign(look(position, chosen) - look(position, rejected));
      }
      // How far "the one that has more of it" is from being right half of the time, a tie counting a half.
      expect(Math.abs(sum) / all.length / 2, name).toBeLessThan(name === 'capture' ? 0.01 : 0.05);
    }
  });
});
