/**
 * chess-lines: the game so far, then a winning line of two to four plies. A line goes on for as long as each
 * move is clearly the best: by so many centipawns better than the second best at `nodes` nodes (more for the
 * side that wins than for the replies), or the only legal move. It counts where it ends in mate, or has won a
 * pawn's worth of material at least, with and without what could be taken back on the last square: a line that
 * ends in the middle of an exchange is left out.
 */
import { parseUci } from 'chessops/util';
import { mateScore } from './engine.mjs';
import { capturedValue, exchangeValue, values } from './exchange.mjs';
import { legalUci, playUci, positionAfter } from './moves.mjs';
import { shuffled, stream } from './random.mjs';

const nodes = 10000;
/** Centipawns, with evaluations clipped to ±`decided`: beyond that, more makes no difference. */
const clear = { move: 50, reply: 20 };
const decided = 1000;
const length = { least: 2, most: 4 };
/** The whole line lies where the models have seen games. */
const lastPly = 40;
/** Rating: 100 a doubling of nodes, 0 where the engine plays every move at one node. */
const mostDoublings = 14;

const clip = (score) => Math.max(-decided, Math.min(decided, score));

/** The one move that is clearly best, or null. */
async function onlyMove(engine, moves, clearBy) {
  await engine.newGame();
  const [best, second] = await engine.analyse(moves, nodes, { lines: 2 });
  if (!best) return null;
  const mates = best.score > mateScore - 100;
  const isClear = !second || clip(best.score) - clip(second.score) >= clearBy;
  // In a won position the fastest mate is still the answer, where nothing else mates as fast.
  return isClear || (mates && second.score < best.score) ? best.move : null;
}

/**
 * Material of the side to move at first, in pawns, that a line wins; Infinity where it mates.
 * @param exchange whether what could be taken back on the last square counts
 */
export function gainOf(prompt, line, exchange = true) {
  const position = positionAfter(prompt);
  let gain = 0;
  for (const [i, uci] of line.entries()) {
    const move = parseUci(uci);
    const sign = i % 2 === 0 ? 1 : -1;
    const last = exchange && i === line.length - 1;
    const promoted = move.promotion ? values[move.promotion] - values.pawn : 0;
    // What the last move wins is counted with what can be taken back.
    gain += sign * (last ? exchangeValue(position, move) : capturedValue(position, move) + promoted);
    if (!playUci(position, uci)) throw new Error(`Expected a legal move but received ${uci}`);
  }
  return position.isCheckmate() && line.length % 2 === 1 ? Infinity : gain;
}

/** The longest line of clearly best moves that wins, or null. */
async function lineFrom(engine, prompt) {
  const most = Math.min(length.most, lastPly - prompt.length);
  const line = [];
  while (line.length < most) {
    const moves = [...prompt, ...line];
    if (legalUci(positionAfter(moves)).length === 0) break;
    const move = await onlyMove(engine, moves, line.length % 2 === 0 ? clear.move : clear.reply);
    if (move === null) break;
    line.push(move);
  }
  for (; line.length >= length.least; line.pop()) if (gainOf(prompt, line) >= 1) return line;
  return null;
}

/**
 * 100 · log2 of the nodes that the engine needs: the least power of two at which it plays the move, the
 * largest over the line's moves.
 */
async function ratingOf(engine, prompt, line) {
  let doublings = 0;
  for (let i = 0; i < line.length; i++) {
    const moves = [...prompt, ...line.slice(0, i)];
    for (; doublings < mostDoublings; doublings++) {
      await engine.newGame();
      if ((await engine.bestMove(moves, 2 ** doublings)) === line[i]) break;
    }
  }
  return 100 * doublings;
}

/** What the engine says of one game: a row, or null where no position of it has such a line. */
export async function askLine(engine, { index, prompts }) {
  for (const prompt of shuffled(stream('tasks', 'line', index), prompts)) {
    const line = await lineFrom(engine, prompt);
    if (line === null) continue;
    return {
      prompt: prompt.join(' '),
      completion: line.join(' '),
      rating: await ratingOf(engine, prompt, line),
    };
  }
  return null;
}

/** Rows of one split from what the engine said of its games, in their order. */
export const lineRows = (games) =>
  games
    .filter(({ answer }) => gainOf(words(answer.prompt), words(answer.completion), false) >= 1)
    .map(({ index, answer }) => ({ id: `n${index}`, group: `g${index}`, ...answer }));

const words = (text) => text.split(' ');
