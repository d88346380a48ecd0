import { CsvError, Parser } from 'csv-parse';
import type { W2sError } from '../../errors.js';
import { badRow, type Place, unskippable } from '../badRow.js';
import { checkHeader, numbered, toRow } from './header.js';
import { breathe, SLICE_MS, type Source, type SourceOptions, type SourceRow } from './source.js';
import { readText } from './text.js';

/** Small enough that parsing one piece stays within a slice. */
const PIECE = 16 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

interface Parsed {
  record: string[];
  info: { bytes: number };
}

/** Comma-separated values, quoted as in RFC 4180; rows are numbered by the line they begin on. */
export async function openCsv(file: string, { header = true }: SourceOptions = {}): Promise<Source> {
  const bytes = await readText(file);
  let columns: readonly string[] = [];
  for await (const chunk of records(file, bytes)) {
    if (chunk[0] === undefined) continue;
    columns = header ? checkHeader(file, chunk[0].fields) : numbered(chunk[0].fields);
    break;
  }
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    let first = header;
    for await (const chunk of records(file, bytes)) {
      const data = first ? chunk.slice(1) : chunk;
      if (chunk.length > 0) first = false;
      yield data.map(({ line, fields }) => toRow({ file, unit: 'line', row: line }, columns, fields));
    }
  }
  return { file, unit: 'line', columns, rows };
}

/** Records with the line they begin on, a piece of the file at a time. */
async function* records(file: string, bytes: Buffer): AsyncGenerator<{ line: number; fields: string[] }[]> {
  const parser = new Parser({ info: true, relax_column_count: true, skip_empty_lines: true });
  let failure: unknown;
  parser.on('error', (error) => {
    failure = error;
  });
  const counter = lineCounter(bytes);
  let sliceEnds = performance.now() + SLICE_MS;
  for (let start = 0; start < bytes.length; start += PIECE) {
    const end = Math.min(start + PIECE, bytes.length);
    const accepted = parser.write(bytes.subarray(start, end));
    if (end === bytes.length) parser.end();
    const chunk = drain(parser, counter);
    if (failure === undefined && (!accepted || end === bytes.length)) {
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

interface LineCounter {
  /** The line on which the record after the last one begins. */
  next(): number;
  /** Goes on to the byte after a record. */
  passTo(byte: number): void;
}

/** The parser counts a line break of two characters within quotes twice: count them in the bytes instead. */
function lineCounter(bytes: Buffer): LineCounter {
  let at = 0;
  let line = 1;
  const passTo = (byte: number): void => {
    for (
      let found = bytes.indexOf(NEWLINE, at);
      found >= 0 && found < byte;
      found = bytes.indexOf(NEWLINE, at)
    ) {
      line++;
      at = found + 1;
    }
    at = Math.max(at, byte);
  };
  const next = (): number => {
    while (bytes[at] === NEWLINE || bytes[at] === RETURN) passTo(at + 1);
    return line;
  };
  return { next, passTo };
}

/** Nobody can say where the row ends after a wrong quote: it cannot be left out, and ends the reading. */
function csvProblem(place: Place, cause: unknown): W2sError {
  const code = cause instanceof CsvError ? cause.code : '';
  const received = code.includes('QUOTE')
    ? 'a quote that is never closed, or stands within a field (write such a field as "He said ""no"".")'
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return unskippable(badRow(place, 'comma-separated values', received));
}
