/**
 * Positions that no pre-training game reaches, taken from the committed data sets. `fresh-positions.mjs` found
 * them when those sets were made, with all pre-training games at hand: a position at which a prompt of theirs
 * ends is in no pre-training game, in no other task game and in no other split. Data sets that are made later
 * ask about these positions and no others, so they need neither the games nor the hours to play them again.
 */
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { splits } from './files.mjs';

/** The sets that were made from fresh positions. */
export const baseSets = ['chess-puzzles', 'chess-legal', 'chess-check'];

/** The rows of one split of a built-in data set. */
export async function readSplit(folder, name, split) {
  const file = await asyncBufferFromFile(join(folder, name, `${split}.parquet`));
  return parquetReadObjects({ file });
}

/**
 * The games of the base sets with the prompts at which their positions are fresh, by game number:
 * { index, split, prompts: [moves] }.
 * @param names of the sets to take prompts from
 */
export async function heldOutGames(folder, names = baseSets) {
  const games = new Map();
  for (const split of splits) {
    for (const name of names) {
      for (const row of await readSplit(folder, name, split)) {
        const index = Number(row.group.slice(1));
        if (!games.has(index)) games.set(index, { index, split, prompts: [] });
        const game = games.get(index);
        if (game.split !== split) throw new Error(`Expected game ${index} in one split`);
        const text = row.prompt ?? row.text;
        if (!game.prompts.some((moves) => moves.join(' ') === text)) game.prompts.push(text.split(' '));
      }
    }
  }
  return [...games.values()].sort((a, b) => a.index - b.index);
}
