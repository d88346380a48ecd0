/**
 * chess-preference: the game so far and two legal moves of which the engine holds one for clearly better.
 *
 * Each move is searched alone, from an empty hash, at `nodes` nodes: its evaluation depends on the position
 * and the move alone. The two are drawn from a pool like what is played in the games: the engine's move at
 * a few nodes, random captures and random other moves. A better capture beside a worse quiet move comes as
 * often as the other way round, so that "take what you can" is right half of the time.
 */

import { parseUci } from 'chessops/util';
import { capturedValue } from './exchange.mjs';
import { legalUci, positionAfter } from './moves.mjs';
import { pick, shuffled, stream } from './random.mjs';

const nodes = 3000;
const engineNodes = [20, 200];
const pool = { captures: 3, all: 8 };
/** Centipawns between the two, with evaluations clipped to ±`decided`. */
export const margin = 150;
export const decided = 1000;
const lastPly = 39;

const isCapture = (position, uci) => capturedValue(position, parseUci(uci)) > 0;

async function poolOf(engine, index, moves, position) {
  const random = stream('tasks', 'preference pool', index);
  const legal = shuffled(random, legalUci(position));
  const drawn = new Set();
  for (const few of engineNodes) {
    await engine.newGame();
    drawn.add(await engine.bestMove(moves, few));
  }
  for (const uci of legal.filter((uci) => isCapture(position, uci)).slice(0, pool.captures)) drawn.add(uci);
  for (const uci of legal) if (drawn.size < pool.all) drawn.add(uci);
  return [...drawn];
}

/**
 * What the engine says of one game's position: the pool and the evaluation of its moves; of every legal move
 * in the test split, so that any answer there can be scored. Null where there are no two moves.
 */
export async function askPreference(engine, { index, split, prompts }) {
  const moves = pick(stream('tasks', 'preference position', index), prompts);
  if (moves.length > lastPly) return null;
  const position = positionAfter(moves);
  const legal = legalUci(position);
  if (legal.length < 2) return null;
  const drawn = await poolOf(engine, index, moves, position);
  const scores = {};
  for (const uci of split === 'test' ? legal : drawn) {
    await engine.newGame();
    const [found] = await engine.analyse(moves, nodes, { only: [uci] });
    if (found?.move !== uci) throw new Error(`Expected an evaluation of ${uci} after ${moves.join(' ')}`);
    scores[uci] = found.score;
  }
  return { prompt: moves.join(' '), pool: drawn, scores };
}

const clip = (score) => Math.max(-decided, Math.min(decided, score));

/** All pairs of the pool that are far enough apart, by what the better and the worse move is: `cq` a better capture. */
function pairsOf({ prompt, pool: drawn, scores }) {
  const position = positionAfter(prompt.split(' '));
  const kind = (uci) => (isCapture(position, uci) ? 'c' : 'q');
  const kinds = { cc: [], qq: [], cq: [], qc: [] };
  for (const chosen of drawn) {
    for (const rejected of drawn) {
      if (clip(scores[chosen]) - clip(scores[rejected]) < margin) continue;
      kinds[kind(chosen) + kind(rejected)].push({ chosen, rejected });
    }
  }
  return kinds;
}

/**
 * Rows of one split from what the engine said of its games, in their order. Of the kinds of pairs that a
 * position offers the one is taken that has come least often, `cq` and `qc` counted against each other.
 */
export function preferenceRows(games, split) {
  const counts = { cc: 0, qq: 0, cq: 0, qc: 0 };
  const rows = [];
  for (const { index, answer } of games) {
    const pairs = pairsOf(answer);
    const random = stream('tasks', 'preference pair', index);
    const open = shuffled(random, Object.keys(pairs)).filter((kind) => pairs[kind].length > 0);
    const [kind] = open.sort((a, b) => counts[a] - counts[b]);
    if (kind === undefined) continue;
    counts[kind]++;
    const row = { id: `r${index}`, group: `g${index}`, prompt: answer.prompt, ...pick(random, pairs[kind]) };
    rows.push(split === 'test' ? { ...row, scores: JSON.stringify(answer.scores) } : row);
  }
  console.error(`pairs by what the better and the worse move is: ${JSON.stringify(counts)}`);
  return rows;
}
