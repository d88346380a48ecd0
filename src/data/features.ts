/** Tables of features: one vector of numbers for each row, by the row's id. */

import { W2sError } from '../errors.js';
import { badField, displayPath, type Place, placeText, shown, unitOf } from './badRow.js';
import { readSafetensors } from './safetensors.js';
import { openSource } from './sources/index.js';
import type { Example } from './types.js';

/** N rows of D numbers. */
export interface FeatureTable {
  /** Each names one row [N]. */
  ids: readonly string[];
  /** Row by row [N · D]. */
  values: Float32Array;
  /** D. */
  dimension: number;
  /** Where it comes from, for messages. */
  file: string;
}

/** Whether a file's name says that it is safetensors. */
export const isSafetensors = (file: string): boolean => /\.safetensors$/i.test(file);

/**
 * Reads a table of features: safetensors with a tensor `features` [N, D] (F32, F16, BF16 or F64) and, in the
 * header's metadata, `ids`, a JSON array of N names (without it the rows are called 1, 2, 3, …, as rows of data
 * without an id are); or Parquet, JSONL or JSON with the columns `id` and `features`, a list of D numbers.
 * Throws ERR_DATA naming file, row and field: no id, an id twice, rows of unequal length, a value that is no
 * finite number.
 */
export async function readFeatureTable(file: string): Promise<FeatureTable> {
  return isSafetensors(file) ? readTensorTable(file) : readColumnTable(file);
}

async function readTensorTable(file: string): Promise<FeatureTable> {
  const { metadata, tensors } = await readSafetensors(file, ['features']);
  const { features } = tensors;
  if (features === undefined || features.shape.length !== 2 || features.values.length === 0) {
    const received = features ? `one of shape [${features.shape.join(', ')}]` : 'none';
    throw new W2sError(
      'ERR_DATA',
      `Expected a tensor "features" of shape [rows, dimension] in ${displayPath(file)} but received ${received}.`,
      { hint: 'Write it so: save_file({"features": x}, "features.safetensors", {"ids": json.dumps(ids)})' },
    );
  }
  const [count = 0, dimension = 0] = features.shape;
  const ids = metadata.ids === undefined ? numbered(count) : idsOf(file, metadata.ids, count);
  checkFinite(features.values, dimension, (row) => ({ file, unit: 'row', row }));
  return { ids, values: features.values, dimension, file };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1));

function idsOf(file: string, text: string, count: number): string[] {
  let ids: unknown;
  try {
    ids = JSON.parse(text);
  } catch {
    // Answered below.
  }
  if (!Array.isArray(ids) || ids.length !== count) {
    throw new W2sError(
      'ERR_DATA',
      `Expected a JSON array of ${count} ids, one for each row of "features", for the metadata "ids" of ` +
        `${displayPath(file)} but received ${Array.isArray(ids) ? `${ids.length}` : shown(text)}.`,
      { hint: 'Write it so: save_file({"features": x}, "features.safetensors", {"ids": json.dumps(ids)})' },
    );
  }
  const seen = new Map<string, number>();
  return ids.map((id: unknown, i) => identify(id, { file, unit: 'row', row: i + 1 }, seen));
}

async function readColumnTable(file: string): Promise<FeatureTable> {
  const source = await openSource(file);
  const missing = ['id', 'features'].filter((name) => !source.columns.includes(name));
  if (missing.length > 0) {
    throw new W2sError(
      'ERR_DATA',
      `Expected the columns "id" and "features" in ${displayPath(file)} but received ` +
        `${source.columns.map((name) => `"${name}"`).join(', ') || 'none'}.`,
      { hint: 'Write one row an example: {"id": "a1", "features": [0.1, -2.5, …]}' },
    );
  }
  const seen = new Map<string, number>();
  const ids: string[] = [];
  const rows: Float32Array[] = [];
  for await (const chunk of source.rows()) {
    for (const { row, record = {}, problem } of chunk) {
      if (problem) throw problem;
      const place: Place = { file, unit: source.unit, row };
      ids.push(identify(record.id, place, seen));
      rows.push(vectorOf(record.features, place, rows[0]?.length));
    }
  }
  const dimension = rows[0]?.length ?? 0;
  if (dimension === 0)
    throw new W2sError('ERR_DATA', `Expected rows in ${displayPath(file)} but received none.`);
  const values = new Float32Array(rows.length * dimension);
  rows.forEach((row, i) => {
    values.set(row, i * dimension);
  });
  return { ids, values, dimension, file };
}

/** An id that no earlier row has. */
function identify(value: unknown, place: Place, seen: Map<string, number>): string {
  const isName = typeof value === 'string' ? value.trim() !== '' : Number.isFinite(value);
  if (!isName) throw badFeature(place, 'id', 'a name or a number', shown(value));
  const id = String(value);
  const earlier = seen.get(id);
  if (earlier !== undefined) {
    throw badFeature(place, 'id', 'an id of its own', `"${id}", which ${place.unit} ${earlier} has`);
  }
  seen.set(id, place.row);
  return id;
}

function vectorOf(value: unknown, place: Place, dimension: number | undefined): Float32Array {
  if (!Array.isArray(value) || value.length === 0) {
    throw badFeature(place, 'features', 'a list of numbers', shown(value));
  }
  if (dimension !== undefined && value.length !== dimension) {
    throw badFeature(place, 'features', `${dimension} numbers, as in the first row,`, `${value.length}`);
  }
  const bad = value.findIndex((one) => typeof one !== 'number' || !Number.isFinite(one));
  if (bad >= 0) throw badFeature(place, `features[${bad}]`, 'a finite number', shown(value[bad]));
  return Float32Array.from(value as number[]);
}

function checkFinite(values: Float32Array, dimension: number, placeOf: (row: number) => Place): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const place = placeOf(Math.floor(bad / dimension) + 1);
  throw badFeature(place, `features[${bad % dimension}]`, 'a finite number', String(values[bad]));
}

/** Rows of features cannot be left out: a row of data needs its own. */
function badFeature(place: Place, field: string, expected: string, received: string): W2sError {
  const { message } = badField(place, field, expected, received);
  return new W2sError('ERR_DATA', message, { hint: `Mend the row in ${displayPath(place.file)}` });
}

/**
 * The features of examples, in their order [N · D].
 * Throws ERR_DATA at the first example without any, naming its row and the table.
 */
export function featuresOf(
  table: FeatureTable,
  rows: readonly Pick<Example, 'id' | 'row'>[],
  file: string,
): Float32Array {
  const { dimension, values } = table;
  const indexOf = new Map(table.ids.map((id, i) => [id, i]));
  const chosen = new Float32Array(rows.length * dimension);
  rows.forEach(({ id, row }, i) => {
    const index = indexOf.get(id);
    if (index === undefined) {
      const place = placeText({ file, unit: unitOf(file), row });
      throw new W2sError(
        'ERR_DATA',
        `Expected features in ${displayPath(table.file)} for id "${id}" (${place}) but received none; ` +
          `the table holds ${table.ids.length} rows, the first with the id "${table.ids[0]}".`,
        { hint: 'Give every row of the data a row of features with its id' },
      );
    }
    chosen.set(values.subarray(index * dimension, (index + 1) * dimension), i * dimension);
  });
  return chosen;
}
