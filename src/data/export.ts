import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SchemaElement } from 'hyparquet-writer';
import { isW2sError, W2sError } from '../errors.js';

/** `--export FILE`: one row an example, in input order, as JSON Lines or Parquet by the name's ending. */
export interface ExportRow {
  id: string;
  /** The supervision of `label` (probabilities, or the completion), else the predicted class or completion. */
  label: number | string | readonly number[];
  logits?: readonly number[];
  probabilities?: readonly number[];
  /** The input's text columns. */
  [column: string]: number | string | readonly number[] | undefined;
}

/** Checks the ending before anything is computed. Throws ERR_CONFIG (exit code 2). */
export function checkExportName(file: string): void {
  if (/\.(jsonl|ndjson|parquet)$/i.test(file)) return;
  throw new W2sError(
    'ERR_CONFIG',
    `Expected a name that ends in .jsonl or .parquet for --export but received ${file}.`,
    {
      hint: `Try --export ${file.replace(/\.[^./\\]*$/, '')}.jsonl`,
    },
  );
}

/** Rows as they come. */
export type ExportRows = Iterable<ExportRow> | AsyncIterable<ExportRow>;

/**
 * Writes all rows atomically; they have the same columns. JSON Lines are written as rows come, Parquet holds them all
 * before it is written. Throws ERR_CONFIG on the name, ERR_DISK on the writing, and what the rows throw.
 */
export async function writeExport(file: string, rows: ExportRows): Promise<void> {
  checkExportName(file);
  const target = resolve(file);
  const draft = `${target}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(target), { recursive: true });
    if (/\.parquet$/i.test(file)) await writeFile(draft, await parquetOf(await all(rows)));
    else await pipeline(Readable.from(jsonLines(rows)), createWriteStream(draft));
    await rename(draft, target);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    if (isW2sError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new W2sError('ERR_DISK', `Expected to write ${file} for --export but cannot: ${reason}.`, {
      cause,
      hint: `To see whether there is room and permission: df -h ${dirname(target)}; ls -ld ${dirname(target)}`,
    });
  }
}

const LINES_AT_ONCE = 500;

async function* jsonLines(rows: ExportRows): AsyncGenerator<string> {
  let lines: string[] = [];
  for await (const row of rows) {
    lines.push(`${JSON.stringify(row)}\n`);
    if (lines.length < LINES_AT_ONCE) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

async function all(rows: ExportRows): Promise<readonly ExportRow[]> {
  const list: ExportRow[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

async function parquetOf(rows: readonly ExportRow[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name) => ({ name, data: rows.map((row) => row[name]) }));
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ name, data }) => schemaOf(name, data)),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData: columns, schema }));
}

function schemaOf(name: string, data: readonly unknown[]): SchemaElement[] {
  const sample = data.find((value) => value !== undefined && value !== null);
  if (Array.isArray(sample)) {
    return [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'DOUBLE', repetition_type: 'REQUIRED' },
    ];
  }
  if (typeof sample === 'number') {
    const whole = data.every(
      (value) => value === undefined || (Number.isInteger(value) && Math.abs(value as number) < 2 ** 31),
    );
    return [{ name, type: whole ? 'INT32' : 'DOUBLE', repetition_type: 'OPTIONAL' }];
  }
  return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }];
}
