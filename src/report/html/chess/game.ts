/** Moves of the built-in chess data, as a board and people want them. */

import { makeSan } from 'chessops/san';
import type { Square } from 'chessops/types';
import { isNormal } from 'chessops/types';
import { parseUci } from 'chessops/util';
import { type Chess, legalMove, movesOf } from '../../../data/chess/position.js';

/** All but the last move, and that move; null where there is none. */
export function cutLast(moves: string): { before: string; last: string } | null {
  const list = [...movesOf(moves)];
  const last = list.pop();
  return last === undefined ? null : { before: list.join(' '), last };
}

/** Where a move of this notation goes from and to; null for any other text. */
export function squaresOf(uci: string): { from: Square; to: Square } | null {
  const move = parseUci(uci.trim());
  return move && isNormal(move) ? { from: move.from, to: move.to } : null;
}

/** `Nxd2+` for a legal move, else null. */
export function sanOf(position: Chess, uci: string): string | null {
  const move = legalMove(position, uci);
  return move === undefined ? null : makeSan(position, move);
}

/** `Nxd2+ Kh1 Nf3`: the moves one after the other, up to the first that is not legal, and that one as it stands. */
export function sanOfLine(position: Chess, line: readonly string[]): { played: string[]; illegal?: string } {
  const here = position.clone();
  const played: string[] = [];
  for (const uci of line) {
    const move = legalMove(here, uci);
    if (move === undefined) return { played, illegal: uci };
    played.push(makeSan(here, move));
    here.play(move);
  }
  return { played };
}
