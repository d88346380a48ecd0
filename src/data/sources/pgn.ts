import { Chess } from 'chessops/chess';
import { type Game, PgnError, type PgnNodeData, PgnParser } from 'chessops/pgn';
import { parseSan } from 'chessops/san';
import type { W2sError } from '../../errors.js';
import { badField, badRow, unskippable } from '../badRow.js';
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

/** More than the parser takes of one game. */
const TOO_LONG = 1_000_000;

/** A tag such as `[White "Carlsen"]`, and those at the beginning of a line. */
const TAG = /\s*\[\s*([A-Za-z0-9][\w+#=:-]*)\s+("(?:[^"\\]|\\.)*")\s*\]/.source;
const EACH_TAG = new RegExp(TAG, 'g');
const TAGS = new RegExp(`^(?:${TAG})+`);

/** Takes lines and gives the games that end on them: one may span pieces of its file. */
class GameReader {
  private readonly done: SourceRow[] = [];
  /** The line that the game at hand begins on; undefined between games. */
  private begin: number | undefined;
  /** Whether more of it was read than tags. */
  private hasMoves = false;
  private failure: unknown;
  private readonly parser: PgnParser;

  constructor(private readonly file: string) {
    const take = (game: Game<PgnNodeData>, problem?: Error): void => {
      if (problem !== undefined) {
        this.failure = problem;
        return;
      }
      const row = this.begin ?? 1;
      this.begin = undefined;
      this.hasMoves = false;
      this.done.push(rowOf(file, row, game));
    };
    this.parser = new PgnParser(take, noTags, TOO_LONG);
  }

  /** The games that end on these lines, and undefined after each line: reading it takes time, too. */
  *read({ bytes, firstLine }: TextPiece): Generator<SourceRow | undefined> {
    for (const { number, start, end } of lines(bytes)) {
      const line = bytes.toString('utf8', start, end);
      this.readLine(line, firstLine + number - 1);
      yield* this.done.splice(0);
      yield undefined;
    }
  }

  private readLine(line: string, number: number): void {
    // A comment between games, or between tags and moves, is no part of either.
    if (!this.hasMoves && line.trimStart().startsWith(';')) return;
    const [tags] = (line.length > TOO_LONG ? null : TAGS.exec(line)) ?? [''];
    const rest = line.slice(tags.length);
    // Tags begin the next game, also where no blank line stands before them.
    if (tags !== '' && this.hasMoves) this.endGame(`a comment still open at the tag in line ${number}`);
    if (line.trim() !== '' && !line.startsWith('%')) {
      this.begin ??= number;
      this.hasMoves ||= rest.trim() !== '';
    }
    // The parser knows no blanks within brackets.
    this.parse(`${tags.replace(EACH_TAG, '[$1 $2]')}${rest}\n`);
  }

  /** What ends with the file. */
  end(): readonly SourceRow[] {
    if (this.begin !== undefined) {
      // A game may lack even its moves: the mark of an unknown result stands for them.
      this.parse('*\n');
      this.endGame('a comment that is never closed');
    }
    return this.done.splice(0);
  }

  /** A blank line ends the game at hand, unless a comment is open: all later games would be part of that. */
  private endGame(problem: string): void {
    this.parse('\n');
    if (this.begin !== undefined) throw this.unreadable(`one with ${problem}`);
  }

  /** The parser reads nothing more after a game that is too long. It says so, or throws where a comment is open. */
  private parse(text: string): void {
    try {
      this.parser.parse(text, { stream: true });
    } catch (cause) {
      this.failure = cause;
    }
    if (this.failure === undefined) return;
    if (!(this.failure instanceof PgnError)) throw this.failure;
    throw this.unreadable(
      'one that is too long (a million characters, or 10,000 moves), perhaps by a comment that is never closed',
    );
  }

  /** Nobody can say where such a game ends: it cannot be left out, and ends the reading. */
  private unreadable(received: string): W2sError {
    const place = { file: this.file, unit: 'line', row: this.begin ?? 1 } as const;
    return unskippable(badRow(place, 'a game of PGN', received));
  }
}

const noTags = (): Map<string, string> => new Map();

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
