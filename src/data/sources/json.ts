import { isUtf8 } from 'node:buffer';
import { W2sError } from '../../errors.js';
import { displayPath, shown } from '../badRow.js';
import { ArrayCutter, type ArrayElement, beginsArray } from './jsonArray.js';
import { asRecord } from './jsonl.js';
import { firstKeys, inChunks, type Source, type SourceRow } from './source.js';
import { notUtf8, readText, unpackedChunks, withoutMark } from './text.js';

/** A JSON array of objects. The file is read as rows are asked for. */
export async function openJson(file: string): Promise<Source> {
  if (!(await isArray(file))) {
    await requireBlank(file);
    return { file, unit: 'row', columns: [], rows: () => inChunks<SourceRow>([]) };
  }
  const columns = await firstKeys(parsedChunks(file));
  return { file, unit: 'row', columns, rows: () => parsedChunks(file) };
}

/** Whether a file begins as an array does; false of a blank one. */
async function isArray(file: string): Promise<boolean> {
  for await (const chunk of chunksOf(file)) {
    const begins = beginsArray(chunk);
    if (begins !== undefined) return begins;
  }
  return false;
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of unpackedChunks(file)) {
    yield isFirst ? withoutMark(chunk) : chunk;
    isFirst = false;
  }
}

const parsedChunks = (file: string) => inChunks(parsedPieces(file));

async function* parsedPieces(file: string): AsyncGenerator<Iterable<SourceRow>> {
  const cutter = new ArrayCutter((line) => broken(file, line));
  let row = 0;
  function* parsed(chunk: Buffer): Generator<SourceRow> {
    for (const element of cutter.cut(chunk))
      yield asRecord(parseElement(file, element), { file, unit: 'row', row: ++row });
  }
  for await (const chunk of chunksOf(file)) yield parsed(chunk);
  cutter.end();
}

function parseElement(file: string, { bytes, line }: ArrayElement): unknown {
  if (!isUtf8(bytes)) throw notUtf8(file, bytes, line);
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw broken(file, line - 1 + lineWithin(text, cause));
  }
}

/** The line, from 1, that a text is broken in, where the parser tells; else its first. */
function lineWithin(text: string, cause: unknown): number {
  const message = cause instanceof Error ? cause.message : String(cause);
  const position = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
  return text.slice(0, position).split('\n').length;
}

function broken(file: string, line: number): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected a JSON array of objects in ${displayPath(file)}, line ${line}, but received broken JSON.`,
    {
      hint: `Mend it, or rename it to .jsonl if it holds one object a line; to check: python3 -m json.tool ${displayPath(file)}`,
    },
  );
}

/** Throws ERR_DATA where a file that holds no array holds anything. */
async function requireBlank(file: string): Promise<void> {
  const text = (await readText(file)).toString('utf8');
  if (text.trim() === '') return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw broken(file, lineWithin(text, cause));
  }
  throw new W2sError(
    'ERR_DATA',
    `Expected a JSON array of objects in ${displayPath(file)}, line 1, but received ${shown(value)}.`,
    { hint: `For one object a line, rename it: mv ${displayPath(file)} data.jsonl` },
  );
}
