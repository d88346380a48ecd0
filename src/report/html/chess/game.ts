/** Games as the built-in chess data write them: moves in UCI, a blank between them, from the usual start. */

import { Chess } from 'chessops/chess';
import { makeSan } from 'chessops/san';
import type { Move, Square } from 'chessops/types';
import { isNormal } from 'chessops/types';
import { parseUci } from 'chessops/util';

/** The position after these moves; null where they are no legal game. */
export function play(moves: string): Chess | null {
  const position = Chess.default();
  for (const uci of moves.trim().split(/\s+/)) {
    if (uci === '') continue;
    const move = parseUci(uci);
    if (!move || !position.isLegal(move)) return null;
    position.play(move);
  }
  return position;
}

/** All but the last move, and that move; null where there is none. */
export function cutLast(moves: string): { before: string; last: string } | null {
  const list = moves.trim().split(/\s+/);
  const last = list.pop();
  return last === undefined || last === '' ? null : { before: list.join(' '), last };
}

/** Where a move of this notation goes from and to; null for any other text. */
export function squaresOf(uci: string): { from: Square; to: Square } | null {
  const move = parseUci(uci.trim());
  return move && isNormal(move) ? { from: move.from, to: move.to } : null;
}

/** In UCI no move ends on an own piece; chessops also reads such a king's move as castling. */
export function isLegalUci(position: Chess, uci: string): boolean {
  const move = parseUci(uci.trim());
  return move !== undefined && !position.board[position.turn].has(move.to) && position.isLegal(move);
}

/** `Nxd2+` for a legal move, else null. */
export function sanOf(position: Chess, uci: string): string | null {
  return isLegalUci(position, uci) ? makeSan(position, parseUci(uci.trim()) as Move) : null;
}
