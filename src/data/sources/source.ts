import type { W2sError } from '../../errors.js';
import type { Place } from '../badRow.js';

/** One row of a file: its fields, or why it could not be read. */
export interface SourceRow {
  /** 1-based line (text files) or row. */
  row: number;
  record?: Readonly<Record<string, unknown>>;
  problem?: W2sError;
}

/** A file that yields rows of named fields; one file each in this folder. */
export interface Source {
  file: string;
  unit: Place['unit'];
  /** Names in the file's order: the header, the schema, or the first row's keys. */
  columns: readonly string[];
  /** Rows in order, in chunks that never hold the event loop for long. */
  rows(): AsyncIterable<readonly SourceRow[]>;
}

export interface SourceOptions {
  /** False: CSV and TSV begin with a row, and columns are called 1, 2, 3, …. Other kinds name their own columns. */
  header?: boolean;
}

/** Records that are looked at for column names. */
const FIRST_RECORDS = 20;

/**
 * The keys of the first records together, so that one that lacks a field is told so by its own line. Bad rows have no
 * keys, and are passed over, however many they are.
 */
export async function firstKeys(chunks: AsyncIterable<readonly SourceRow[]>): Promise<readonly string[]> {
  const keys = new Set<string>();
  let records = 0;
  for await (const chunk of chunks) {
    for (const { record } of chunk) {
      if (record === undefined) continue;
      for (const key of Object.keys(record)) keys.add(key);
      if (++records === FIRST_RECORDS) return [...keys];
    }
  }
  return [...keys];
}

/** Longest time that reading holds the event loop before it lets others run. */
export const SLICE_MS = 5;

/** Lets timers, signals and I/O run. */
export const breathe = (): Promise<void> => new Promise((done) => setImmediate(done));

/**
 * What pieces of a file hold, as it comes, in chunks that let others run in between; what is no row (undefined) only
 * takes its time.
 */
export async function* inChunks<Row>(
  pieces: Iterable<Iterable<Row | undefined>> | AsyncIterable<Iterable<Row | undefined>>,
): AsyncGenerator<readonly Row[]> {
  let chunk: Row[] = [];
  let sliceEnds = performance.now() + SLICE_MS;
  for await (const rows of pieces) {
    for (const row of rows) {
      if (row !== undefined) chunk.push(row);
      if (performance.now() < sliceEnds) continue;
      yield chunk;
      chunk = [];
      await breathe();
      sliceEnds = performance.now() + SLICE_MS;
    }
  }
  yield chunk;
}

/** `items.map(work)` that lets others run in between. */
export async function mapInSlices<A, B>(items: readonly A[], work: (item: A, i: number) => B): Promise<B[]> {
  const done: B[] = [];
  let sliceEnds = performance.now() + SLICE_MS;
  for (const [i, item] of items.entries()) {
    done.push(work(item, i));
    // The clock is read once in a while only: it costs as much as the work.
    if (i % 64 !== 0 || performance.now() < sliceEnds) continue;
    await breathe();
    sliceEnds = performance.now() + SLICE_MS;
  }
  return done;
}
