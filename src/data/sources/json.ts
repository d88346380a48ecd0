import { isUtf8 } from 'node:buffer';
import { W2sError } from '../../errors.js';
import { displayPath, shown } from '../badRow.js';
import { ArrayCutter, type ArrayElement, beginsArray } from './jsonArray.js';
import { asRecord } from './jsonl.js';
import { firstKeys, inChunks, type Source, type SourceRow } from './source.js';
import { countLines, isGzip, notUtf8, tooLong, unpackedChunks, withoutMark } from './text.js';

/** A JSON array of objects. The file is read as rows are asked for. */
export async function openJson(file: string): Promise<Source> {
  if (!(await holdsArray(file))) {
    return { file, unit: 'row', columns: [], rows: () => inChunks<SourceRow>([]) };
  }
  const columns = await firstKeys(parsedChunks(file));
  return { file, unit: 'row', columns, rows: () => parsedChunks(file) };
}

/** Whether a file begins as an array does; false of a blank one. Throws ERR_DATA where it holds anything else. */
async function holdsArray(file: string): Promise<boolean> {
  let line = 1;
  for await (const chunk of chunksOf(file)) {
    const begins = beginsArray(chunk);
    if (begins === true) return true;
    if (begins === false) throw noArray(file, chunk, line);
    line += countLines(chunk);
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
  const cutter = new ArrayCutter(
    (line) => broken(file, line),
    (line) => tooLong(file, line, 'elements of the array'),
  );
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
  // Only at the end: before it the message may quote the text.
  const position = Number(/ position (\d+)(?: \(line \d+ column \d+\))?$/.exec(message)?.[1] ?? 0);
  return text.slice(0, position).split('\n').length;
}

const expected = (file: string, line: number): string =>
  `Expected a JSON array of objects in ${displayPath(file)}, line ${line}`;

function broken(file: string, line: number): W2sError {
  const path = displayPath(file);
  const check = isGzip(file) ? `gzip -dc ${path} | python3 -m json.tool` : `python3 -m json.tool ${path}`;
  return new W2sError('ERR_DATA', `${expected(file, line)}, but received broken JSON.`, {
    hint: `Mend it, or rename it to .jsonl if it holds one object a line; to check: ${check}`,
  });
}

/** An error for a file that holds something else; its first bytes that are not all blank tell what, however long it is. */
function noArray(file: string, bytes: Buffer, firstLine: number): W2sError {
  const text = begunText(bytes);
  if (text === undefined) return notUtf8(file, bytes, firstLine);
  const told = text.trimStart();
  const line = firstLine + text.slice(0, text.length - told.length).split('\n').length - 1;
  const received = told.startsWith('{') ? 'an object' : shown(told.split(/\r?\n/, 1)[0]);
  return new W2sError('ERR_DATA', `${expected(file, line)}, but received ${received}.`, {
    hint: `If it holds one object a line, rename it: mv ${displayPath(file)} data.jsonl${isGzip(file) ? '.gz' : ''}`,
  });
}

/** Bytes as text, but for a last character that is cut; undefined where they are no UTF-8. */
function begunText(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
