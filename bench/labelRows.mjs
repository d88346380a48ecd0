// Files of many short rows in every format, for bench/label-memory.mjs: written row by row, but for Parquet.
import { createWriteStream } from 'node:fs';
import { Chess } from 'chessops/chess';
import { makeSan } from 'chessops/san';
import { parquetWriteFile } from 'hyparquet-writer';

/** @typedef {{ id?: string, text: string, label: number }} Row */

/** The same rows for the same number of them. */
export async function writeRows(
  /** @type {string} */ file,
  /** @type {string} */ format,
  /** @type {number} */ count,
  /** @type {boolean} */ ids,
) {
  if (format === 'parquet') return writeParquet(file, count, ids);
  const stream = createWriteStream(file);
  for (const piece of PIECES[format]?.(count, ids) ?? unknown(format)) {
    if (!stream.write(piece)) await new Promise((done) => stream.once('drain', () => done(undefined)));
  }
  await new Promise((done) => stream.end(() => done(undefined)));
}

/** @type {Record<string, (count: number, ids: boolean) => Iterable<string>>} */
const PIECES = { jsonl: jsonLines, json: jsonArray, csv: commaSeparated, pgn: games };

function unknown(/** @type {string} */ format) {
  throw new Error(`Expected one of ${Object.keys(PIECES).join(', ')} or parquet but received ${format}`);
}

/** Numbers below n, the same ones every time. */
function numbers() {
  let state = 1;
  return (/** @type {number} */ n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** @returns {Generator<Row>} */
function* rowsOf(/** @type {number} */ count, /** @type {boolean} */ ids) {
  const below = numbers();
  const square = () => `${'abcdefgh'[below(8)]}${1 + below(8)}`;
  for (let row = 0; row < count; row++) {
    const moves = Array.from({ length: 8 + below(17) }, () => `${square()}${square()}`);
    yield { ...(ids ? { id: `game-${row}` } : {}), text: moves.join(' '), label: below(2) };
  }
}

function* jsonLines(/** @type {number} */ count, /** @type {boolean} */ ids) {
  for (const row of rowsOf(count, ids)) yield `${JSON.stringify(row)}\n`;
}

function* jsonArray(/** @type {number} */ count, /** @type {boolean} */ ids) {
  let before = '[';
  for (const row of rowsOf(count, ids)) {
    yield before + JSON.stringify(row);
    before = ',';
  }
  yield ']';
}

function* commaSeparated(/** @type {number} */ count, /** @type {boolean} */ ids) {
  yield ids ? 'id,text,label\n' : 'text,label\n';
  for (const { id, text, label } of rowsOf(count, ids)) yield `${ids ? `${id},` : ''}${text},${label}\n`;
}

/** A thousand different games: to make a million would take longer than to read them. */
function* games(/** @type {number} */ count, /** @type {boolean} */ ids) {
  const below = numbers();
  const made = Array.from({ length: Math.min(count, 1000) }, () => game(8 + below(17), below));
  for (let row = 0; row < count; row++) {
    const id = ids ? `[id "game-${row}"]\n` : '';
    yield `${id}[Round "${row}"]\n[label "${row % 2}"]\n\n${made[row % made.length]} *\n\n`;
  }
}

function game(/** @type {number} */ plies, /** @type {(n: number) => number} */ below) {
  const position = Chess.default();
  const played = [];
  for (let ply = 0; ply < plies && !position.isEnd(); ply++) {
    const moves = [...position.allDests()].flatMap(([from, all]) => [...all].map((to) => ({ from, to })));
    const move = moves[below(moves.length)] ?? { from: 0, to: 0 };
    played.push(`${ply % 2 === 0 ? `${1 + ply / 2}. ` : ''}${makeSan(position, move)}`);
    position.play(move);
  }
  return played.join(' ');
}

/** Of these the writer holds all. */
function writeParquet(
  /** @type {string} */ filename,
  /** @type {number} */ count,
  /** @type {boolean} */ ids,
) {
  const rows = [...rowsOf(count, ids)];
  /** @type {import('hyparquet-writer').ColumnSource[]} */
  const columnData = [
    { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' },
    { name: 'label', data: rows.map(({ label }) => label), type: 'INT32' },
  ];
  if (ids) columnData.push({ name: 'id', data: rows.map(({ id }) => id), type: 'STRING' });
  parquetWriteFile({ filename, columnData, rowGroupSize: 10_000 });
}
