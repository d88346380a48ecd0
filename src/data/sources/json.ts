import { W2sError } from '../../errors.js';
import { displayPath, shown } from '../badRow.js';
import { asRecord, firstKeys } from './jsonl.js';
import { breathe, type Source, type SourceRow } from './source.js';
import { readText } from './text.js';

const CHUNK = 2000;

/** A JSON array of objects. It is parsed in one go: large data belongs in JSON Lines or Parquet. */
export async function openJson(file: string): Promise<Source> {
  const text = (await readText(file)).toString('utf8');
  const values = text.trim() === '' ? [] : parseArray(file, text);
  const toRow = (value: unknown, i: number): SourceRow => asRecord(value, { file, unit: 'row', row: i + 1 });
  const columns = firstKeys(values.slice(0, 20).map(toRow));
  async function* rows(): AsyncGenerator<readonly SourceRow[]> {
    for (let start = 0; start < values.length; start += CHUNK) {
      const chunk = values.slice(start, start + CHUNK);
      yield chunk.map((value, i) => toRow(value, start + i));
      await breathe();
    }
  }
  return { file, unit: 'row', columns, rows };
}

function parseArray(file: string, text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new W2sError('ERR_DATA', `${brokenAt(file, text, cause)}`, {
      hint: `Mend it, or rename it to .jsonl if it holds one object a line; to check: python3 -m json.tool ${displayPath(file)}`,
    });
  }
  if (Array.isArray(value)) return value;
  throw new W2sError(
    'ERR_DATA',
    `Expected a JSON array of objects in ${displayPath(file)}, line 1, but received ${shown(value)}.`,
    { hint: `For one object a line, rename it: mv ${displayPath(file)} data.jsonl` },
  );
}

function brokenAt(file: string, text: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
  const line = text.slice(0, position).split('\n').length;
  return `Expected a JSON array of objects in ${displayPath(file)}, line ${line}, but received broken JSON.`;
}
