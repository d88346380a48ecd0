/**
 * chess-check: does the last move of the game so far give check? Rows are matched on that last move: for
 * every game that ends in check there is one that ends in the same move without.
 */
import { positionsOf } from './files.mjs';
import { pick, shuffled, stream } from './random.mjs';

const plies = { first: 8, last: 40 };

/** Plies of a game at which the side to move is in check, and at which it is not. */
function scan(game) {
  const found = { game, checks: [], quiet: [] };
  let ply = -1;
  for (const position of positionsOf(game.moves)) {
    ply++;
    if (ply < plies.first || ply > plies.last || !game.fresh.has(ply)) continue;
    (position.isCheck() ? found.checks : found.quiet).push(ply);
  }
  return found;
}

const rowOf = (game, ply, label) => ({
  id: `c${game.index}`,
  group: `g${game.index}`,
  text: game.moves.slice(0, ply).join(' '),
  label,
});

/** Matched pairs; each game is used once. */
export function checkRows(games, split) {
  const random = stream('tasks', 'check pairs', split);
  const scanned = shuffled(random, games.map(scan));
  const quiet = new Map();
  for (const { game, quiet: at } of scanned) {
    for (const ply of at) {
      const uci = game.moves[ply - 1];
      if (!quiet.has(uci)) quiet.set(uci, []);
      quiet.get(uci).push({ game, ply });
    }
  }
  const used = new Set();
  const rows = [];
  for (const { game, checks } of scanned) {
    if (used.has(game)) continue;
    for (const ply of shuffled(random, checks)) {
      const uci = game.moves[ply - 1];
      const partners = (quiet.get(uci) ?? []).filter((other) => other.game !== game && !used.has(other.game));
      if (partners.length === 0) continue;
      const partner = pick(random, partners);
      used.add(game).add(partner.game);
      rows.push(rowOf(game, ply, 1), rowOf(partner.game, partner.ply, 0));
      break;
    }
  }
  return rows;
}
