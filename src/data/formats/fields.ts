import { createHash } from 'node:crypto';
import { nearest } from '../../config/nearest.js';
import { W2sError } from '../../errors.js';
import { badField, displayPath, type Place, shown } from '../badRow.js';
import type { Source } from '../sources/index.js';

/** What the formats share: columns, fields of a record, and what is said where one is missing. */

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

/** The `id` column, or the record's number where there is none. Throws ERR_DATA on a blank id. */
export function rowId(source: Bound, record: Fields, place: Place, number: number): string {
  return source.columns.includes('id') ? identifier(record, 'id', place) : String(number);
}

/** A short name for the group of all rows that share this text. */
export function groupName(text: string): string {
  return createHash('sha256').update(text.trim()).digest('hex').slice(0, 16);
}

/** `"text", "label"`. */
export const listed = (columns: readonly string[]): string =>
  columns.length === 0 ? 'none' : columns.map((column) => `"${column}"`).join(', ');

/**
 * Finds a format's columns in a file by their spellings, the first that is there.
 * What it gives throws ERR_DATA where none is, and names the nearest column that is not in use.
 */
export function columnFinder(source: Bound, format: string): (spellings: readonly string[]) => string {
  const used = new Set<string>();
  return (spellings) => {
    const column = spellings.find((spelling) => source.columns.includes(spelling));
    if (column === undefined) throw missingColumn(source, format, spellings, used);
    used.add(column);
    return column;
  };
}

function missingColumn(
  source: Bound,
  format: string,
  spellings: readonly string[],
  used: ReadonlySet<string>,
): W2sError {
  const free = source.columns.filter((name) => !used.has(name));
  const [wanted = '', ...others] = spellings.filter((name) => !/^\d+$/.test(name));
  const near = nearest(wanted, free);
  const names = [wanted, ...others].map((name) => `"${name}"`).join(' or ');
  return new W2sError(
    'ERR_DATA',
    `Expected a column ${names} for --dataset ${format} in ${displayPath(source.file)}, line 1, but received ` +
      `${listed(source.columns)}.`,
    {
      hint:
        near === undefined
          ? `For a table of another kind: --dataset columns --text ${source.columns[0] ?? 'COLUMN'} --label COLUMN`
          : `Did you mean its column "${near}"? Then rename that to "${wanted}".`,
    },
  );
}
