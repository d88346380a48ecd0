import type { AsyncBuffer } from 'hyparquet';
import { W2sError } from '../../errors.js';
import { displayPath } from '../badRow.js';
import { breathe, type Source, type SourceRow } from './source.js';
import { isGzip, readUnpacked } from './text.js';

const CHUNK = 1000;

/** Parquet with flat columns and lists, under any of the usual compressions; gzip of the whole is read into memory. */
export async function openParquet(file: string): Promise<Source> {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] =
    await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  const buffer = isGzip(file) ? inMemory(await readUnpacked(file)) : await asyncBufferFromFile(file);
  const metadata = await parquetMetadataAsync(buffer).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      const records = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        rowStart: start,
        rowEnd: end,
      }).catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
      for (let at = 0; at < records.length; at += CHUNK) {
        yield records
          .slice(at, at + CHUNK)
          .map((record, i) => ({ row: start + at + i + 1, record: plain(record) }));
        await breathe();
      }
      start = end;
    }
  }
  return { file, unit: 'row', columns, rows };
}

/** Bytes as hyparquet reads a file. */
function inMemory(bytes: Buffer): AsyncBuffer {
  const whole = new Uint8Array(bytes).buffer;
  return { byteLength: whole.byteLength, slice: (start, end) => whole.slice(start, end) };
}

/** 64-bit integers arrive as bigint: labels and ids are wanted as numbers. */
function plain(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as Float64Array | BigInt64Array, plainValue);
  }
  return Array.isArray(value) ? value.map(plainValue) : value;
}

function unreadable(file: string, cause: unknown): W2sError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new W2sError(
    'ERR_DATA',
    `Expected a Parquet file in ${displayPath(file)} but received: ${reason}.`,
    {
      cause,
      hint: `To see what it is: file ${displayPath(file)}`,
    },
  );
}
