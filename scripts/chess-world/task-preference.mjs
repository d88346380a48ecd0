/**
 * chess-preference: the game so far and two legal moves of which the engine holds one for clearly better.
 *
 * Each move is searched alone, from an empty hash, at `nodes` nodes: its evaluation depends on the position
 * and the move alone. The two are drawn from a pool like what is played in the games: the engine's move at
 * a few nodes, random captures and random other moves. A better capture beside a worse quiet move comes as
 * often as the other way round, so that "take what you can" is right half of the time. Other cues that take no
 * understanding (a check, a step forward, a heavy piece, the centre) are evened out by minimisation (Pocock and
 * Simon 1975): of the pairs on offer the one is taken that brings their counts nearest to even.
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

const weights = { pawn: 1, knight: 3, bishop: 3, rook: 5, queen: 9, king: 2 };

/** What can be seen of a move at a glance. */
function cuesOf(position, uci) {
  const { from, to } = parseUci(uci);
  const after = position.clone();
  after.play(parseUci(uci));
  const ranks = (to >> 3) - (from >> 3);
  return {
    check: after.isCheck() ? 1 : 0,
    forward: position.turn === 'white' ? ranks : -ranks,
    weight: weights[position.board.getRole(from)],
    edge: Math.abs((to & 7) - 3.5) + Math.abs((to >> 3) - 3.5),
  };
}

/** Which cues the first has more of (1), and which less (-1). */
const leanOf = (a, b) => Object.keys(a).map((cue) => Math.sign(a[cue] - b[cue]));

/** All pairs of the pool that are far enough apart, by what the better and the worse move is: `cq` a better capture. */
function pairsOf({ prompt, pool: drawn, scores }) {
  const position = positionAfter(prompt.split(' '));
  const kind = (uci) => (isCapture(position, uci) ? 'c' : 'q');
  const cues = new Map(drawn.map((uci) => [uci, cuesOf(position, uci)]));
  const kinds = { cc: [], qq: [], cq: [], qc: [] };
  for (const chosen of drawn) {
    for (const rejected of drawn) {
      if (clip(scores[chosen]) - clip(scores[rejected]) < margin) continue;
      const lean = leanOf(cues.get(chosen), cues.get(rejected));
      kinds[kind(chosen) + kind(rejected)].push({ chosen, rejected, lean });
    }
  }
  return kinds;
}

/**
 * Rows of one split from what the engine said of its games, in their order. Of the kinds of pairs that a
 * position offers the one is taken that has come least often.
 */
export function preferenceRows(games, split) {
  const counts = { cc: 0, qq: 0, cq: 0, qc: 0 };
  const sums = [0, 0, 0, 0];
  const rows = [];
  for (const { index, answer } of games) {
    const pairs = pairsOf(answer);
    const random = stream('tasks', 'preference pair', index);
    const open = shuffled(random, Object.keys(pairs)).filter((kind) => pairs[kind].length > 0);
    const [kind] = open.sort((a, b) => counts[a] - counts[b]);
    if (kind === undefined) continue;
    counts[kind]++;
    const pull = ({ lean }) => lean.reduce((sum, sign, cue) => sum + sign * sums[cue], 0);
    const [pair] = shuffled(random, pairs[kind]).sort((a, b) => pull(a) - pull(b));
    for (const [cue, sign] of pair.lean.entries()) sums[cue] += sign;
    const { chosen, rejected } = pair;
    const row = { id: `r${index}`, group: `g${index}`, prompt: answer.prompt, chosen, rejected };
    rows.push(split === 'test' ? { ...row, scores: JSON.stringify(answer.scores) } : row);
  }
  console.error(
    `better and worse move: ${JSON.stringify(counts)}; cues, better less worse: ${sums.join(', ')}`,
  );
  return rows;
}
