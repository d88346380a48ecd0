/**
 * Positions as prompts write them, and moves in UCI: a blank between two moves, castling as the king's move of
 * two squares. Import it only where chess is meant: it brings the rules along.
 */
import { Chess } from 'chessops/chess';
import { makeFen, parseFen } from 'chessops/fen';
import type { Move } from 'chessops/types';
import { kingCastlesTo, makeUci, parseUci } from 'chessops/util';

export type { Chess };

/** What stands before a position in FEN, and after it. */
const FEN_PROMPT = /^FEN: (.+)\nMove:\n$/;

/** The prompt that asks for a move in a position: two lines, so that the answer begins on a line of its own. */
export const fenPrompt = (fen: string): string => `FEN: ${fen}\nMove:\n`;

/** Moves of a text. */
export const movesOf = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** A position from FEN, or in words why it is none. */
export function positionOfFen(fen: string): { position: Chess } | { problem: string } {
  const setup = parseFen(fen);
  if (setup.isErr) return { problem: 'which is no FEN' };
  const position = Chess.fromSetup(setup.value);
  if (position.isErr) return { problem: `which no game of chess can reach (${position.error.message})` };
  return { position: position.value };
}

/** FEN of a position. */
export const fenOf = (position: Chess): string => makeFen(position.toSetup());

/** A move of this notation where it is legal here. */
export function legalMove(position: Chess, uci: string): Move | undefined {
  const move = parseUci(uci.trim());
  // In UCI no move ends on an own piece; chessops also reads such a king's move as castling.
  const legal = move && !position.board[position.turn].has(move.to) && position.isLegal(move);
  return legal ? move : undefined;
}

export const isLegalUci = (position: Chess, uci: string): boolean => legalMove(position, uci) !== undefined;

/** Plays moves on the position: as many as are legal, and how many those are. */
export function playOn(position: Chess, moves: readonly string[]): number {
  for (const [i, uci] of moves.entries()) {
    const move = legalMove(position, uci);
    if (move === undefined) return i;
    position.play(move);
  }
  return moves.length;
}

export const startPosition = (): Chess => Chess.default();

/** The position after these moves from the usual start; null where they are no legal game. */
export function play(moves: string): Chess | null {
  const position = startPosition();
  const list = movesOf(moves);
  return playOn(position, list) === list.length ? position : null;
}

/** The position that a prompt asks about, a game in UCI or a FEN; null where it is neither. */
export function positionOf(prompt: string): Chess | null {
  const fen = FEN_PROMPT.exec(prompt)?.[1];
  if (fen === undefined) return play(prompt);
  const found = positionOfFen(fen);
  return 'position' in found ? found.position : null;
}

/** A legal move of this position in UCI. */
export function uciOf(position: Chess, move: Move): string {
  if ('from' in move && position.board.getRole(move.from) === 'king') {
    // chessops writes castling as the king taking its rook.
    if (position.board[position.turn].has(move.to)) {
      const side = move.to > move.from ? 'h' : 'a';
      return makeUci({ from: move.from, to: kingCastlesTo(position.turn, side) });
    }
  }
  return makeUci(move);
}
