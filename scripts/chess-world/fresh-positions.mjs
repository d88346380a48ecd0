/**
 * Finds the positions of the task games that no pre-training game and no other task game reaches. Only
 * these may be asked about, so that no model has seen a test position and no position is in two splits.
 *
 *   node scripts/chess-world/fresh-positions.mjs --tasks FILE --pretrain FILE,FILE --out fresh.json
 *
 * The result maps a task game's index to the plies at which its position is fresh.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { positionKey, positionsOf, readGames } from './files.mjs';

const firstPly = 6;

/** Keys of all task positions; the value counts how often each was reached. */
function countTaskPositions(games) {
  const counts = new Map();
  for (const { moves } of games) {
    let ply = 0;
    for (const position of positionsOf(moves)) {
      if (ply++ < firstPly) continue;
      const key = positionKey(position);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

function main() {
  const { values } = parseArgs({
    options: { tasks: { type: 'string' }, pretrain: { type: 'string' }, out: { type: 'string' } },
  });
  const tasks = readGames([values.tasks]);
  const counts = countTaskPositions(tasks);
  const all = counts.size;
  for (const { moves } of readGames(values.pretrain.split(','))) {
    for (const position of positionsOf(moves)) counts.delete(positionKey(position));
  }
  const fresh = {};
  for (const { index, moves } of tasks) {
    const plies = [];
    let ply = -1;
    for (const position of positionsOf(moves)) {
      if (++ply >= firstPly && counts.get(positionKey(position)) === 1) plies.push(ply);
    }
    fresh[index] = plies;
  }
  writeFileSync(values.out, JSON.stringify(fresh));
  console.error(`${tasks.length} games, ${all} positions, ${all - counts.size} also in pre-training`);
}

if (process.argv[1] === import.meta.filename) main();
