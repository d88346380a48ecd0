import { type ClassMap, resolveClasses } from './classes.js';
import { findFormat } from './formats/index.js';
import { type LoadOptions, requireTask, toExample, unseenLabel } from './load.js';
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
  /** In the file's order, `size` at a time; the last are fewer. */
  windows(size: number): AsyncGenerator<readonly Example[]>;
}

/**
 * The examples of a part that is a whole file, as `loadSplit` gives them; null where the part has to be seen as a whole
 * before its first row is known: halves, folds, what is balanced, and rows that are bad only beside others
 * (`skipBadRows`).
 *
 * The file is read once from end to end before anything is given, so that a bad last row, or an id that two rows have,
 * is told at once.
 * Throws ERR_DATA naming file, 1-based line and field; ERR_CONFIG where the part has no file.
 */
export async function streamSplit(
  spec: SplitSpec,
  task: TaskKind,
  locations: FileLocations,
  options: LoadOptions,
): Promise<StreamedExamples | null> {
  const { dataset } = spec;
  if (!spec.part.startsWith('all-') || spec.fold || spec.instead || dataset.skipBadRows) return null;
  const format = await findFormat(dataset.format);
  const fixed = dataset.classes ?? format.classes;
  if (options.labels && task === 'classification' && fixed === undefined) return null;
  const opened = await openRole(dataset, roleOf(spec), locations, { format, task, labels: options.labels });
  requireTask(opened, task);
  const classes = classesOf(task, fixed, options);
  async function* chunks(checkIds: boolean): AsyncGenerator<readonly Example[]> {
    for await (const rows of opened.examples({ checkIds })) {
      const drawn = await drawVariants(rows, spec, drawOf(spec));
      yield drawn.map((row) => toExample(row, opened, options.labels, classes));
    }
  }
  return {
    classes: classes?.names ?? [],
    file: opened.file,
    count: await countOnce(JSON.stringify([opened.file, spec, task, options.labels]), opened, () =>
      chunks(true),
    ),
    windows: (size) => inWindows(chunks(false), size),
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

/** Rows of files that have been read from end to end, by file and way of reading: a step reads what was checked before. */
const counts = new Map<string, number>();

async function countOnce(
  key: string,
  opened: OpenedFile,
  chunks: () => AsyncGenerator<readonly Example[]>,
): Promise<number> {
  const known = counts.get(key);
  if (known !== undefined) return known;
  let count = 0;
  for await (const { length } of chunks()) count += length;
  if (count === 0) throw noRows(opened);
  counts.set(key, count);
  return count;
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
