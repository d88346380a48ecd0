import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { hashFile } from '../config/fileHash.js';
import { keepInCache, readFromCache } from '../config/userCache.js';
import { W2sError } from '../errors.js';
import { displayPath, unskippable } from './badRow.js';
import { type ClassMap, type LabelsOfFile, resolveClasses } from './classes.js';
import { type BuiltInDataset, builtInDataset, type DatasetFormat, findFormat } from './formats/index.js';
import { localFile } from './hub/file.js';
import { fetchSplit } from './hub/published.js';
import { headerOf, requireColumns } from './readFile.js';
import { readLabels } from './readLabels.js';
import { readRole } from './recentFiles.js';
import { checkDataFile, endingOf, openSource, type SourceOptions } from './sources/index.js';
import { mapInSlices } from './sources/source.js';
import type { DatasetSpec, FileRole, ResolvedDataset, TaskKind } from './types.js';

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
  /** Leave bad rows out, and count them. */
  skipBadRows?: boolean;
  /** False: CSV and TSV begin with a row, and columns are called 1, 2, 3, …. */
  header?: boolean;
  /** No model reads the rows: a table needs no text. */
  noText?: boolean;
}

/** How a data set may be looked for. */
export interface ResolveOptions {
  /** False: of the hub's files, only those that were fetched before. */
  fetch?: boolean;
}

/** How classes may be looked for. */
export interface ClassOptions {
  /** The model folder's, whose order holds where it covers the names in use. */
  label2id?: Readonly<Record<string, number>> | undefined;
  /** Rows will be read a window at a time: of those that were read for their labels nothing else is kept. */
  streamed?: boolean | undefined;
}

const FLAGS: Readonly<Record<FileRole, string>> = {
  train: '--data',
  test: '--test-data',
  weak: '--weak-data',
  transfer: '--transfer-data',
};

/**
 * Finds the files of a data set and hashes them, without reading a row. A published data set without files of
 * one's own, and files on the hub (`hf://datasets/OWNER/NAME/PATH`), are fetched once into the user's cache.
 * Throws ERR_CONFIG on an unknown name or a missing file role, ERR_NOT_FOUND or ERR_DATA on a bad file,
 * ERR_NETWORK or ERR_DISK where one cannot be fetched.
 */
export async function resolveDataset(
  request: DatasetRequest,
  { fetch = true }: ResolveOptions = {},
): Promise<ResolvedDataset> {
  const given = givenFiles(request);
  const name = request.dataset ?? 'columns';
  const format = await findFormat(name);
  const builtIn = await builtInDataset(name);
  const files = builtIn ? withBuiltInFiles(builtIn, given) : await withPublishedFiles(format, given, fetch);
  const roles = (Object.keys(FLAGS) as FileRole[]).filter((role) => files[role] !== undefined);
  if (roles.length === 0) {
    throw new W2sError('ERR_CONFIG', `Expected a data file for --dataset ${name} but received none.`, {
      hint: 'Name one (JSONL, JSON, CSV, TSV or Parquet): --data FILE, or --data hf://datasets/OWNER/NAME/PATH',
    });
  }
  const hashes: Partial<Record<FileRole, string>> = {};
  const locations: Record<string, string> = {};
  for (const role of roles) {
    const file = await localFile(files[role] ?? '', FLAGS[role], fetch);
    await checkDataFile(file);
    const hash = await hashFile(file);
    hashes[role] = hash;
    locations[hash] ??= file;
  }
  const columns = {
    ...(request.text === undefined ? {} : { text: request.text }),
    ...(request.label === undefined ? {} : { label: request.label }),
    ...(request.noText === true ? { noText: true as const } : {}),
  };
  if (request.header === false) checkHeaderless(Object.values(locations));
  const spec: DatasetSpec = {
    format: format.name,
    columns,
    ...(request.skipBadRows === true ? { skipBadRows: true } : {}),
    ...(saysOther(request.header, format) ? { header: request.header } : {}),
    files: hashes,
  };
  const [role] = roles;
  const first = hashes[role ?? 'train'] ?? '';
  const task = format.task ?? (await taskOfColumns(format, locations[first] ?? '', first, spec));
  return { name, task, spec, locations };
}

/** Whether the user says otherwise than the format about a header. */
function saysOther(header: boolean | undefined, format: DatasetFormat): header is boolean {
  return header !== undefined && header !== (format.header ?? true);
}

/** Only CSV and TSV can lack a header. Throws ERR_CONFIG. */
function checkHeaderless(files: readonly string[]): void {
  const other = files.find((file) => !/\.(csv|tsv)(\.gz)?$/i.test(file));
  if (other === undefined) return;
  throw new W2sError(
    'ERR_CONFIG',
    `Expected CSV or TSV for --no-header but received ${displayPath(other)}, which names its columns itself.`,
    { hint: 'Leave out --no-header' },
  );
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

/** Without a file of the user's, the published ones, fetched once. */
async function withPublishedFiles(
  { name, hub, files }: DatasetFormat,
  given: Partial<Record<FileRole, string>>,
  fetch: boolean,
): Promise<Partial<Record<FileRole, string>>> {
  if (files !== undefined && Object.keys(given).length === 0) return files;
  if (hub === undefined || Object.keys(given).length > 0) return given;
  const split = (which: string) => fetchSplit(name, hub, which, fetch);
  return { train: await split(hub.train), test: await split(hub.test) };
}

/** Whether a table of one's own is a classification or a completion task: its column names say so. */
async function taskOfColumns(
  format: DatasetFormat,
  file: string,
  sha256: string,
  { columns, header, skipBadRows }: DatasetSpec,
): Promise<TaskKind> {
  const names = await columnNames(file, sha256, headerOf(format, header), skipBadRows);
  return (await format.bind({ file, unit: 'line', columns: names }, { columns, labels: false })).task;
}

/** Column names, kept in the user's cache by the file's hash, so that a run from the store reads no data. */
async function columnNames(
  file: string,
  sha256: string,
  options: SourceOptions,
  skipBadRows: boolean | undefined,
): Promise<readonly string[]> {
  const way = options.header === false ? '.no-header' : '';
  const entry = join('columns', `${sha256.slice(0, 32)}${endingOf(file)}${way}.json`);
  const names = await readFromCache(entry);
  if (Array.isArray(names)) return names.map(String);
  const source = await openSource(file, options);
  await requireColumns(source, skipBadRows);
  await keepInCache(entry, source.columns);
  return source.columns;
}

/**
 * The data set with its class names in the spec, decided over all its files (see `resolveClasses`), so that
 * every part counts classes alike. A completion task, and a format that fixes its classes, are answered
 * without reading; other answers are kept in the user's cache.
 * Throws ERR_DATA naming file, 1-based line and field at the first bad row.
 */
export async function withClasses(
  resolved: ResolvedDataset,
  options: ClassOptions = {},
): Promise<ResolvedDataset> {
  if (resolved.task === 'completion') return resolved;
  const format = await findFormat(resolved.spec.format);
  const classes = format.classes ?? (await classNames(resolved, options));
  return { ...resolved, spec: { ...resolved.spec, classes } };
}

/** Files that each go with themselves and not with each other: no row is at fault that could be left out. */
function classesOver(
  files: readonly LabelsOfFile[],
  label2id: Readonly<Record<string, number>> | undefined,
  skipsBadRows: boolean,
): ClassMap {
  try {
    return resolveClasses(files, label2id ? { label2id } : {});
  } catch (error) {
    throw skipsBadRows ? unskippable(error) : error;
  }
}

async function classNames(
  { spec, task, locations }: ResolvedDataset,
  { label2id, streamed = false }: ClassOptions,
): Promise<readonly string[]> {
  const { format: name, columns, skipBadRows, header, files } = spec;
  const ways = [...(skipBadRows ? ['skip-bad-rows'] : []), ...(header === false ? ['no-header'] : [])];
  const key = createHash('sha256').update(JSON.stringify([name, columns, files, label2id ?? null, ...ways]));
  const entry = join('classes', `${key.digest('hex').slice(0, 32)}.json`);
  const kept = await readFromCache(entry);
  if (Array.isArray(kept)) return kept.map(String);
  const format = await findFormat(name);
  const parsed: LabelsOfFile[] = [];
  for (const role of Object.keys(FLAGS) as FileRole[]) {
    if (files[role] === undefined) continue;
    const request = { format, task, labels: true };
    const read = streamed ? readLabels : readRole;
    parsed.push(await read(spec, role, locations, request));
  }
  const classes = classesOver(parsed, label2id, skipBadRows === true);
  for (const file of skipBadRows ? [] : parsed) {
    await mapInSlices(
      file.rows,
      (row) => row.label !== undefined && classes.vector(row.label, file, row.row),
    );
  }
  await keepInCache(entry, classes.names);
  return classes.names;
}
