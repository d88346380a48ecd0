import { type ClassMap, resolveClasses } from './classes.js';
import { findFormat, type RawExample } from './formats/index.js';
import { type CheckedFile, checkSkipping, goodRows } from './goodRows.js';
import { type LoadOptions, requireTask, toExample, tooShort, unseenLabel } from './load.js';
import { PREFERENCE_CLASSES } from './preference.js';
import { noRows, type OpenedFile } from './readFile.js';
import { openRole } from './recentFiles.js';
import { roleOf } from './splits.js';
import type { Example, FileLocations, SplitSpec, TaskKind } from './types.js';
import { drawOf, drawVariants } from './variants.js';

/** The examples of a part, read from the file whenever they are asked for, and never all in memory. */
export interface StreamedExamples {
  /** Class names by index; empty for `completion`. */
  classes: readonly string[];
  /** The file they come from, for messages. */
  file: string;
  /** How many there are. */
  count: number;
  /** Bad rows that are left out. */
  skipped: number;
  /** What is wrong with the first of them. */
  firstProblem?: string;
  /** In the file's order, `size` at a time; the last are fewer. */
  windows(size: number): AsyncGenerator<readonly Example[]>;
}

/**
 * The examples of a part that is a whole file, as `loadSplit` gives them; null where the part has to be seen as a whole
 * before its first row is known: halves, folds, and what is balanced.
 *
 * The file is read once from end to end before anything is given, so that a bad last row, or an id that two rows have,
 * is told at once, and that `skipBadRows` knows which rows are bad only beside others.
 * Throws ERR_DATA naming file, 1-based line and field; ERR_CONFIG where the part has no file.
 */
export async function streamSplit(
  spec: SplitSpec,
  task: TaskKind,
  locations: FileLocations,
  options: LoadOptions,
): Promise<StreamedExamples | null> {
  const { dataset } = spec;
  if (!spec.part.startsWith('all-') || spec.fold || spec.instead) return null;
  const format = await findFormat(dataset.format);
  const fixed = dataset.classes ?? format.classes;
  if (options.labels && task === 'classification' && fixed === undefined) return null;
  const opened = await openRole(dataset, roleOf(spec), locations, { format, task, labels: options.labels });
  requireTask(opened, task);
  const classes = classesOf(task, fixed, options);
  const toRows = async (raw: readonly RawExample[]): Promise<readonly Example[]> => {
    const drawn = await drawVariants(raw, spec, drawOf(spec));
    return drawn.map((row) => toExample(row, opened, options.labels, classes));
  };
  const fitting = options.labels && task !== 'completion' ? classes : undefined;
  const checked = await checkOnce(JSON.stringify([opened.file, spec, task, options.labels]), async () => {
    const found = dataset.skipBadRows
      ? await checkSkipping(opened, { oneKind: format.classes === undefined, classes: fitting })
      : await checkAll(opened, toRows);
    if (found.count === 0) throw tooShort(opened.file, spec, 0);
    return found;
  });
  async function* chunks(): AsyncGenerator<readonly Example[]> {
    const { skipBadRows } = dataset;
    const good = skipBadRows ? goodRows(opened, checked, fitting) : opened.examples({ checkIds: false });
    for await (const raw of good) yield await toRows(raw);
  }
  const { count, skipped, firstProblem } = checked;
  return {
    classes: classes?.names ?? [],
    file: opened.file,
    count,
    skipped,
    ...(firstProblem === undefined ? {} : { firstProblem }),
    windows: (size) => inWindows(chunks(), size),
  };
}

function classesOf(
  task: TaskKind,
  fixed: readonly string[] | undefined,
  { labels }: LoadOptions,
): ClassMap | undefined {
  if (task === 'completion') return undefined;
  if (!labels) return fixed && { names: fixed, vector: unseenLabel };
  return resolveClasses([], { classes: task === 'preference' ? PREFERENCE_CLASSES : (fixed ?? []) });
}

/** Files that have been read from end to end, by file and way of reading: a step reads what was checked before. */
const known = new Map<string, CheckedFile>();

async function checkOnce(key: string, check: () => Promise<CheckedFile>): Promise<CheckedFile> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const checked = await check();
  known.set(key, checked);
  return checked;
}

async function checkAll(
  opened: OpenedFile,
  toRows: (raw: readonly RawExample[]) => Promise<readonly Example[]>,
): Promise<CheckedFile> {
  let count = 0;
  for await (const raw of opened.examples()) count += (await toRows(raw)).length;
  if (count === 0) throw noRows(opened);
  return { count, skipped: 0 };
}

async function* inWindows<T>(
  chunks: AsyncGenerator<readonly T[]>,
  size: number,
): AsyncGenerator<readonly T[]> {
  let window: T[] = [];
  for await (const chunk of chunks) {
    for (const item of chunk) {
      window.push(item);
      if (window.length < size) continue;
      yield window;
      window = [];
    }
  }
  if (window.length > 0) yield window;
}
