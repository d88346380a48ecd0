import { Chess } from 'chessops/chess';
import { describe, expect, test } from 'vitest';
import { fenPrompt, isLegalUci, play } from '../../../src/data/chess/position.js';
import { drawBoard, pieceDefinitions } from '../../../src/report/html/chess/board.js';
import { sanOf } from '../../../src/report/html/chess/game.js';
import { drawChess } from '../../../src/report/html/chess/item.js';
import type { Disagreement } from '../../../src/report/html/disagreements.js';

/** Pieces of a drawn board by square, read back from where they stand; `white` says who sits below. */
function readBoard(svg: string, white = true): Record<string, string> {
  const uses = svg.matchAll(/<use href="#piece-(\w+)-(\w+)" x="(\d+)" y="(\d+)"\/>/g);
  return Object.fromEntries(
    Array.from(uses, ([, color, role, x, y]) => {
      const [column, row] = [Number(x) / 45, Number(y) / 45];
      const square = white ? `${'abcdefgh'[column]}${8 - row}` : `${'hgfedcba'[column]}${row + 1}`;
      return [square, `${color} ${role}`];
    }),
  );
}

const draw = (position: Chess): string => drawBoard({ position, arrows: [], alt: '' }).text;

describe('play and drawBoard', () => {
  test('the starting position', () => {
    const board = readBoard(draw(Chess.default()));
    expect(Object.keys(board)).toHaveLength(32);
    expect(board).toMatchObject({ a1: 'white rook', e1: 'white king', d8: 'black queen', h7: 'black pawn' });
  });

  test('castling, en passant and promotion, from where who is to move sits', () => {
    const castled = play('e2e4 e7e5 g1f3 b8c6 f1c4 g8f6 e1g1')!;
    const board = readBoard(draw(castled), false);
    expect(castled.turn).toBe('black');
    expect(board).toMatchObject({
      g1: 'white king',
      f1: 'white rook',
      c4: 'white bishop',
      c6: 'black knight',
    });
    expect(board.e1).toBeUndefined();
    expect(board.h1).toBeUndefined();

    const passed = readBoard(draw(play('e2e4 a7a6 e4e5 d7d5 e5d6')!), false);
    expect(passed.d6).toBe('white pawn');
    expect(passed.d5).toBeUndefined();

    const promoted = readBoard(draw(play('a2a4 b7b5 a4b5 a7a6 b5a6 c8b7 a6b7 g8f6 b7a8q')!), false);
    expect(promoted.a8).toBe('white queen');
  });

  test('every piece that is drawn is defined', () => {
    const defined = pieceDefinitions().text;
    for (const [, id] of draw(Chess.default()).matchAll(/href="#([\w-]+)"/g))
      expect(defined).toContain(`id="${id}"`);
  });

  test.each(['e2e5', 'hello world', 'e2e4 e7e5 zzzz', '0000', 'e2e4 e2e4'])('no legal game: %s', (moves) => {
    expect(play(moves)).toBeNull();
  });

  test('names moves, and knows an illegal one', () => {
    const position = play('e2e4 e7e5 f1c4 b8c6 d1h5 g8f6')!;
    expect(sanOf(position, 'h5f7')).toBe('Qxf7#');
    expect(sanOf(position, ' h5f7')).toBe('Qxf7#');
    expect(sanOf(position, 'h5h8')).toBeNull();
    expect(sanOf(position, 'e1h1')).toBeNull();
    expect(isLegalUci(play('e2e4 e7e5 g1f3 b8c6 f1c4 g8f6')!, 'e1g1')).toBe(true);
  });
});

const row = { id: 'p1', group: 'g1', row: 1 };
const item = (
  truth: number | string,
  student: number | string,
  supervisor: number | string,
): Disagreement => ({
  kind: 'student',
  id: 'p1',
  truth,
  student: { answer: student, probability: null },
  supervisor: { answer: supervisor, probability: null },
});
const arrows = (svg: string): number => svg.split('<g opacity=').length - 1;

describe('drawChess', () => {
  const prompt = 'e2e4 e7e5 f1c4 b8c6 d1h5 g8f6';

  test('a puzzle: three arrows, answers in words', () => {
    const drawn = drawChess(item('h5f7', 'h5f7', 'h5h8'), { ...row, prompt, completions: ['h5f7'] }, [])!;
    expect(arrows(drawn.board.text)).toBe(3);
    expect(drawn.board.text).toContain('stroke-dasharray');
    expect(drawn.about).toBe('White to move');
    expect(drawn.name('h5f7').text).toBe('<bdi>Qxf7# (h5f7)</bdi>');
    expect(drawn.name('h5h8').text).toBe('<bdi>h5h8, which is illegal</bdi>');
    expect(drawn.name('<|end|>').text).toBe('<bdi>&lt;|end|&gt;</bdi>');
    expect(drawn.name('').text).toBe('<bdi>nothing</bdi>');
    expect(drawn.board.text).toMatch(
      /aria-label="Chess board, White to move; position in FEN: \S+ w .*Truth: Qxf7# \(h5f7\)/,
    );
  });

  test('a line: its first move as an arrow, all of it in words', () => {
    const line = 'h5f7 e8f7';
    const before = 'e2e4 e7e5 f1c4 b8c6 d1h5 g7g6';
    const lines = item('h5e5 d8e7 e5h8', 'h5e5 d8e7 e5e4', line);
    const drawn = drawChess(lines, { ...row, prompt: before }, [])!;
    expect(arrows(drawn.board.text)).toBe(3);
    expect(drawn.name('h5e5 d8e7 e5h8').text).toBe('<bdi>Qxe5+ Qe7 Qxh8 (h5e5 d8e7 e5h8)</bdi>');
    expect(drawn.name('h5e5 d8d5').text).toBe('<bdi>Qxe5+, then d8d5, which is no legal move</bdi>');
  });

  test('a position in FEN', () => {
    const fen = 'r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR w KQkq - 4 4';
    const drawn = drawChess(item('h5f7', 'h5f7', 'h5e5'), { ...row, prompt: fenPrompt(fen) }, [])!;
    expect(arrows(drawn.board.text)).toBe(3);
    expect(drawn.board.text).toContain(`position in FEN: ${fen}`);
  });

  test('an answer that is no move has no arrow', () => {
    expect(arrows(drawChess(item('h5f7', 'h5f7', '<pad>'), { ...row, prompt }, [])!.board.text)).toBe(2);
  });

  test('a move that may be illegal', () => {
    const drawn = drawChess(item(0, 1, 0), { ...row, prompt, completions: [' h5h8'] }, ['illegal', 'legal'])!;
    expect(arrows(drawn.board.text)).toBe(1);
    expect(drawn.about).toBe('White to move: is h5h8 legal?');
    expect(drawn.name(1).text).toBe('<bdi>legal</bdi>');
  });

  test('a check: the last move and a ring around the king', () => {
    const drawn = drawChess(item(1, 1, 0), { ...row, text: `${prompt} h5f7` }, ['no check', 'check'])!;
    expect(drawn.about).toBe('does Qxf7 give check?');
    expect(drawn.board.text).toContain('<circle');
    expect(drawChess(item(0, 1, 0), { ...row, text: prompt }, [])!.board.text).not.toContain('<circle');
  });

  test('no game, no board', () => {
    expect(drawChess(item(0, 1, 0), { ...row, text: 'a review of a film' }, [])).toBeNull();
    expect(drawChess(item('a', 'a', 'b'), { ...row, prompt: 'once upon a time' }, [])).toBeNull();
  });
});
