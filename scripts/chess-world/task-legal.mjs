/**
 * chess-legal: is the appended move legal? A wrong one is a move of an own piece with the right geometry
 * that is illegal now (blocked, pinned, castled or in check). Legal and illegal rows are matched on the
 * move, so that the move alone says nothing about the label.
 */
import { geometricUci } from './geometry.mjs';
import { legalUci, positionAfter } from './moves.mjs';
import { pick, shuffled, stream } from './random.mjs';

const plies = { first: 8, last: 39 };

function candidatesOf(game) {
  const open = [...game.fresh].filter((ply) => ply >= plies.first && ply <= plies.last);
  if (open.length === 0) return null;
  const ply = pick(stream('tasks', 'legal', game.index), open);
  const prompt = game.moves.slice(0, ply);
  const position = positionAfter(prompt);
  const legal = new Set(legalUci(position));
  const illegal = geometricUci(position).filter((uci) => !legal.has(uci));
  return { game, prompt, legal: [...legal], illegal };
}

function index(candidates, side) {
  const byMove = new Map();
  for (const candidate of candidates) {
    for (const uci of candidate[side]) {
      if (!byMove.has(uci)) byMove.set(uci, []);
      byMove.get(uci).push(candidate);
    }
  }
  return byMove;
}

const rowOf = ({ game, prompt }, completion, label) => ({
  id: `l${game.index}`,
  group: `g${game.index}`,
  prompt: prompt.join(' '),
  completion,
  label,
});

/** Pairs of games that share a move, legal in one and illegal in the other; each game is used once. */
export function legalRows(games, split) {
  const random = stream('tasks', 'legal pairs', split);
  const candidates = games.map(candidatesOf).filter((candidate) => candidate?.illegal.length > 0);
  const whereLegal = index(candidates, 'legal');
  const used = new Set();
  const rows = [];
  for (const first of shuffled(random, candidates)) {
    if (used.has(first)) continue;
    for (const uci of shuffled(random, first.illegal)) {
      const partners = (whereLegal.get(uci) ?? []).filter((other) => !used.has(other) && other !== first);
      if (partners.length === 0) continue;
      const second = pick(random, partners);
      used.add(first).add(second);
      rows.push(rowOf(second, uci, 1), rowOf(first, uci, 0));
      break;
    }
  }
  return rows;
}
