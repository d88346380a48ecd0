import { checkHeader, numbered, toRow } from './header.js';
import { inChunks, type Source, type SourceOptions, type SourceRow } from './source.js';
import { lines, type TextPiece, textPieces } from './text.js';

/** Tab-separated values. A quote is an ordinary character, and a line is a row. The file is read as rows are asked for. */
export async function openTsv(file: string, { header = true }: SourceOptions = {}): Promise<Source> {
  let begins: string[] = [];
  for await (const [first] of fieldChunks(file)) {
    if (first === undefined) continue;
    begins = first.fields;
    break;
  }
  const columns = header ? checkHeader(file, begins) : numbered(begins);
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    for await (const chunk of fieldChunks(file)) {
      const data = chunk.filter(({ row, blank }) => !blank && !(header && row === 1));
      yield data.map(({ row, fields }) => toRow({ file, unit: 'line', row }, columns, fields));
    }
  }
  return { file, unit: 'line', columns, rows };
}

interface Line {
  row: number;
  fields: string[];
  blank: boolean;
}

const fieldChunks = (file: string) => inChunks(fieldPieces(file));

async function* fieldPieces(file: string): AsyncGenerator<Iterable<Line>> {
  for await (const piece of textPieces(file)) yield fieldLines(piece);
}

function* fieldLines({ bytes, firstLine }: TextPiece): Generator<Line> {
  for (const { number, start, end } of lines(bytes)) {
    const fields = bytes.toString('utf8', start, end).split('\t');
    yield { row: firstLine + number - 1, fields, blank: start === end };
  }
}
