/** Moves that a piece could make on an empty board: what a candidate move looks like before the rules. */
import { attacks, pawnAttacks } from 'chessops/attacks';
import { SquareSet } from 'chessops/squareSet';
import { makeUci } from 'chessops/util';

function pawnReach(color, from) {
  const step = color === 'white' ? 8 : -8;
  const onStart = color === 'white' ? from >> 3 === 1 : from >> 3 === 6;
  const ahead = onStart ? [from + step, from + 2 * step] : [from + step];
  return [...pawnAttacks(color, from), ...ahead];
}

/** UCI moves of the side to move that have the right geometry for the piece on their first square. */
export function geometricUci(position) {
  const moves = [];
  for (const from of position.board[position.turn]) {
    const piece = position.board.get(from);
    const reach =
      piece.role === 'pawn' ? pawnReach(piece.color, from) : [...attacks(piece, from, SquareSet.empty())];
    for (const to of reach) {
      const promotes = piece.role === 'pawn' && (to < 8 || to >= 56);
      moves.push(makeUci(promotes ? { from, to, promotion: 'queen' } : { from, to }));
    }
  }
  return moves;
}
