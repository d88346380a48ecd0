/** UCI moves and chessops positions. Castling is written as the king's two-square move, as UCI has it. */
import { Chess } from 'chessops/chess';
import { makeSquare, makeUci, parseUci } from 'chessops/util';

export const startPosition = () => Chess.default();

/** Plays one UCI move on `position`; false, and no change, when it is not legal. */
export function playUci(position, uci) {
  const move = parseUci(uci);
  if (!move || !isLegalUci(position, uci)) return false;
  position.play(move);
  return true;
}

/** Whether a UCI move is legal (chessops also takes king-takes-rook for castling; UCI does not). */
export function isLegalUci(position, uci) {
  const move = parseUci(uci);
  if (!move || !position.isLegal(move)) return false;
  const piece = position.board.get(move.from);
  if (piece.role === 'king' && position.board.get(move.to)?.color === piece.color) return false;
  return piece.role !== 'pawn' || isLastRank(move.to) === (move.promotion !== undefined);
}

const isLastRank = (square) => square < 8 || square >= 56;

/** All legal moves in UCI, in a fixed order. */
export function legalUci(position) {
  const moves = [];
  const context = position.ctx();
  for (const from of position.board[position.turn]) {
    const role = position.board.getRole(from);
    for (const to of position.dests(from, context)) {
      if (role === 'king' && position.board[position.turn].has(to)) {
        // Castling: chessops names the rook's square, UCI the king's.
        const file = to > from ? 6 : 2;
        const target = (from & 56) | file;
        if (from % 8 === 4) moves.push(makeUci({ from, to: target }));
        continue;
      }
      if (role === 'pawn' && isLastRank(to)) {
        for (const promotion of ['queen', 'rook', 'bishop', 'knight'])
          moves.push(makeUci({ from, to, promotion }));
      } else moves.push(makeSquare(from) + makeSquare(to));
    }
  }
  return [...new Set(moves)];
}

/** The position after a list of UCI moves; throws at the first illegal one. */
export function positionAfter(moves) {
  const position = startPosition();
  for (const [i, uci] of moves.entries()) {
    if (!playUci(position, uci)) {
      throw new Error(`Expected a legal move at ply ${i + 1} of "${moves.join(' ')}" but received ${uci}`);
    }
  }
  return position;
}
