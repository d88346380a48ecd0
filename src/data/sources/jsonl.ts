import { badRow, shown } from '../badRow.js';
import { firstKeys, inChunks, type Source, type SourceRow } from './source.js';
import { lines, type TextPiece, textPieces } from './text.js';

/** JSON Lines: one object a line; blank lines are passed over. The file is read as rows are asked for. */
export async function openJsonl(file: string): Promise<Source> {
  const columns = await firstKeys(parsedChunks(file));
  return { file, unit: 'line', columns, rows: () => parsedChunks(file) };
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
