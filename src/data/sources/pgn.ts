import { Chess } from 'chessops/chess';
import { type Game, PgnError, type PgnNodeData, PgnParser } from 'chessops/pgn';
import { parseSan } from 'chessops/san';
import { badField, badRow } from '../badRow.js';
import { uciOf } from '../chess/position.js';
import { firstKeys, inChunks, type Source, type SourceRow } from './source.js';
import { lines, type TextPiece, textPieces } from './text.js';

/** The column of the moves; all others are tags of the games, in their own spelling. */
const MOVES = 'text';

/**
 * Games in Portable Game Notation. A game is a row: `text` has its moves in UCI, a blank between them, comments
 * and side lines left out; each tag is a column (`White`, `Result`, …). A game is named by the line it begins on.
 * One that does not begin in the usual position is a bad row: its moves alone would not tell what they mean.
 */
export async function openPgn(file: string): Promise<Source> {
  const columns = await firstKeys(games(file));
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    for await (const chunk of games(file)) yield chunk.map((row) => withAll(columns, row));
  }
  return { file, unit: 'line', columns, rows };
}

/** A tag that a game lacks is blank in it. */
function withAll(columns: readonly string[], row: SourceRow): SourceRow {
  if (row.record === undefined) return row;
  return { ...row, record: { ...Object.fromEntries(columns.map((name) => [name, ''])), ...row.record } };
}

/** Games in the file's order, with the line that each begins on. The file is read as they are asked for. */
const games = (file: string) => inChunks(gamePieces(file));

async function* gamePieces(file: string): AsyncGenerator<Iterable<SourceRow | undefined>> {
  const reader = new GameReader(file);
  for await (const piece of textPieces(file)) yield reader.read(piece);
  yield reader.end();
}

/** Takes lines and gives the games that end on them: one may span pieces of its file. */
class GameReader {
  private readonly done: SourceRow[] = [];
  private begin: number | undefined;
  private readonly parser: PgnParser;

  constructor(private readonly file: string) {
    this.parser = new PgnParser((game, problem) => {
      const row = this.begin ?? 1;
      this.begin = undefined;
      this.done.push(problem ? tooLarge(file, row) : rowOf(file, row, game));
    }, noTags);
  }

  /** Undefined: a line that ends no game. */
  *read({ bytes, firstLine }: TextPiece): Generator<SourceRow | undefined> {
    for (const { number, start, end } of lines(bytes)) {
      const line = bytes.toString('utf8', start, end);
      if (line.trim() !== '' && !line.startsWith('%')) this.begin ??= firstLine + number - 1;
      this.parse(`${line}\n`, true);
      yield* this.done.splice(0);
      yield undefined;
    }
  }

  /** What ends with the file. */
  end(): readonly SourceRow[] {
    this.parse('', false);
    return this.done.splice(0);
  }

  /** The parser reads nothing more after a game without an end; where a comment has none, it throws instead of saying so. */
  private parse(text: string, stream: boolean): void {
    try {
      this.parser.parse(text, { stream });
    } catch (cause) {
      if (!(cause instanceof PgnError)) throw cause;
      this.done.push(tooLarge(this.file, this.begin ?? 1));
    }
  }
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
