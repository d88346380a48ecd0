import { checkHeader, toRow } from './header.js';
import { breathe, SLICE_MS, type Source, type SourceRow } from './source.js';
import { lines, readText } from './text.js';

/** Tab-separated values with a header. A quote is an ordinary character, and a line is a row. */
export async function openTsv(file: string): Promise<Source> {
  const bytes = await readText(file);
  const [first] = lines(bytes);
  const header = first ? checkHeader(file, bytes.toString('utf8', first.start, first.end).split('\t')) : [];
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    let chunk: SourceRow[] = [];
    let sliceEnds = performance.now() + SLICE_MS;
    for (const line of lines(bytes)) {
      if (line.number === 1 || line.start === line.end) continue;
      const fields = bytes.toString('utf8', line.start, line.end).split('\t');
      chunk.push(toRow({ file, unit: 'line', row: line.number }, header, fields));
      if (performance.now() < sliceEnds) continue;
      yield chunk;
      chunk = [];
      await breathe();
      sliceEnds = performance.now() + SLICE_MS;
    }
    yield chunk;
  }
  return { file, unit: 'line', columns: header, rows };
}
