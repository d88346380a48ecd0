import { isAbsolute, relative } from 'node:path';
import { isW2sError, W2sError } from '../errors.js';

/** The one shape of messages about rows: file, 1-based line and field (exit code 4). */

/** Where a row lies, for people. */
export interface Place {
  file: string;
  /** `line` for text files, `row` where lines mean nothing (Parquet, JSON arrays). */
  unit: 'line' | 'row';
  /** 1-based. */
  row: number;
}

/** What counts rows in a file of this name. */
export const unitOf = (file: string): Place['unit'] =>
  /\.(json|parquet)(\.gz)?$/i.test(file) ? 'row' : 'line';

/** A path as short as it can be said from here. */
export function displayPath(file: string): string {
  const near = relative(process.cwd(), file);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? file : near;
}

/** `data.jsonl, line 3`. */
export const placeText = (place: Place): string => `${displayPath(place.file)}, ${place.unit} ${place.row}`;

const LONGEST = 60;

/** A value as a message shows it: short, and on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = asJson(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** What JSON.parse has read, JSON.stringify may be unable to write: it calls itself at each bracket. */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch (cause) {
    if (cause instanceof RangeError) return 'a deeply nested value';
    throw cause;
  }
}

/** "Expected … for field "label" in data.jsonl, line 3, but received …". */
export function badField(place: Place, field: string, expected: string, received: string): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected ${expected} for field "${field}" in ${placeText(place)}, but received ${received}.`,
    { hint: `Mend it (${lookAt(place)}), or leave such rows out: --skip-bad-rows` },
  );
}

/** The same of a file in which no row may be left out. */
export function unskippable<E>(error: E): E | W2sError {
  if (!isW2sError(error) || error.hint?.includes('--skip-bad-rows') !== true) return error;
  const hint = error.hint.replace(/, or leave such rows out: --skip-bad-rows$/, ' and try again');
  return new W2sError(error.code, error.message, { hint });
}

/** A row that cannot be read at all, so that no field can be named but the row itself. */
export function badRow(place: Place, expected: string, received: string): W2sError {
  return badField(place, 'row', expected, received);
}

function lookAt(place: Place): string {
  const file = displayPath(place.file);
  if (place.unit === 'row') return `row ${place.row} of the data`;
  const show = /\.gz$/i.test(file)
    ? `gzip -dc ${file} | sed -n ${place.row}p`
    : `sed -n ${place.row}p ${file}`;
  return `to see it: ${show}`;
}
