import { Chess } from 'chessops/chess';
import { type Game, type PgnNodeData, PgnParser } from 'chessops/pgn';
import { parseSan } from 'chessops/san';
import { badField, badRow } from '../badRow.js';
import { uciOf } from '../chess/position.js';
import { firstKeys } from './jsonl.js';
import { inChunks, type Source, type SourceRow } from './source.js';
import { lines, readText } from './text.js';

/** The column of the moves; all others are tags of the games, in their own spelling. */
const MOVES = 'text';
const FIRST_GAMES = 20;

/**
 * Games in Portable Game Notation. A game is a row: `text` has its moves in UCI, a blank between them, comments
 * and side lines left out; each tag is a column (`White`, `Result`, …). A game is named by the line it begins on.
 * One that does not begin in the usual position is a bad row: its moves alone would not tell what they mean.
 */
export async function openPgn(file: string): Promise<Source> {
  const bytes = await readText(file);
  const columns = firstKeys(firstGames(file, bytes));
  function* rows(): Generator<SourceRow> {
    for (const row of games(file, bytes)) yield withAll(columns, row);
  }
  return { file, unit: 'line', columns, rows: () => inChunks([rows()]) };
}

function* firstGames(file: string, bytes: Buffer): Generator<SourceRow> {
  let count = 0;
  for (const game of games(file, bytes)) {
    yield game;
    if (++count === FIRST_GAMES) return;
  }
}

/** A tag that a game lacks is blank in it. */
function withAll(columns: readonly string[], row: SourceRow): SourceRow {
  if (row.record === undefined) return row;
  return { ...row, record: { ...Object.fromEntries(columns.map((name) => [name, ''])), ...row.record } };
}

/** Games in the file's order, with the line that each begins on. */
function* games(file: string, bytes: Buffer): Generator<SourceRow> {
  const done: SourceRow[] = [];
  let begin: number | undefined;
  const parser = new PgnParser((game, problem) => {
    const row = begin ?? 1;
    begin = undefined;
    done.push(problem ? tooLarge(file, row) : rowOf(file, row, game));
  }, noTags);
  for (const { number, start, end } of lines(bytes)) {
    const line = bytes.toString('utf8', start, end);
    if (line.trim() !== '' && !line.startsWith('%')) begin ??= number;
    parser.parse(`${line}\n`, { stream: true });
    yield* done.splice(0);
  }
  parser.parse('');
  yield* done.splice(0);
}

const noTags = (): Map<string, string> => new Map();

const tooLarge = (file: string, row: number): SourceRow => ({
  row,
  problem: badRow({ file, unit: 'line', row }, 'a game of PGN', 'one without an end'),
});

function rowOf(file: string, row: number, { headers, moves }: Game<PgnNodeData>): SourceRow {
  const place = { file, unit: 'line', row } as const;
  const fen = headers.get('FEN');
  if (fen !== undefined) {
    return {
      row,
      problem: badField(place, 'FEN', 'a game from the usual position', JSON.stringify(fen)),
    };
  }
  const variant = headers.get('Variant');
  if (variant !== undefined && variant.toLowerCase() !== 'standard') {
    return { row, problem: badField(place, 'Variant', 'chess by the usual rules', JSON.stringify(variant)) };
  }
  const position = Chess.default();
  const played: string[] = [];
  for (const { san } of moves.mainline()) {
    const move = parseSan(position, san);
    if (move === undefined) {
      const expected = `a legal move as ply ${played.length + 1}`;
      return { row, problem: badField(place, MOVES, expected, JSON.stringify(san)) };
    }
    played.push(uciOf(position, move));
    position.play(move);
  }
  const record = Object.create(null) as Record<string, unknown>;
  // The moves stand first, whatever a tag is called.
  record[MOVES] = '';
  for (const [tag, value] of headers) record[tag] = value;
  record[MOVES] = played.join(' ');
  return { row, record };
}
