import { CsvError, Parser } from 'csv-parse';
import type { W2sError } from '../../errors.js';
import { badRow, type Place, unskippable } from '../badRow.js';
import { checkHeader, numbered, toRow } from './header.js';
import { breathe, SLICE_MS, type Source, type SourceOptions, type SourceRow } from './source.js';
import { countLines, MOST_BYTES, textPieces } from './text.js';

/** Small enough that parsing one piece stays within a slice. */
const PIECE = 16 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

interface Parsed {
  record: string[];
  info: { bytes: number };
}

/**
 * Comma-separated values, quoted as in RFC 4180; rows are numbered by the line they begin on. The file is read as rows
 * are asked for.
 */
export async function openCsv(file: string, { header = true }: SourceOptions = {}): Promise<Source> {
  let columns: readonly string[] = [];
  for await (const chunk of records(file)) {
    if (chunk[0] === undefined) continue;
    columns = header ? checkHeader(file, chunk[0].fields) : numbered(chunk[0].fields);
    break;
  }
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    let first = header;
    for await (const chunk of records(file)) {
      const data = first ? chunk.slice(1) : chunk;
      if (chunk.length > 0) first = false;
      yield data.map(({ line, fields }) => toRow({ file, unit: 'line', row: line }, columns, fields));
    }
  }
  return { file, unit: 'line', columns, rows };
}

/** Records with the line they begin on, a piece of the file at a time. */
async function* records(file: string): AsyncGenerator<{ line: number; fields: string[] }[]> {
  const parser = new Parser({
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MOST_BYTES,
  });
  let failure: unknown;
  parser.on('error', (error) => {
    failure = error;
  });
  const counter = new LineCounter();
  let sliceEnds = performance.now() + SLICE_MS;
  for await (const { bytes, isLast } of smallPieces(file)) {
    counter.feed(bytes);
    const accepted = parser.write(bytes);
    if (isLast) parser.end();
    const chunk = drain(parser, counter);
    if (failure === undefined && (!accepted || isLast)) {
      // The stream hands on what it holds between turns of the event loop.
      await breathe();
      chunk.push(...drain(parser, counter));
    }
    if (chunk.length > 0) yield chunk;
    if (failure !== undefined) throw csvProblem({ file, unit: 'line', row: counter.next() }, failure);
    if (performance.now() < sliceEnds) continue;
    await breathe();
    sliceEnds = performance.now() + SLICE_MS;
  }
}

/** Pieces that are parsed within a slice; the last one says so. */
async function* smallPieces(file: string): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let waiting: Buffer | undefined;
  for await (const { bytes } of textPieces(file)) {
    for (let start = 0; start < bytes.length; start += PIECE) {
      if (waiting) yield { bytes: waiting, isLast: false };
      waiting = bytes.subarray(start, start + PIECE);
    }
  }
  if (waiting) yield { bytes: waiting, isLast: true };
}

function drain(parser: Parser, counter: LineCounter): { line: number; fields: string[] }[] {
  const chunk: { line: number; fields: string[] }[] = [];
  for (
    let parsed = parser.read() as Parsed | null;
    parsed !== null;
    parsed = parser.read() as Parsed | null
  ) {
    chunk.push({ line: counter.next(), fields: parsed.record });
    counter.passTo(parsed.info.bytes);
  }
  return chunk;
}

/** The parser counts a line break of two characters within quotes twice: this counts them in the bytes instead. */
class LineCounter {
  /** Those that were given and are not passed. */
  private readonly pieces: Buffer[] = [];
  /** Offset of the first of them in the file, and how much of it is passed. */
  private base = 0;
  private at = 0;
  private line = 1;

  /** Takes the bytes that the parser is given. They are kept as they come: a record may span any number of pieces. */
  feed(bytes: Buffer): void {
    this.pieces.push(bytes);
  }

  /** The line on which the record after the last one begins. */
  next(): number {
    for (;;) {
      const byte = this.pieces[0]?.[this.at];
      if (byte !== NEWLINE && byte !== RETURN) return this.line;
      this.passTo(this.base + this.at + 1);
    }
  }

  /** Goes on to the byte after a record, and lets pieces go that are passed. */
  passTo(byte: number): void {
    let passed = 0;
    for (const piece of this.pieces) {
      const end = Math.min(byte - this.base, piece.length);
      this.line += countLines(piece, this.at, end);
      this.at = Math.max(this.at, end);
      if (this.at < piece.length) break;
      this.base += piece.length;
      this.at = 0;
      passed++;
    }
    if (passed > 0) this.pieces.splice(0, passed);
  }
}

/** Nobody can say where the row ends after a wrong quote: it cannot be left out, and ends the reading. */
function csvProblem(place: Place, cause: unknown): W2sError {
  return unskippable(badRow(place, 'comma-separated values', problemText(cause)));
}

function problemText(cause: unknown): string {
  const code = cause instanceof CsvError ? cause.code : '';
  if (code.includes('QUOTE'))
    return 'a quote that is never closed, or stands within a field (write such a field as "He said ""no"".")';
  if (code === 'CSV_MAX_RECORD_SIZE')
    return `a row of more than ${MOST_BYTES >> 20} MiB, perhaps by a quote that is never closed`;
  return cause instanceof Error ? cause.message : String(cause);
}
