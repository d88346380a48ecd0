import { checkHeader, numbered, toRow } from './header.js';
import { inChunks, type Source, type SourceOptions, type SourceRow } from './source.js';
import { lines, readText } from './text.js';

/** Tab-separated values. A quote is an ordinary character, and a line is a row. */
export async function openTsv(file: string, { header = true }: SourceOptions = {}): Promise<Source> {
  const bytes = await readText(file);
  const [first] = lines(bytes);
  const fieldsOf = (line: { start: number; end: number }): string[] =>
    bytes.toString('utf8', line.start, line.end).split('\t');
  const begins = first ? fieldsOf(first) : [];
  const columns = header ? checkHeader(file, begins) : numbered(begins);
  function* rows(): Generator<SourceRow> {
    for (const line of lines(bytes)) {
      if ((header && line.number === 1) || line.start === line.end) continue;
      yield toRow({ file, unit: 'line', row: line.number }, columns, fieldsOf(line));
    }
  }
  return { file, unit: 'line', columns, rows: () => inChunks(rows()) };
}
