/** A test item of a chess data set as a board. */

import { type Chess, fenOf, movesOf, play, positionOf } from '../../../data/chess/position.js';
import type { Example } from '../../../data/types.js';
import type { Disagreement } from '../disagreements.js';
import { type Html, html } from '../markup.js';
import { type Arrow, drawBoard } from './board.js';
import { cutLast, sanOf, sanOfLine, squaresOf } from './game.js';

export interface ChessItem {
  board: Html;
  /** A few words beside the item's id. */
  about: string;
  /** An answer as the page writes it. */
  name(answer: number | string): Html;
}

/** Null where the row is no legal game: then its text is shown. */
export function drawChess(item: Disagreement, row: Example, classes: readonly string[]): ChessItem | null {
  if (row.text !== undefined) return lastMove(row.text, classes);
  const position = positionOf(row.prompt ?? '');
  if (position === null) return null;
  if (row.completions?.length === 2) return betterMove(position, item, row.completions);
  const completion = row.completions?.[0];
  if (typeof item.truth === 'number') {
    return completion === undefined ? null : askedMove(position, completion, classes);
  }
  return bestMove(position, item);
}

/** `chess-puzzles`: three moves. `chess-lines`: the first of three lines as arrows, all of them in words. */
function bestMove(position: Chess, { truth, student, supervisor }: Disagreement): ChessItem {
  const moves = { truth, student: student.answer, supervisor: supervisor.answer };
  const words = (move: number | string): string => moveWords(position, String(move));
  const alt = `${describe(position)} Truth: ${words(truth)}; student: ${words(moves.student)}; supervisor: ${words(moves.supervisor)}.`;
  const arrows = Object.entries(moves).flatMap(([look, move]) =>
    arrowOf(String(move), look as Arrow['look']),
  );
  return {
    board: drawBoard({ position, arrows, alt }),
    about: toMove(position),
    name: (answer) => html`<bdi>${words(answer)}</bdi>`,
  };
}

/** `chess-preference`: two moves, and which of them each holds for the better. */
function betterMove(position: Chess, item: Disagreement, moves: readonly string[]): ChessItem {
  const move = (answer: number | string): string => moves[Number(answer)] ?? '';
  const { truth, student, supervisor } = item;
  const drawn = bestMove(position, {
    ...item,
    truth: move(truth),
    student: { ...student, answer: move(student.answer) },
    supervisor: { ...supervisor, answer: move(supervisor.answer) },
  });
  return { ...drawn, name: (answer) => drawn.name(move(answer)) };
}

/** `chess-legal`: a move that may be none. */
function askedMove(position: Chess, move: string, classes: readonly string[]): ChessItem {
  return {
    board: drawBoard({
      position,
      arrows: arrowOf(move, 'asked'),
      alt: `${describe(position)} Asked: is ${move.trim()} legal?`,
    }),
    about: `${toMove(position)}: is ${sanOf(position, move) ?? move.trim()} legal?`,
    name: (answer) => className(answer, classes),
  };
}

/** `chess-check`: the position after the last move. */
function lastMove(moves: string, classes: readonly string[]): ChessItem | null {
  const position = play(moves);
  const cut = cutLast(moves);
  if (position === null || cut === null) return null;
  const before = play(cut.before);
  const san = before && sanOf(before, cut.last)?.replace(/[+#]$/, '');
  return {
    board: drawBoard({
      position,
      arrows: arrowOf(cut.last, 'asked'),
      ring: position.isCheck() ? position.board.kingOf(position.turn) : undefined,
      alt: `${describe(position)} Last move: ${cut.last}.`,
    }),
    about: `does ${san ?? cut.last} give check?`,
    name: (answer) => className(answer, classes),
  };
}

function arrowOf(move: string, look: Arrow['look']): Arrow[] {
  const squares = squaresOf(movesOf(move)[0] ?? '');
  return squares === null ? [] : [{ ...squares, look }];
}

function moveWords(position: Chess, move: string): string {
  const uci = move.trim();
  if (uci === '') return 'nothing';
  const { played, illegal } = sanOfLine(position, movesOf(uci));
  if (illegal === undefined) return `${played.join(' ')} (${uci})`;
  if (played.length > 0) return `${played.join(' ')}, then ${illegal}, which is no legal move`;
  return squaresOf(illegal) === null ? uci : `${illegal}, which is illegal`;
}

const className = (answer: number | string, classes: readonly string[]): Html =>
  html`<bdi>${typeof answer === 'number' ? (classes[answer] ?? `class ${answer}`) : answer}</bdi>`;

const toMove = ({ turn }: Chess): string => `${turn === 'white' ? 'White' : 'Black'} to move`;

const describe = (position: Chess): string =>
  `Chess board, ${toMove(position)}; position in FEN: ${fenOf(position)}.`;
