import { nearest } from '../config/nearest.js';
import { W2sError } from '../errors.js';
import { withoutStrangeLabels } from './badLabels.js';
import { badField, displayPath } from './badRow.js';
import { type ClassMap, type LabelledFile, resolveClasses } from './classes.js';
import { findFormat, type RawExample } from './formats/index.js';
import { type ParsedFile, placeOf } from './parsedFile.js';
import { PREFERENCE_CLASSES } from './preference.js';
import { readRole } from './recentFiles.js';
import { mapInSlices } from './sources/source.js';
import { chooseRows, foldRows, type SplitRow, sizeOf, sourceRole } from './splits.js';
import { questionOf } from './structure.js';
import type { Example, Examples, FileLocations, FileRole, SplitSpec, TaskKind, TooFew } from './types.js';
import { type Draw, drawOf, drawVariants } from './variants.js';

export interface LoadOptions {
  /** False: no label (or completion that is one) leaves this function. */
  labels: boolean;
  /** The model folder's, where it brings one. */
  label2id?: Readonly<Record<string, number>>;
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
 * with `labels: false` they are gone from what is given back. What a format leaves to chance, such as a
 * distractor, is drawn here and nowhere else.
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
    readRole(spec.dataset, wanted, locations, { format, task, labels: !unlabelled });
  const fixed = spec.dataset.classes ?? format.classes;
  const parsed = await read(role);
  const { skipBadRows } = spec.dataset;
  requireTask(parsed, task);
  if (unlabelled || task === 'completion') {
    const rows = unlabelled
      ? { rows: await drawVariants(parsed.rows, spec, drawOf(spec)) }
      : await pick(parsed, spec, role, undefined);
    const unseen = task !== 'completion' && fixed ? { names: fixed, vector: unseenLabel } : undefined;
    return examples(parsed, rows, options, unseen);
  }
  if (task === 'preference') return preferences(parsed, spec, role, options);
  const others = (Object.keys(files) as FileRole[]).filter((other) => files[other] && other !== role);
  const classes = resolveClasses([parsed, ...(fixed ? [] : await Promise.all(others.map(read)))], {
    ...(fixed ? { classes: fixed } : {}),
    ...(options.label2id ? { label2id: options.label2id } : {}),
  });
  const fitting = skipBadRows ? await withoutStrangeLabels(parsed, classes) : parsed;
  return examples(fitting, await pick(fitting, spec, role, classes), options, classes);
}

/** @throws ERR_DATA where a file is for another task */
export function requireTask({ file, task: found }: Pick<ParsedFile, 'file' | 'task'>, task: TaskKind): void {
  if (found === task) return;
  throw new W2sError(
    'ERR_DATA',
    `Expected data for ${task} but ${displayPath(file)} holds data for ${found}.`,
    { hint: 'Look at it: npx w2s-native datasets show FILE' },
  );
}

/** Nothing is balanced: which of two completions is shown first is a coin's doing, whatever the rows are. */
async function preferences(
  parsed: ParsedFile,
  spec: SplitSpec,
  role: FileRole,
  options: LoadOptions,
): Promise<LoadedExamples> {
  const classes = resolveClasses([parsed], { classes: PREFERENCE_CLASSES });
  const fitting = spec.dataset.skipBadRows ? await withoutStrangeLabels(parsed, classes) : parsed;
  return examples(fitting, await pick(fitting, spec, role, undefined), options, classes);
}

/** Where labels are not read, there is none to turn into a vector. */
export function unseenLabel(): never {
  throw new TypeError('a label where none was read');
}

interface Picked {
  rows: readonly RawExample[];
  tooFew?: TooFew;
}

/** Rows of the part. Throws ERR_DATA where balancing leaves none. */
async function pick(
  parsed: ParsedFile,
  spec: SplitSpec,
  role: FileRole,
  classes: ClassMap | undefined,
): Promise<Picked> {
  const drawn = (draw: Draw) => drawVariants(parsed.rows, spec, draw);
  const classed = (rows: readonly RawExample[]) => mapInSlices(rows, (row) => splitRow(row, parsed, classes));
  const rows = await drawn(drawOf(spec));
  const splitRows = await classed(rows);
  if (classes !== undefined) requireTwoClasses(parsed, spec, splitRows, classes);
  const hasTestFile = spec.dataset.files.test !== undefined;
  // Test groups are drawn by what their rows are in a test: the seed must not move them.
  const testRows = drawOf(spec) === 'test' || hasTestFile ? splitRows : await classed(await drawn('test'));
  const chosen = await chooseRows(splitRows, spec, role, hasTestFile, testRows);
  if (chosen.length === 0) throw emptyPart(parsed, spec, splitRows, classes);
  const folded = spec.fold ? await foldRows(splitRows, chosen, spec.fold, spec) : chosen;
  if (folded.length === 0) throw nothingToHoldOut(parsed, spec);
  // The rows are those of the drawn orders, whatever is then shown of them.
  const shown = spec.instead === 'mirror' ? await drawVariants(parsed.rows, spec, drawOf(spec), true) : rows;
  const indices = spec.instead === 'siblings' ? siblingsOf(rows, folded) : folded;
  const picked = Array.from(indices, (i) => shown[i]).filter((row) => row !== undefined);
  const asked = sizeOf(spec);
  const found = chosen.length;
  if (asked === null || found >= asked) return { rows: picked };
  return { rows: picked, tooFew: { part: spec.part, asked, found } };
}

/** Rows with a question of the chosen ones that are not chosen themselves, in the file's order. */
function siblingsOf(rows: readonly RawExample[], chosen: Int32Array): Int32Array {
  const taken = new Set(chosen);
  const questions = new Set(Array.from(chosen, (i) => questionOf(rows[i] ?? { id: '', group: '' })));
  const all = Int32Array.from(rows.keys());
  return all.filter((i) => !taken.has(i) && questions.has(questionOf(rows[i] ?? { id: '', group: '' })));
}

function nothingToHoldOut(parsed: ParsedFile, spec: SplitSpec): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected two groups of rows at least in the ${spec.part} part of ${displayPath(parsed.file)}, to hold one out, but received one.`,
    { hint: 'Bring rows of more groups' },
  );
}

/** Halves and tests of one class teach and test nothing: most likely another column holds the label. */
function requireTwoClasses(
  parsed: ParsedFile,
  { part }: SplitSpec,
  rows: readonly SplitRow[],
  { names }: ClassMap,
): void {
  const [first, ...others] = new Set(rows.map((row) => row.class));
  if (part.startsWith('all-') || first === undefined || others.length > 0) return;
  throw new W2sError(
    'ERR_DATA',
    `Expected rows of two classes at least in ${displayPath(parsed.file)} for the balanced ${part} part but ` +
      `received "${names[first] ?? first}" alone in field "${parsed.labelColumn}".`,
    { hint: 'If another column holds the label: --label COLUMN' },
  );
}

/** A row as `chooseRows` sees it. Throws ERR_DATA on a label that is no class. */
function splitRow(
  { group, label, row }: RawExample,
  parsed: ParsedFile,
  classes: ClassMap | undefined,
): SplitRow {
  if (classes === undefined || label === undefined) return { group };
  const vector = classes.vector(label, parsed, row);
  return { group, class: vector.indexOf(Math.max(...vector)) };
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
  if (rarest === undefined || classes === undefined) return tooShort(parsed.file, spec, rows.length);
  const [k, count] = rarest;
  const name = classes.names[k] ?? String(k);
  const first = parsed.rows[rows.findIndex((row) => row.class === k)];
  const { message } = badField(
    placeOf(parsed, first?.row ?? 1),
    parsed.labelColumn,
    `enough rows of each class for the balanced ${spec.part} part`,
    `${count} of ${rows.length} of class "${name}", which first stands there`,
  );
  const near = nearest(
    name,
    classes.names.filter((other) => other !== name && !/^\d+$/.test(other)),
  );
  const hint = near
    ? `Did you mean "${near}" there? Then mend the file.`
    : 'Bring more rows of that class, or files of their own: --test-data FILE';
  return new W2sError('ERR_DATA', message, { hint });
}

/** A part is empty where its file has too few rows. */
export function tooShort(file: string, { part }: SplitSpec, rows: number): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected enough rows in ${displayPath(file)} for the ${part} part but received ${rows}.`,
    { hint: 'Bring more rows, or files of their own: --weak-data, --transfer-data, --test-data FILE' },
  );
}

async function examples(
  parsed: ParsedFile,
  { rows, tooFew }: Picked,
  options: LoadOptions,
  classes: ClassMap | undefined,
): Promise<LoadedExamples> {
  return {
    task: parsed.task,
    classes: classes?.names ?? [],
    rows: await mapInSlices(rows, (row) => toExample(row, parsed, options.labels, classes)),
    skipped: parsed.skipped,
    ...(parsed.firstProblem === undefined ? {} : { firstProblem: parsed.firstProblem }),
    ...(tooFew === undefined ? {} : { tooFew }),
    file: parsed.file,
    textColumns: parsed.textColumns,
  };
}

/** A row as steps see it. Throws ERR_DATA on a label that is no class. */
export function toExample(
  { id, group, row, text, prompt, completion, completions, label, rating, scores }: RawExample,
  parsed: LabelledFile,
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
    ...(completions === undefined ? {} : { completions }),
    ...(label === undefined || classes === undefined || !labels
      ? {}
      : { label: classes.vector(label, parsed, row) }),
    ...(rating === undefined ? {} : { rating }),
    ...(scores === undefined || !labels ? {} : { scores }),
  };
}
