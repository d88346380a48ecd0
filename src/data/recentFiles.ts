import { W2sError } from '../errors.js';
import type { DatasetFormat } from './formats/index.js';
import type { ParsedFile } from './parsedFile.js';
import { type OpenedFile, openDataFile, type ReadOptions, readDataFile } from './readFile.js';
import type { DatasetSpec, FileLocations, FileRole, TaskKind } from './types.js';

/** Where a file of this content lies here. Throws ERR_NOT_FOUND where nobody has said. */
function locationOf(sha256: string, locations: FileLocations): string {
  const file = locations[sha256];
  if (file !== undefined) return file;
  throw new W2sError('ERR_NOT_FOUND', `Expected the file with sha256 ${sha256} but it lies nowhere known.`, {
    hint: 'Name it again: --data FILE',
  });
}

/** How a file of a data set is read. */
export interface RoleRequest {
  format: DatasetFormat;
  task: TaskKind;
  labels: boolean;
}

/** Reads one file of a data set as its spec says. Throws ERR_DATA naming file, row and field. */
export function readRole(
  spec: DatasetSpec,
  role: FileRole,
  locations: FileLocations,
  request: RoleRequest,
): Promise<ParsedFile> {
  const sha256 = spec.files[role] ?? '';
  return readCached(locationOf(sha256, locations), sha256, request.format, readOptions(spec, request));
}

/** Opens one file of a data set as its spec says, without reading its rows. */
export function openRole(
  spec: DatasetSpec,
  role: FileRole,
  locations: FileLocations,
  request: RoleRequest,
): Promise<OpenedFile> {
  const file = locationOf(spec.files[role] ?? '', locations);
  return openDataFile(file, request.format, readOptions(spec, request));
}

function readOptions(
  { columns, skipBadRows, header }: DatasetSpec,
  { task, labels }: RoleRequest,
): ReadOptions {
  return {
    columns,
    task,
    labels,
    ...(skipBadRows === undefined ? {} : { skipBadRows }),
    ...(header === undefined ? {} : { header }),
  };
}

/** The last files read, by content and way of reading: the parts of an experiment come from the same few. */
const recent = new Map<string, Promise<ParsedFile>>();
const RECENT_FILES = 6;

/** Reads a file by its format, once for all parts that come from it. */
function readCached(
  file: string,
  sha256: string,
  format: DatasetFormat,
  options: ReadOptions,
): Promise<ParsedFile> {
  const key = JSON.stringify([file, sha256, format.name, options]);
  const kept = recent.get(key);
  recent.delete(key);
  const parsed = kept ?? readDataFile(file, format, options);
  recent.set(key, parsed);
  parsed.catch(() => recent.delete(key));
  for (const oldest of recent.keys()) {
    if (recent.size <= RECENT_FILES) break;
    recent.delete(oldest);
  }
  return parsed;
}
