import { W2sError } from '../errors.js';
import { withoutMixedLabels } from './badLabels.js';
import { badField, displayPath } from './badRow.js';
import type { DatasetFormat, RawExample, ReadRequest, RecordReader } from './formats/index.js';
import { NamedNumbers } from './namedNumbers.js';
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

/** A file whose columns its format has found: all of a parsed file but the rows. */
export interface OpenedFile extends Omit<ParsedFile, 'rows' | 'skipped' | 'firstProblem'> {
  /**
   * The examples of every row, in chunks that let others run in between; each call reads the file anew.
   * Throws ERR_DATA naming file, 1-based line and field.
   */
  examples(options?: ExampleOptions): AsyncGenerator<readonly RawExample[]>;
}

export interface ExampleOptions {
  /** Told of a bad row, which is then left out; without it the first one ends the reading. */
  onProblem?: ((problem: W2sError) => void) | undefined;
  /** False: that no two rows have one id is known already, and ids are not kept in memory to see it. */
  checkIds?: boolean;
}

/** Opens a file by its format. Throws ERR_DATA where a column is missing. */
export async function openDataFile(
  file: string,
  format: DatasetFormat,
  options: ReadOptions,
): Promise<OpenedFile> {
  const source = await openSource(file, headerOf(format, options.header));
  await requireColumns(source, options.skipBadRows);
  const reader = await format.bind(source, options);
  const { file: path, unit } = source;
  const { task, textColumns, labelColumn } = reader;
  const examples: OpenedFile['examples'] = (asked) => examplesOf(source, reader, asked);
  return { file: path, unit, task, textColumns, labelColumn, examples };
}

async function* examplesOf(
  source: Source,
  reader: RecordReader,
  { onProblem, checkIds = true }: ExampleOptions = {},
): AsyncGenerator<readonly RawExample[]> {
  const firstWith = new NamedNumbers();
  const looksAtIds = checkIds && reader.numbered !== true;
  const take = (row: SourceRow, number: number): readonly RawExample[] => {
    if (row.problem !== undefined) throw row.problem;
    const place = placeOf(source, row.row);
    const examples = reader.read(row.record ?? {}, place, number);
    for (const { id } of looksAtIds ? examples : []) {
      const earlier = firstWith.get(id);
      if (earlier === undefined) continue;
      throw badField(place, 'id', 'an id of its own', `"${id}", which ${source.unit} ${earlier} has`);
    }
    for (const { id } of looksAtIds ? examples : []) firstWith.set(id, row.row);
    return examples;
  };
  let number = 0;
  for await (const chunk of source.rows()) {
    const examples: RawExample[] = [];
    for (const row of chunk) {
      // Bad rows count too, so that leaving them out renames no other.
      number++;
      try {
        examples.push(...take(row, number));
      } catch (error) {
        if (onProblem === undefined || !(error instanceof W2sError)) throw error;
        onProblem(error);
      }
    }
    yield examples;
  }
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
  const { examples, ...opened } = await openDataFile(file, format, options);
  const rows: RawExample[] = [];
  const skipped = new SkippedRows();
  for await (const chunk of examples({ onProblem: options.skipBadRows ? skipped.add : undefined })) {
    for (const example of chunk) rows.push(example);
  }
  if (rows.length === 0) throw noRows(opened, skipped.count, skipped.first);
  const { count, first } = skipped;
  const parsed = { ...opened, rows, skipped: count, ...(first === undefined ? {} : { firstProblem: first }) };
  return options.skipBadRows && format.classes === undefined ? withoutMixedLabels(parsed) : parsed;
}

/** Bad rows that are left out: how many, and what is wrong with the first. */
export class SkippedRows {
  count = 0;
  first: string | undefined;

  readonly add = ({ message }: W2sError): void => {
    this.count++;
    this.first ??= message;
  };
}

/** Throws where no column can be found: the file has no rows, or no row that can be read. */
export async function requireColumns(source: Source, skipBadRows = false): Promise<void> {
  if (source.columns.length > 0) return;
  const skipped = new SkippedRows();
  for await (const chunk of source.rows()) {
    for (const { problem } of chunk) {
      if (problem === undefined) continue;
      if (!skipBadRows) throw problem;
      skipped.add(problem);
    }
  }
  throw noRows(source, skipped.count, skipped.first);
}

/** What is said of a file without rows. */
export function noRows(source: Pick<Source, 'file' | 'unit'>, skipped = 0, firstProblem?: string): W2sError {
  const received =
    skipped > 0 ? `${skipped} bad ones only; the first: ${firstProblem?.replace(/\.$/, '')}` : 'no rows';
  return new W2sError(
    'ERR_DATA',
    `Expected at least one ${skipped > 0 ? 'good ' : ''}row in ${displayPath(source.file)}, ${source.unit} 1, but received ${received}.`,
    { hint: `To see what it holds: head ${displayPath(source.file)}` },
  );
}
