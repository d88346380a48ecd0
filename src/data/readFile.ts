import { W2sError } from '../errors.js';
import { withoutMixedLabels } from './badLabels.js';
import { badField, displayPath } from './badRow.js';
import type { DatasetFormat, RawExample, ReadRequest } from './formats/index.js';
import { type ParsedFile, placeOf } from './parsedFile.js';
import { openSource, type Source, type SourceOptions, type SourceRow } from './sources/index.js';

export interface ReadOptions extends ReadRequest {
  /** Leave bad rows out and count them instead of stopping at the first. */
  skipBadRows?: boolean;
  /** False: the user says that CSV and TSV have no header. */
  header?: boolean;
}

/** Whether the first line of a CSV or TSV file names the columns: the user's word, else the format's. */
export function headerOf(format: Pick<DatasetFormat, 'header'>, said: boolean | undefined): SourceOptions {
  return { header: said ?? format.header ?? true };
}

/**
 * Reads a file by its format. Throws ERR_DATA naming file, 1-based line and field at the first bad row, or
 * with `skipBadRows` where no good one is left. What breaks the file as a whole (its encoding, a quote that is
 * never closed, a missing column) is no bad row.
 */
export async function readDataFile(
  file: string,
  format: DatasetFormat,
  options: ReadOptions,
): Promise<ParsedFile> {
  const source = await openSource(file, headerOf(format, options.header));
  await requireColumns(source, options.skipBadRows);
  const reader = await format.bind(source, options);
  const rows: RawExample[] = [];
  const firstWith = new Map<string, number>();
  let skipped = 0;
  let firstProblem: string | undefined;
  const take = (row: SourceRow, number: number): void => {
    if (row.problem !== undefined) throw row.problem;
    const place = placeOf(source, row.row);
    const examples = reader.read(row.record ?? {}, place, number);
    for (const { id } of examples) {
      const earlier = firstWith.get(id);
      if (earlier === undefined) continue;
      throw badField(place, 'id', 'an id of its own', `"${id}", which ${source.unit} ${earlier} has`);
    }
    for (const example of examples) {
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
        firstProblem ??= error.message;
      }
    }
  }
  if (rows.length === 0) throw noRows(source, skipped, firstProblem);
  const { file: path, unit } = source;
  const { task, textColumns, labelColumn } = reader;
  const parsed = {
    file: path,
    unit,
    task,
    textColumns,
    labelColumn,
    rows,
    skipped,
    ...(firstProblem === undefined ? {} : { firstProblem }),
  };
  return options.skipBadRows && format.classes === undefined ? withoutMixedLabels(parsed) : parsed;
}

/** Throws where no column can be found: the file has no rows, or no row that can be read. */
export async function requireColumns(source: Source, skipBadRows = false): Promise<void> {
  if (source.columns.length > 0) return;
  let problems = 0;
  let first: string | undefined;
  for await (const chunk of source.rows()) {
    for (const { problem } of chunk) {
      if (problem === undefined) continue;
      if (!skipBadRows) throw problem;
      problems++;
      first ??= problem.message;
    }
  }
  throw noRows(source, problems, first);
}

function noRows(source: Source, skipped: number, firstProblem?: string): W2sError {
  const received =
    skipped > 0 ? `${skipped} bad ones only; the first: ${firstProblem?.replace(/\.$/, '')}` : 'no rows';
  return new W2sError(
    'ERR_DATA',
    `Expected at least one ${skipped > 0 ? 'good ' : ''}row in ${displayPath(source.file)}, ${source.unit} 1, but received ${received}.`,
    { hint: `To see what it holds: head ${displayPath(source.file)}` },
  );
}
