/** Game files, split names and small helpers that several steps share. */
import { readFileSync } from 'node:fs';
import { makeFen } from 'chessops/fen';
import { parseUci } from 'chessops/util';
import { startPosition } from './moves.mjs';

/** Games of one or more files of games.mjs, without repeated move sequences: { index, moves }. */
export function readGames(paths) {
  const seen = new Set();
  const games = [];
  for (const path of paths) {
    for (const line of readFileSync(path, 'latin1').split('\n')) {
      const [index, text] = line.split('\t');
      if (!text || seen.has(text)) continue;
      seen.add(text);
      games.push({ index: Number(index), moves: text.split(' ') });
    }
  }
  return games;
}

/** Positions of a known game after 0, 1, … moves; the same object each time, changed in place. */
export function* positionsOf(moves) {
  const position = startPosition();
  yield position;
  for (const uci of moves) {
    position.play(parseUci(uci));
    yield position;
  }
}

/** What makes two positions the same: pieces, side to move, castling and en passant, not the counters. */
export const positionKey = (position) => makeFen(position.toSetup(), { epd: true });

/** Which split a task game belongs to, the same in every data set: 65 % train, 10 % validation, 25 % test. */
export function splitOfGame(index) {
  const part = index % 20;
  if (part < 5) return 'test';
  return part < 7 ? 'validation' : 'train';
}
export const splits = ['train', 'validation', 'test'];
