/**
 * Makes the three data sets from the task games, as Parquet.
 *
 *   node scripts/chess-world/tasks.mjs --tasks FILE --fresh fresh.json --out assets/data [--only NAME]
 *
 * One position a game everywhere. Positions are fresh (see fresh-positions.mjs). A game's split is the same
 * in all three sets.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parquetWriteFile } from 'hyparquet-writer';
import { readGames, splitOfGame, splits } from './files.mjs';
import { checkRows } from './task-check.mjs';
import { legalRows } from './task-legal.mjs';
import { puzzleRows } from './task-puzzles.mjs';

const makers = { 'chess-puzzles': puzzleRows, 'chess-legal': legalRows, 'chess-check': checkRows };
/** Most rows of each split. */
const sizes = { train: 6000, validation: 1000, test: 2000 };

function column(rows, name) {
  const type = name === 'label' ? 'INT32' : 'STRING';
  return { name, data: rows.map((row) => row[name]), type };
}

async function main() {
  const { values } = parseArgs({
    options: {
      tasks: { type: 'string' },
      fresh: { type: 'string' },
      out: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const fresh = JSON.parse(readFileSync(values.fresh, 'utf8'));
  const games = readGames([values.tasks]).map((game) => ({ ...game, fresh: new Set(fresh[game.index]) }));
  for (const [name, make] of Object.entries(makers)) {
    if (values.only && values.only !== name) continue;
    const folder = join(values.out, name);
    mkdirSync(folder, { recursive: true });
    for (const split of splits) {
      const part = games.filter((game) => splitOfGame(game.index) === split);
      const found = await make(part, split);
      const rows = found.slice(0, sizes[split]);
      const columnData = Object.keys(rows[0]).map((key) => column(rows, key));
      parquetWriteFile({ filename: join(folder, `${split}.parquet`), columnData });
      console.error(`${name} ${split}: ${rows.length} rows of ${found.length} found in ${part.length} games`);
    }
  }
}

if (process.argv[1] === import.meta.filename) await main();
