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

/** A number, quoted or not. Throws ERR_DATA naming file, row and field. */
export function numberField(record: Fields, name: string, place: Place): number {
  const value = field(record, name);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw badField(place, name, 'a number', value === '' ? 'a blank' : shown(value));
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

/** Throws ERR_CONFIG where a column is named by a flag that the format has no use for. */
export function refuseColumns(
  format: string,
  columns: Readonly<{ text?: string; label?: string }>,
  without: readonly ('text' | 'label')[],
): void {
  const flag = without.find((each) => columns[each] !== undefined);
  if (flag === undefined) return;
  throw new W2sError(
    'ERR_CONFIG',
    `Expected no --${flag} for --dataset ${format}, whose columns have names of their own, but received ` +
      `"${columns[flag]}".`,
    { hint: `Leave out --${flag}, or read it as a table of any kind: --dataset columns` },
  );
}

interface Finder {
  /** The flag by which a user names this column, where there is one. */
  flag?: '--text' | '--label';
  /** What the user named with it. */
  named?: string | undefined;
}

/**
 * Finds a format's columns in a file: the one that the user named, else the first of the spellings.
 * What it gives throws ERR_DATA where none is there, and names the nearest column that is not in use.
 */
export function columnFinder(
  source: Bound,
  format: string,
): (spellings: readonly string[], finder?: Finder) => string {
  const used = new Set<string>();
  return (spellings, { flag, named } = {}) => {
    const wanted = named === undefined ? spellings : [named];
    const column = wanted.find((spelling) => source.columns.includes(spelling));
    if (column === undefined) throw missingColumn(source, format, wanted, used, flag);
    used.add(column);
    return column;
  };
}

function missingColumn(
  source: Bound,
  format: string,
  spellings: readonly string[],
  used: ReadonlySet<string>,
  flag: Finder['flag'],
): W2sError {
  const free = source.columns.filter((name) => !used.has(name));
  const names = spellings.filter((name) => !/^\d+$/.test(name));
  const [wanted = spellings[0] ?? ''] = names;
  const near = nearest(wanted, free);
  const file = displayPath(source.file);
  return new W2sError(
    'ERR_DATA',
    `Expected a column ${(names.length > 0 ? names : spellings).map((name) => `"${name}"`).join(' or ')} for ` +
      `--dataset ${format} in ${file}, line 1, but received ${listed(source.columns)}.`,
    {
      hint:
        near === undefined
          ? (headerHint(source) ??
            `For a table of another kind: --dataset columns --text ${source.columns[0] ?? 'COLUMN'} --label COLUMN`)
          : flag !== undefined
            ? `Did you mean ${flag} ${near}?`
            : `Did you mean its column "${near}"? ${renaming(file, near, wanted)}`,
    },
  );
}

function renaming(file: string, from: string, to: string): string {
  const ending = /\.[^.]+$/.exec(file)?.[0] ?? '';
  if (!/^\.(csv|tsv|jsonl|ndjson|json)$/i.test(ending)) return `Rename it to "${to}".`;
  const script = /^\.[ct]sv$/i.test(ending) ? `1s/${from}/${to}/` : `s/"${from}"/"${to}"/g`;
  return `Rename it: sed '${script}' ${file} > renamed${ending}`;
}

/**
 * What to type where the names of columns look like a row of data, are numbers, or are one name with another
 * separator in it. Undefined where they look like names.
 */
export function headerHint({ file, columns }: Bound): string | undefined {
  if (columns.length === 0 || !/\.[ct]sv(\.gz)?$/i.test(file)) return undefined;
  const separator = columns.length === 1 ? /[;,|\t]/.exec(columns[0] ?? '')?.[0] : undefined;
  if (separator !== undefined) return separated(displayPath(file), separator);
  const lengths = columns.map((name) => name.length);
  const text = lengths.indexOf(Math.max(...lengths)) + 1;
  const label = lengths.indexOf(Math.min(...lengths)) + 1;
  const numbers = label === text ? '--text 1 --label 2' : `--text ${text} --label ${label}`;
  if (columns.every((name, i) => name === String(i + 1))) return 'Say which are which: --text 1 --label 2';
  const likeData = columns.some(
    (name) => /^[-+]?\d/.test(name) || name.length > 40 || /\S\s+\S+\s+\S/.test(name),
  );
  return likeData ? `If line 1 is a row already: --dataset columns --no-header ${numbers}` : undefined;
}

/** CSV wants commas, TSV tabs. */
function separated(file: string, separator: string): string {
  const [is, ending] = separator === ',' ? ['commas', 'csv'] : ['tabs', 'tsv'];
  if (separator === ',' || separator === '\t')
    return `Its fields stand between ${is}: cp ${file} data.${ending}`;
  return `Its fields stand between "${separator}"; with tabs: tr '${separator}' '\\t' < ${file} > data.tsv`;
}
