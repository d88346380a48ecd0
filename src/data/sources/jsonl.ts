import { badRow, shown } from '../badRow.js';
import { inChunks, type Source, type SourceRow } from './source.js';
import { lines, type TextPiece, textPieces } from './text.js';

/** Rows that are looked at for column names. */
const FIRST_ROWS = 20;

/** JSON Lines: one object a line; blank lines are passed over. The file is read as rows are asked for. */
export async function openJsonl(file: string): Promise<Source> {
  const first: SourceRow[] = [];
  let records = 0;
  for await (const chunk of parsedChunks(file)) {
    first.push(...chunk);
    records += chunk.filter(({ record }) => record !== undefined).length;
    if (records >= FIRST_ROWS) break;
  }
  return { file, unit: 'line', columns: firstKeys(first), rows: () => parsedChunks(file) };
}

const parsedChunks = (file: string) => inChunks(parsedPieces(file));

async function* parsedPieces(file: string): AsyncGenerator<Iterable<SourceRow | undefined>> {
  for await (const piece of textPieces(file)) yield parsedLines(file, piece);
}

/** Each line's row; undefined: a blank one. */
function* parsedLines(file: string, { bytes, firstLine }: TextPiece): Generator<SourceRow | undefined> {
  for (const line of lines(bytes)) {
    yield parseLine(file, firstLine + line.number - 1, bytes.toString('utf8', line.start, line.end));
  }
}

/** The keys of the first rows together, so that one that lacks a field is told so by its own line. */
export function firstKeys(rows: Iterable<SourceRow | undefined>): readonly string[] {
  const keys = new Set<string>();
  let seen = 0;
  for (const row of rows) {
    const record = row?.record;
    if (record === undefined) continue;
    for (const key of Object.keys(record)) keys.add(key);
    if (++seen === FIRST_ROWS) break;
  }
  return [...keys];
}

function parseLine(file: string, row: number, text: string): SourceRow | undefined {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {
      row,
      problem: badRow({ file, unit: 'line', row }, 'a JSON object', `broken JSON: ${shown(text)}`),
    };
  }
  return asRecord(value, { file, unit: 'line', row });
}

/** A parsed value as a row; anything but an object is a problem. */
export function asRecord(
  value: unknown,
  place: { file: string; unit: 'line' | 'row'; row: number },
): SourceRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { row: place.row, problem: badRow(place, 'a JSON object', shown(value)) };
  }
  return { row: place.row, record: value as Record<string, unknown> };
}
