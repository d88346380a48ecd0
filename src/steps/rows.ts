/** Rows of a split, and the labels that a plan's node names: no step sees any others. */

import {
  loadSplit,
  readSupervision,
  roleOf,
  type Supervision,
  streamSplit,
  supervise,
} from '../data/index.js';
import type { Example, SplitSpec } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { FinetuneSpec, LabelSpec, ReadingSpec, StepHash, StepSpec } from '../experiments/plan.js';
import type { Prediction, Store } from '../store/index.js';
import { probabilities } from '../tasks/classification.js';
import type { StepContext } from './context.js';

/** Examples ready to be tokenised. */
export interface Rows {
  rows: readonly Example[];
  /** Class names by index; empty without classes or labels. */
  classes: readonly string[];
  /** The file that they come from, for messages. */
  file: string;
}

/** Labels that do not come with the rows. */
export type GivenLabels = Extract<LabelSpec, { from: 'step' | 'file' }>;

/** Rows without any label. */
export async function unlabelledRows(
  context: StepContext,
  data: SplitSpec,
  task: ReadingSpec['task'],
): Promise<Rows> {
  return read(context, data, task, false);
}

/**
 * Rows with their true labels: for what learns the truth, for what is held against it (`evaluate`, `grade`, best-of),
 * and for what no experiment but an analysis may do (`simulate`, an oracle of early stopping).
 */
export async function labelledRows(
  context: StepContext,
  data: SplitSpec,
  task: ReadingSpec['task'],
): Promise<Rows> {
  return read(context, data, task, true);
}

async function read(
  context: StepContext,
  data: SplitSpec,
  task: ReadingSpec['task'],
  labels: boolean,
): Promise<Rows> {
  const loaded = await loadSplit(data, task, context.locations, { labels });
  const { file, skipped, firstProblem, tooFew } = loaded;
  context.onData({
    file,
    role: roleOf(data),
    skipped,
    ...(firstProblem === undefined ? {} : { firstProblem }),
    ...(tooFew === undefined ? {} : { tooFew }),
  });
  return loaded;
}

/** Rows that are asked for a window at a time: those of a whole file are never all in memory. */
export interface RowSource extends Omit<Rows, 'rows'> {
  /** How many there are. */
  count: number;
  /** In order, `size` at a time; each call begins anew. */
  windows(size: number): AsyncIterable<readonly Example[]>;
}

/** Rows for `label` (without any label) and `evaluate` (with the true ones). */
export async function rowSource(
  context: StepContext,
  data: SplitSpec,
  task: ReadingSpec['task'],
  labels: boolean,
): Promise<RowSource> {
  const streamed = await streamSplit(data, task, context.locations, { labels });
  if (streamed === null) return sourceOf(await read(context, data, task, labels));
  const { file, skipped, firstProblem } = streamed;
  const first = firstProblem === undefined ? {} : { firstProblem };
  context.onData({ file, role: roleOf(data), skipped, ...first });
  return streamed;
}

/** Rows that are in memory anyway. */
export function sourceOf({ rows, ...rest }: Rows): RowSource {
  async function* windows(size: number): AsyncGenerator<readonly Example[]> {
    for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
  }
  return { ...rest, count: rows.length, windows };
}

/** All rows of a source. */
export async function allRows({ windows, classes, file, count }: RowSource): Promise<Rows> {
  const rows: Example[] = [];
  for await (const window of windows(count)) for (const row of window) rows.push(row);
  return { rows, classes, file };
}

/** Some rows of a source, in the order in which they are asked for. */
export async function pickRows(
  { windows }: Pick<RowSource, 'windows'>,
  indices: ArrayLike<number>,
): Promise<Example[]> {
  const places = new Map(Array.from(indices, (index, place) => [index, place]));
  const picked: Example[] = [];
  let index = 0;
  for await (const window of windows(PICK_WINDOW)) {
    for (const row of window) {
      const place = places.get(index++);
      if (place !== undefined) picked[place] = row;
    }
  }
  return picked;
}

const PICK_WINDOW = 1024;

/** The rows that a `finetune` learns from, with the labels that its spec names. */
export async function trainingRows(context: StepContext, spec: FinetuneSpec): Promise<Rows> {
  const { task } = spec.reading;
  // Language modelling learns from the text alone; a completion is part of its text.
  const isText = spec.objective.loss === 'lm' && task === 'classification';
  return lessonRows(context, { ...spec, labels: isText ? { from: 'none' } : spec.labels }, task);
}

/**
 * Rows with the labels that are learned from. Those that a `relabel` step has left out are gone; those that it has
 * weighed carry their weight. @throws ERR_DATA where no row is left
 */
export async function lessonRows(
  context: StepContext,
  { data, labels }: Pick<FinetuneSpec, 'data' | 'labels'>,
  task: ReadingSpec['task'],
): Promise<Rows> {
  if (labels.from === 'none') return unlabelledRows(context, data, task);
  if (labels.from === 'data') return labelledRows(context, data, task);
  const rows = await unlabelledRows(context, data, task);
  const files = { data: rows.file, labels: labelSource(context, labels) };
  const classes = data.dataset.classes ?? [];
  if (labels.from === 'file') {
    const given = await supervision(context, labels, data, task);
    return { ...rows, classes, rows: supervise(rows.rows, given, files) };
  }
  const lines = new Map(
    (await readAllPredictions(context.store, labels.step)).map((line) => [line.id, line]),
  );
  const kept = rows.rows.filter(({ id }) => lines.get(id)?.keep !== false);
  if (kept.length === 0) throw nothingKept(files.labels);
  const supervised = supervise(kept, labelsOf([...lines.values()], task), files);
  return { ...rows, classes, rows: supervised.map((row) => weighed(row, lines.get(row.id)?.weight)) };
}

function weighed(row: Example, weight: number | undefined): Example {
  return weight === undefined ? row : { ...row, weight };
}

function nothingKept(labels: string): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected labels to learn from in ${labels} but received none: every row is left out`,
    {
      hint: 'Keep more of them: --filter-keep 1; with --relabel, more in its keep',
    },
  );
}

/**
 * The rows of a step, as far as they are there before other steps have run; for finding bad ones early. Null where they
 * were read and need not be kept: the step reads them again.
 */
export async function readRows(context: StepContext, spec: StepSpec): Promise<Rows | null> {
  const task = 'reading' in spec ? spec.reading.task : spec.task;
  if ((spec.kind === 'label' || spec.kind === 'evaluate') && spec.model.from !== 'probe') {
    await rowSource(context, spec.data, task, spec.kind === 'evaluate');
    return null;
  }
  if (spec.kind === 'grade' || spec.kind === 'evaluate' || spec.kind === 'simulate')
    return labelledRows(context, spec.data, task);
  if (spec.kind === 'probe' && spec.labels.from !== 'step') return lessonRows(context, spec, task);
  if (spec.kind !== 'finetune' || spec.labels.from === 'step')
    return unlabelledRows(context, spec.data, task);
  return trainingRows(context, spec);
}

/** All labels of a finished step or of a file, by example id. */
export async function supervision(
  context: StepContext,
  spec: GivenLabels,
  data: SplitSpec,
  task: ReadingSpec['task'],
): Promise<ReadonlyMap<string, Supervision>> {
  if (spec.from === 'step') return labelsOf(await readAllPredictions(context.store, spec.step), task);
  const file = context.locations[spec.sha256];
  if (file === undefined) {
    throw new W2sError(
      'ERR_NOT_FOUND',
      'Expected the file of --weak-labels but received no place where it lies',
    );
  }
  const classNames = data.dataset.classes ?? [];
  return readSupervision(file, { task, classes: classNames.length, classNames });
}

/** Where labels come from, for messages. */
export function labelSource(context: StepContext, spec: GivenLabels): string {
  if (spec.from === 'step') return context.store.stepFolder(spec.step);
  return context.locations[spec.sha256] ?? spec.sha256;
}

function labelsOf(lines: readonly Prediction[], task: ReadingSpec['task']): Map<string, Supervision> {
  return new Map(lines.map((line) => [line.id, task === 'completion' ? textOf(line) : softLabel(line)]));
}

/** Predictions of a step that is done. */
export async function readAllPredictions(store: Store, step: StepHash): Promise<Prediction[]> {
  const predictions = await store.readPredictions(step);
  if (predictions) return predictions;
  throw new W2sError('ERR_STORE', `Expected predictions in ${store.stepFolder(step)} but received none`, {
    hint: `Do the step again: rm -r ${store.stepFolder(step)}`,
  });
}

function textOf(line: Prediction): string {
  return line.text ?? '';
}

function softLabel(line: Prediction): readonly number[] {
  const logits = line.logits ?? [];
  return Array.from(probabilities(logits, logits.length));
}

/** K of a reading; 0 where answers are tokens. */
export function classCount(reading: ReadingSpec): number {
  if (reading.head.kind === 'classifier') return reading.head.labels;
  if (reading.head.kind === 'tokens') return reading.head.answers.length;
  return reading.head.kind === 'likelihood' || reading.head.kind === 'scalar' ? 2 : 0;
}
