import { W2sError } from '../errors.js';
import { badField, displayPath } from './badRow.js';
import { type ClassMap, resolveClasses } from './classes.js';
import { findFormat, type RawExample } from './formats/index.js';
import { type ParsedFile, placeOf } from './readFile.js';
import { locationOf, readCached } from './recentFiles.js';
import { mapInSlices } from './sources/source.js';
import { chooseRows, type SplitRow, sourceRole } from './splits.js';
import type { Example, Examples, FileLocations, FileRole, SplitSpec, TaskKind } from './types.js';

export interface LoadOptions {
  /** False: no label (or completion that is one) leaves this function. */
  labels: boolean;
  /** The model folder's, where it brings one. */
  label2id?: Readonly<Record<string, number>>;
  skipBadRows?: boolean;
}

/** What is known of the examples beside what is hashed into a step. */
export interface LoadedExamples extends Examples {
  /** The file they come from, for messages. */
  file: string;
  /** Columns that hold what a model reads, for `--export`. */
  textColumns: readonly string[];
}

/**
 * The examples of one part of a data set (DESIGN 3.5), in the file's order. Balancing uses the true labels;
 * with `labels: false` they are gone from what is given back.
 * Throws ERR_DATA naming file, 1-based line and field; ERR_CONFIG where the part has no file.
 */
export async function loadSplit(
  spec: SplitSpec,
  task: TaskKind,
  locations: FileLocations,
  options: LoadOptions,
): Promise<LoadedExamples> {
  const { files } = spec.dataset;
  const role = sourceRole(spec.part, (wanted) => files[wanted] !== undefined);
  const unlabelled = spec.part.startsWith('all-') && !options.labels;
  const format = await findFormat(spec.dataset.format);
  const read = (wanted: FileRole): Promise<ParsedFile> =>
    readCached(locationOf(files[wanted] ?? '', locations), files[wanted] ?? '', format, {
      columns: spec.dataset.columns,
      task,
      labels: !unlabelled,
      ...(options.skipBadRows === undefined ? {} : { skipBadRows: options.skipBadRows }),
    });
  const fixed = spec.dataset.classes ?? format.classes;
  const parsed = await read(role);
  if (parsed.task !== task) {
    throw new W2sError(
      'ERR_DATA',
      `Expected data for ${task} but ${displayPath(parsed.file)} holds data for ${parsed.task}.`,
      { hint: 'Look at it: w2s-native datasets show FILE' },
    );
  }
  if (unlabelled || task === 'completion') {
    const rows = unlabelled ? parsed.rows : await pick(parsed, spec, role, undefined);
    const unseen = task === 'classification' && fixed ? { names: fixed, vector: unseenLabel } : undefined;
    return examples(parsed, rows, options, unseen);
  }
  const others = (Object.keys(files) as FileRole[]).filter((other) => files[other] && other !== role);
  const classes = resolveClasses([parsed, ...(fixed ? [] : await Promise.all(others.map(read)))], {
    ...(fixed ? { classes: fixed } : {}),
    ...(options.label2id ? { label2id: options.label2id } : {}),
  });
  return examples(parsed, await pick(parsed, spec, role, classes), options, classes);
}

/** Where labels are not read, there is none to turn into a vector. */
function unseenLabel(): never {
  throw new TypeError('a label where none was read');
}

/** Rows of the part. Throws ERR_DATA where balancing leaves none. */
async function pick(
  parsed: ParsedFile,
  spec: SplitSpec,
  role: FileRole,
  classes: ClassMap | undefined,
): Promise<readonly RawExample[]> {
  const rows = await mapInSlices(parsed.rows, (row): SplitRow => {
    if (classes === undefined || row.label === undefined) return { group: row.group };
    const vector = classes.vector(row.label, parsed, row.row);
    return { group: row.group, class: vector.indexOf(Math.max(...vector)) };
  });
  const chosen = await chooseRows(rows, spec, role, spec.dataset.files.test !== undefined);
  if (chosen.length === 0) throw emptyPart(parsed, spec, rows, classes);
  return Array.from(chosen, (i) => parsed.rows[i]).filter((row) => row !== undefined);
}

/** A part is empty where a class is too rare to be in it, or the file too short. */
function emptyPart(
  parsed: ParsedFile,
  spec: SplitSpec,
  rows: readonly SplitRow[],
  classes: ClassMap | undefined,
): W2sError {
  const counts = new Map<number, number>();
  for (const { class: k } of rows) if (k !== undefined) counts.set(k, (counts.get(k) ?? 0) + 1);
  const [rarest] = [...counts].sort((a, b) => a[1] - b[1]);
  if (rarest === undefined || classes === undefined) {
    return new W2sError(
      'ERR_DATA',
      `Expected enough rows in ${displayPath(parsed.file)} for the ${spec.part} part but received ${rows.length}.`,
      { hint: 'Bring more rows, or files of their own: --weak-data, --transfer-data, --test-data FILE' },
    );
  }
  const [k, count] = rarest;
  const first = parsed.rows[rows.findIndex((row) => row.class === k)];
  return badField(
    placeOf(parsed, first?.row ?? 1),
    parsed.labelColumn,
    `enough rows of each class for the balanced ${spec.part} part`,
    `${count} of ${rows.length} of class "${classes.names[k] ?? k}", which first stands there`,
  );
}

async function examples(
  parsed: ParsedFile,
  rows: readonly RawExample[],
  options: LoadOptions,
  classes: ClassMap | undefined,
): Promise<LoadedExamples> {
  return {
    task: parsed.task,
    classes: classes?.names ?? [],
    rows: await mapInSlices(rows, (row) => toExample(row, parsed, options.labels, classes)),
    skipped: parsed.skipped,
    file: parsed.file,
    textColumns: parsed.textColumns,
  };
}

function toExample(
  { id, group, row, text, prompt, completion, label }: RawExample,
  parsed: ParsedFile,
  labels: boolean,
  classes: ClassMap | undefined,
): Example {
  const completionIsLabel = parsed.task === 'completion';
  return {
    id,
    group,
    row,
    ...(text === undefined ? {} : { text }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(completion === undefined || (completionIsLabel && !labels) ? {} : { completions: [completion] }),
    ...(label === undefined || classes === undefined || !labels
      ? {}
      : { label: classes.vector(label, parsed, row) }),
  };
}
