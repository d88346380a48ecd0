import { W2sError } from '../errors.js';
import { badField, displayPath, type Place } from './badRow.js';
import type { DatasetFormat, RawExample, ReadRequest } from './formats/index.js';
import { openSource, type Source, type SourceRow } from './sources/index.js';
import type { TaskKind } from './types.js';

/** All examples of one file, before classes are known. */
export interface ParsedFile {
  file: string;
  unit: Place['unit'];
  task: TaskKind;
  textColumns: readonly string[];
  labelColumn: string;
  rows: readonly RawExample[];
  skipped: number;
}

export interface ReadOptions extends ReadRequest {
  /** Leave bad rows out and count them instead of stopping at the first. */
  skipBadRows?: boolean;
}

/** Where a row of a parsed file lies, for messages. */
export const placeOf = (parsed: Pick<ParsedFile, 'file' | 'unit'>, row: number): Place => ({
  file: parsed.file,
  unit: parsed.unit,
  row,
});

/** Reads a file by its format. Throws ERR_DATA naming file, 1-based line and field at the first bad row. */
export async function readDataFile(
  file: string,
  format: DatasetFormat,
  options: ReadOptions,
): Promise<ParsedFile> {
  const source = await openSource(file);
  await requireColumns(source);
  const reader = format.bind(source, options);
  const rows: RawExample[] = [];
  const firstWith = new Map<string, number>();
  let skipped = 0;
  const take = (row: SourceRow, number: number): void => {
    if (row.problem !== undefined) throw row.problem;
    const place = placeOf(source, row.row);
    for (const example of reader.read(row.record ?? {}, place, number)) {
      const earlier = firstWith.get(example.id);
      if (earlier !== undefined) {
        throw badField(
          place,
          'id',
          'an id of its own',
          `"${example.id}", which ${source.unit} ${earlier} has`,
        );
      }
      firstWith.set(example.id, row.row);
      rows.push(example);
    }
  };
  let number = 0;
  for await (const chunk of source.rows()) {
    for (const row of chunk) {
      // Bad rows count too, so that leaving them out renames no other.
      number++;
      try {
        take(row, number);
      } catch (error) {
        if (!options.skipBadRows || !(error instanceof W2sError)) throw error;
        skipped++;
      }
    }
  }
  if (rows.length === 0) throw noRows(source, skipped);
  const { file: path, unit } = source;
  const { task, textColumns, labelColumn } = reader;
  return { file: path, unit, task, textColumns, labelColumn, rows, skipped };
}

/** Throws where no column can be found: the file has no rows, or no row that can be read. */
export async function requireColumns(source: Source): Promise<void> {
  if (source.columns.length > 0) return;
  for await (const chunk of source.rows()) {
    for (const row of chunk) if (row.problem !== undefined) throw row.problem;
  }
  throw noRows(source, 0);
}

function noRows(source: Source, skipped: number): W2sError {
  const received = skipped > 0 ? `${skipped} bad ones only` : 'no rows';
  return new W2sError(
    'ERR_DATA',
    `Expected at least one row in ${displayPath(source.file)}, ${source.unit} 1, but received ${received}.`,
    { hint: `To see what it holds: head ${displayPath(source.file)}` },
  );
}
