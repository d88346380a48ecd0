/**
 * Makes the data sets that the engine's evaluations decide, as Parquet.
 *
 *   node scripts/chess-world/engine-tasks.mjs --work FOLDER --out assets/data [--only chess-lines] [--games N]
 *
 * Positions come from the committed sets (see held-out.mjs); a game's split is the same in all sets, and each
 * game gives one row at most. What the engine says of a game is kept in FOLDER, a line a game: a killed run
 * goes on where it was.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parquetWriteFile } from 'hyparquet-writer';
import { Engine } from './engine.mjs';
import { splits } from './files.mjs';
import { heldOutGames } from './held-out.mjs';
import { askLine, lineRows } from './task-lines.mjs';
import { askPreference, preferenceRows } from './task-preference.mjs';

const tasks = {
  'chess-lines': {
    sets: ['chess-puzzles', 'chess-legal', 'chess-check'],
    ask: askLine,
    rows: lineRows,
    sizes: { train: 4000, validation: 600, test: 1500 },
  },
  'chess-preference': {
    sets: ['chess-legal'],
    ask: askPreference,
    rows: preferenceRows,
    sizes: { train: 5000, validation: 700, test: 1200 },
    // Nine games in ten give a row.
    asked: { train: 5700, validation: 850, test: 1450 },
  },
};

/** What was kept of a run: answers by game. A line that was cut off is left out. */
function keptAnswers(file) {
  const answers = new Map();
  if (!existsSync(file)) return answers;
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    try {
      const { index, answer } = JSON.parse(line);
      answers.set(index, answer);
    } catch {
      console.error(`Left out a line that was cut off: ${line.slice(0, 40)}`);
    }
  }
  return answers;
}

/** Asks the engine about each game that has no answer yet. */
async function askAll(games, ask, file) {
  const answers = keptAnswers(file);
  const engine = new Engine();
  const name = await engine.start();
  const start = Date.now();
  let done = 0;
  for (const game of games) {
    if (answers.has(game.index)) continue;
    const answer = await ask(engine, game);
    answers.set(game.index, answer);
    appendFileSync(file, `${JSON.stringify({ index: game.index, answer })}\n`);
    if (++done % 1000 === 0)
      console.error(`${name}: ${done} games in ${Math.round((Date.now() - start) / 1000)} s`);
  }
  engine.quit();
  return answers;
}

const column = (rows, name) => ({
  name,
  data: rows.map((row) => row[name]),
  type: name === 'rating' ? 'INT32' : 'STRING',
});

async function main() {
  const { values } = parseArgs({
    options: {
      work: { type: 'string' },
      out: { type: 'string' },
      only: { type: 'string' },
      games: { type: 'string' },
    },
  });
  mkdirSync(values.work, { recursive: true });
  for (const [name, { sets, ask, rows: rowsOf, sizes, asked }] of Object.entries(tasks)) {
    if (values.only && values.only !== name) continue;
    const all = (await heldOutGames(values.out, sets)).slice(0, Number(values.games ?? Infinity));
    const counts = { train: 0, validation: 0, test: 0 };
    const games = all.filter(({ split }) => ++counts[split] <= (asked?.[split] ?? Infinity));
    const answers = await askAll(games, ask, join(values.work, `${name}.jsonl`));
    mkdirSync(join(values.out, name), { recursive: true });
    for (const split of splits) {
      const part = games.filter((game) => game.split === split);
      const answered = part
        .map(({ index }) => ({ index, answer: answers.get(index) }))
        .filter(({ answer }) => answer);
      const found = rowsOf(answered, split);
      const rows = found.slice(0, sizes[split]);
      const columnData = Object.keys(rows[0]).map((key) => column(rows, key));
      parquetWriteFile({ filename: join(values.out, name, `${split}.parquet`), columnData });
      console.error(`${name} ${split}: ${rows.length} rows of ${found.length} found in ${part.length} games`);
    }
  }
}

if (process.argv[1] === import.meta.filename) await main();
