import { badRow, shown } from '../badRow.js';
import { breathe, SLICE_MS, type Source, type SourceRow } from './source.js';
import { lines, readText } from './text.js';

/** Rows that are looked at for column names. */
const FIRST_ROWS = 20;

/** JSON Lines: one object a line; blank lines are passed over. */
export async function openJsonl(file: string): Promise<Source> {
  const bytes = await readText(file);
  const columns = firstKeys(firstRows(file, bytes));
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    let chunk: SourceRow[] = [];
    let sliceEnds = performance.now() + SLICE_MS;
    for (const line of lines(bytes)) {
      const row = parseLine(file, line.number, bytes.toString('utf8', line.start, line.end));
      if (row !== undefined) chunk.push(row);
      if (performance.now() < sliceEnds) continue;
      yield chunk;
      chunk = [];
      await breathe();
      sliceEnds = performance.now() + SLICE_MS;
    }
    yield chunk;
  }
  return { file, unit: 'line', columns, rows };
}

function* firstRows(file: string, bytes: Buffer): Generator<SourceRow> {
  for (const line of lines(bytes)) {
    const row = parseLine(file, line.number, bytes.toString('utf8', line.start, line.end));
    if (row !== undefined) yield row;
  }
}

/** The keys of the first rows together, so that one that lacks a field is told so by its own line. */
export function firstKeys(rows: Iterable<SourceRow>): readonly string[] {
  const keys = new Set<string>();
  let seen = 0;
  for (const { record } of rows) {
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
