import { W2sError } from '../../errors.js';
import { badField, badRow, displayPath, type Place } from '../badRow.js';
import type { SourceRow } from './source.js';

/** What CSV and TSV share: a header or none, and rows with as many fields. */

/** Names for the columns of a file without a header: 1, 2, 3, …. */
export const numbered = (fields: readonly string[]): readonly string[] => fields.map((_, i) => String(i + 1));

/** Checks the header's names. Throws ERR_DATA on a blank or repeated one. */
export function checkHeader(file: string, names: readonly string[]): readonly string[] {
  const header = names.map((name) => name.trim());
  const wrong = header.find((name, i) => name === '' || header.indexOf(name) !== i);
  if (wrong !== undefined) {
    throw new W2sError(
      'ERR_DATA',
      `Expected different column names in the header of ${displayPath(file)}, line 1, but received ${
        wrong === '' ? 'a blank one' : `"${wrong}" twice`
      }.`,
      { hint: `If line 1 is a row already: --no-header; to see it: head -n 1 ${displayPath(file)}` },
    );
  }
  return header;
}

const counted = ({ length }: readonly string[]): string => `${length} column${length === 1 ? '' : 's'}`;

/** What most often makes a row of CSV too long. */
const quotesHelp = (file: string): string =>
  /\.csv(\.gz)?$/i.test(file) ? ' (a text that holds commas must stand in quotes)' : '';

/** Fields of one row by their names; too few or too many are a problem. */
export function toRow(place: Place, header: readonly string[], fields: readonly string[]): SourceRow {
  const missing = header[fields.length];
  if (missing !== undefined) {
    return {
      row: place.row,
      problem: badField(place, missing, `${counted(header)}, one`, counted(fields)),
    };
  }
  if (fields.length > header.length) {
    return {
      row: place.row,
      problem: badRow(place, counted(header), `${counted(fields)}${quotesHelp(place.file)}`),
    };
  }
  const record: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [i, name] of header.entries()) record[name] = fields[i];
  return { row: place.row, record };
}
