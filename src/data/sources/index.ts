import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nearest } from '../../config/nearest.js';
import { W2sError } from '../../errors.js';
import { displayPath } from '../badRow.js';
import type { Source, SourceOptions } from './source.js';

type Opener = (file: string, options: SourceOptions) => Promise<Source>;

/** What a name ends in says how a file is read. */
const OPENERS: Readonly<Record<string, () => Promise<Opener>>> = {
  '.jsonl': async () => (await import('./jsonl.js')).openJsonl,
  '.ndjson': async () => (await import('./jsonl.js')).openJsonl,
  '.json': async () => (await import('./json.js')).openJson,
  '.csv': async () => (await import('./csv.js')).openCsv,
  '.tsv': async () => (await import('./tsv.js')).openTsv,
  '.parquet': async () => (await import('./parquet.js')).openParquet,
  '.pgn': async () => (await import('./pgn.js')).openPgn,
};

const ENDINGS = Object.keys(OPENERS).join(', ');

/** `.csv` of `my.CSV` and of `my.csv.gz`: what the rows are read as. */
export function endingOf(file: string): string {
  const name = basename(file).toLowerCase();
  const plainName = name.endsWith('.gz') ? name.slice(0, -3) : name;
  return /\.[^.]+$/.exec(plainName)?.[0] ?? '';
}

/**
 * Checks that a data file exists and that its ending is known, before any time is spent.
 * Throws ERR_NOT_FOUND (with the nearest name in that folder) or ERR_DATA.
 */
export async function checkDataFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw await missingFile(file);
  if (!found.isFile()) {
    throw new W2sError(
      'ERR_DATA',
      `Expected a file for the data but received the folder ${displayPath(file)}.`,
      {
        hint: `Name a file in it: ls ${displayPath(file)}`,
      },
    );
  }
  if (!isDataFileName(file)) {
    throw unknownEnding(
      displayPath(file),
      `Rename it by what it holds: mv ${displayPath(file)} ${displayPath(file)}.jsonl`,
    );
  }
}

/** Whether a name ends in what can be read. */
export const isDataFileName = (file: string): boolean => endingOf(file) in OPENERS;

/** An error for a name that ends in nothing that can be read. */
export function unknownEnding(file: string, hint: string): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected a data file that ends in ${ENDINGS} (or one of them with .gz) but received ${file}.`,
    { hint },
  );
}

async function missingFile(file: string): Promise<W2sError> {
  const folder = dirname(file);
  const names = await readdir(folder).catch(() => [] as string[]);
  const near = nearest(basename(file), names);
  return new W2sError('ERR_NOT_FOUND', `Expected a data file but ${displayPath(file)} does not exist.`, {
    hint: near
      ? `Did you mean ${displayPath(join(folder, near))}?`
      : `To see what is there: ls ${displayPath(folder)}`,
  });
}

/** Opens a data file by its ending. Throws ERR_NOT_FOUND or ERR_DATA. */
export async function openSource(file: string, options: SourceOptions = {}): Promise<Source> {
  await checkDataFile(file);
  const opener = await OPENERS[endingOf(file)]?.();
  if (opener === undefined) throw new TypeError(`No reader for ${file}`);
  return opener(file, options);
}

export type { Source, SourceOptions, SourceRow } from './source.js';
