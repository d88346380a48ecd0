/** Static exchange evaluation: what a capture wins once both sides have retaken as often as it pays. */
import { attacks } from 'chessops/attacks';
import { SquareSet } from 'chessops/squareSet';

/** In pawns. */
export const values = { pawn: 1, knight: 3, bishop: 3, rook: 5, queen: 9, king: 100 };
const order = ['pawn', 'knight', 'bishop', 'rook', 'queen', 'king'];

/** Pieces of `color` that attack `square`, looking through squares not in `occupied`. */
function attackers(board, square, color, occupied) {
  let found = SquareSet.empty();
  for (const role of order) {
    // A pawn of `color` attacks the squares from which a pawn of the other colour would attack it.
    const back = { role, color: role === 'pawn' ? (color === 'white' ? 'black' : 'white') : color };
    found = found.union(attacks(back, square, occupied).intersect(board.pieces(color, role)));
  }
  return found.intersect(occupied);
}

/** Value captured by a move, in pawns; 0 when it captures nothing. */
export function capturedValue(position, move) {
  const victim = position.board.get(move.to);
  if (victim) return victim.color === position.turn ? 0 : values[victim.role];
  const isEnPassant = position.board.getRole(move.from) === 'pawn' && move.to === position.epSquare;
  return isEnPassant ? values.pawn : 0;
}

/** Gain of a capture in pawns (negative: it loses material). `move`: { from, to } as chessops has it. */
export function exchangeValue(position, move) {
  const { board } = position;
  const gains = [capturedValue(position, move)];
  let occupied = board.occupied.without(move.from);
  let onSquare = move.promotion ?? board.getRole(move.from);
  if (move.promotion) gains[0] += values[move.promotion] - values.pawn;
  let color = position.turn === 'white' ? 'black' : 'white';
  while (true) {
    const candidates = attackers(board, move.to, color, occupied);
    const role = order.find((r) => candidates.intersects(board.pieces(color, r)));
    if (!role) break;
    const other = color === 'white' ? 'black' : 'white';
    if (role === 'king' && attackers(board, move.to, other, occupied).nonEmpty()) break;
    gains.push(values[onSquare] - gains.at(-1));
    occupied = occupied.without(candidates.intersect(board.pieces(color, role)).first());
    onSquare = role;
    color = other;
  }
  for (let i = gains.length - 1; i > 0; i--) gains[i - 1] = -Math.max(-gains[i - 1], gains[i]);
  return gains[0];
}
