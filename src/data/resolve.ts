import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { hashFile } from '../config/fileHash.js';
import { userCacheFolder } from '../config/userCache.js';
import { W2sError } from '../errors.js';
import { type BuiltInDataset, builtInDataset, findFormat } from './formats/index.js';
import { requireColumns } from './readFile.js';
import { checkDataFile, openSource } from './sources/index.js';
import type { FileRole, ResolvedDataset, TaskKind } from './types.js';

/** What a user says about data; each field is the flag of that name. */
export interface DatasetRequest {
  /** A format or a built-in data set; `columns` where files are given without it. */
  dataset?: string;
  data?: string;
  testData?: string;
  weakData?: string;
  transferData?: string;
  text?: string;
  label?: string;
}

const FLAGS: Readonly<Record<FileRole, string>> = {
  train: '--data',
  test: '--test-data',
  weak: '--weak-data',
  transfer: '--transfer-data',
};

/**
 * Finds the files of a data set and hashes them, without reading a row.
 * Throws ERR_CONFIG on an unknown name or a missing file role, ERR_NOT_FOUND or ERR_DATA on a bad file.
 */
export async function resolveDataset(request: DatasetRequest): Promise<ResolvedDataset> {
  const given = givenFiles(request);
  const name = request.dataset ?? 'columns';
  const format = await findFormat(name);
  const builtIn = await builtInDataset(name);
  const files = builtIn ? withBuiltInFiles(builtIn, given) : given;
  const roles = (Object.keys(FLAGS) as FileRole[]).filter((role) => files[role] !== undefined);
  if (roles.length === 0) {
    throw new W2sError('ERR_CONFIG', `Expected a data file for --dataset ${name} but received none.`, {
      hint: 'Name one: --data FILE (JSONL, CSV, TSV or Parquet)',
    });
  }
  const hashes: Partial<Record<FileRole, string>> = {};
  const locations: Record<string, string> = {};
  for (const role of roles) {
    const file = resolve(files[role] ?? '');
    await checkDataFile(file);
    const hash = await hashFile(file);
    hashes[role] = hash;
    locations[hash] ??= file;
  }
  const columns = {
    ...(request.text === undefined ? {} : { text: request.text }),
    ...(request.label === undefined ? {} : { label: request.label }),
  };
  const [role] = roles;
  const first = hashes[role ?? 'train'] ?? '';
  const task = format.task ?? (await taskOfColumns(name, locations[first] ?? '', first, columns));
  return { name, task, spec: { format: format.name, columns, files: hashes }, locations };
}

function givenFiles(request: DatasetRequest): Partial<Record<FileRole, string>> {
  const { data, testData, weakData, transferData } = request;
  return {
    ...(data === undefined ? {} : { train: data }),
    ...(testData === undefined ? {} : { test: testData }),
    ...(weakData === undefined ? {} : { weak: weakData }),
    ...(transferData === undefined ? {} : { transfer: transferData }),
  };
}

/** A user's training file takes the place of all built-in ones: its test set is its own too. */
function withBuiltInFiles(
  builtIn: BuiltInDataset,
  given: Partial<Record<FileRole, string>>,
): Partial<Record<FileRole, string>> {
  const train = Object.keys(given).length === 0 ? { train: join(builtIn.folder, 'train.parquet') } : {};
  const test = given.train === undefined ? { test: join(builtIn.folder, 'test.parquet') } : {};
  return { ...train, ...test, ...given };
}

/** Whether a table of one's own is a classification or a completion task: its column names say so. */
async function taskOfColumns(
  name: string,
  file: string,
  sha256: string,
  columns: { text?: string; label?: string },
): Promise<TaskKind> {
  const format = await findFormat(name);
  const names = await columnNames(file, sha256);
  return format.bind({ file, unit: 'line', columns: names }, { columns, labels: false }).task;
}

/** Column names, kept in the user's cache by the file's hash, so that a run from the store reads no data. */
async function columnNames(file: string, sha256: string): Promise<readonly string[]> {
  const kept = join(userCacheFolder(), 'columns', `${sha256.slice(0, 32)}${extname(file)}.json`);
  try {
    const names: unknown = JSON.parse(await readFile(kept, 'utf8'));
    if (Array.isArray(names)) return names.map(String);
  } catch {
    // Not kept yet.
  }
  const source = await openSource(file);
  await requireColumns(source);
  const draft = `${kept}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await mkdir(dirname(kept), { recursive: true });
    await writeFile(draft, JSON.stringify(source.columns));
    await rename(draft, kept);
  } catch {
    // A cache that cannot be written only costs time.
  }
  return source.columns;
}
