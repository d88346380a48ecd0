import { nearest } from '../../config/nearest.js';
import { W2sError } from '../../errors.js';
import { badField, displayPath, type Place, shown } from '../badRow.js';
import type { Source } from '../sources/index.js';

/** What the formats share: fields of a record, and what is said where a column or a value is missing. */

export type Bound = Pick<Source, 'file' | 'unit' | 'columns'>;

export type Fields = Readonly<Record<string, unknown>>;

/** Own fields only: a column named `constructor` is one that is missing. */
export function field(record: Fields, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A text that is not blank. Throws ERR_DATA naming file, row and field. */
export function textField(record: Fields, name: string, place: Place): string {
  const value = field(record, name);
  if (typeof value !== 'string') throw badField(place, name, 'text', shown(value));
  if (value.trim() === '') throw badField(place, name, 'text', 'a blank');
  return value;
}

/** A name or a number, as text. Throws ERR_DATA naming file, row and field. */
export function identifier(record: Fields, name: string, place: Place): string {
  const value = field(record, name);
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw badField(place, name, 'a name or a number', shown(value));
}

/** `"text", "label"`. */
export const listed = (columns: readonly string[]): string =>
  columns.length === 0 ? 'none' : columns.map((column) => `"${column}"`).join(', ');

/** A format's column that a file lacks: the nearest that it has is named. */
export function missingColumn(
  source: Bound,
  format: string,
  column: string,
  used: readonly string[],
): W2sError {
  const near = nearest(
    column,
    source.columns.filter((name) => !used.includes(name)),
  );
  return new W2sError(
    'ERR_DATA',
    `Expected a column "${column}" for --dataset ${format} in ${displayPath(source.file)}, line 1, but received ` +
      `${listed(source.columns)}.`,
    {
      hint:
        near === undefined
          ? `If it holds other data: --dataset columns --text COLUMN --label COLUMN`
          : `Did you mean "${near}"? Rename that column to ${column}.`,
    },
  );
}
