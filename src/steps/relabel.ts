/** `relabel`: what happens between labels and student. The truth of the rows that it labels is not read. */

import { blindNames, type Supervision, structureOf } from '../data/index.js';
import type { Example } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { LabelSpec, RelabelMethod, RelabelSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import { logitsOf, probabilities } from '../tasks/classification.js';
import { confident } from '../tasks/relabel/confident.js';
import { averageWithMirror, oneRight, questionsOf } from '../tasks/relabel/consistent.js';
import { adaboostWeights, meanOf, vote } from '../tasks/relabel/ensemble.js';
import { knn } from '../tasks/relabel/knn.js';
import { logistic } from '../tasks/relabel/logistic.js';
import { mutual, tempered } from '../tasks/relabel/mutual.js';
import { nearest } from '../tasks/relabel/neighbours.js';
import { topological } from '../tasks/relabel/topological.js';
import { boundRelabel, type Hidden } from '../tasks/relabel.js';
import { type StepContext, throwIfAborted } from './context.js';
import { creditOf } from './evaluate.js';
import { readFeatures } from './features.js';
import { fitter } from './fitter.js';
import type { RelabelResult } from './results.js';
import { type Rows, readAllPredictions, supervision, unlabelledRows } from './rows.js';
import type { StepOutcome } from './run.js';

/** What a method says; what is absent stays as the first labels have it. */
interface Outcome {
  /** Probabilities of the rows [n · K]. */
  labels?: Float64Array;
  weights?: Float64Array | null;
  /** 1 for a row that is learned from [n]. */
  keep?: Uint8Array | null;
  memberWeights?: readonly number[];
}

export async function relabel(
  context: StepContext,
  spec: RelabelSpec,
  hash: string,
): Promise<StepOutcome<RelabelResult>> {
  const startedAt = performance.now();
  const rows = await unlabelledRows(context, spec.data, spec.task);
  // A second one of `consistent` speaks of other rows.
  const own = spec.method.name === 'consistent' ? spec.labels.slice(0, 1) : spec.labels;
  const sources = await Promise.all(own.map((labels) => linesOf(context, spec, labels, rows)));
  // What an earlier step left out stays out, and says nothing about the rest.
  const live = [...rows.rows.keys()].filter((i) => sources.every((lines) => lines[i]?.keep !== false));
  const only: Rows = { ...rows, rows: live.map((i) => rows.rows[i] as Example) };
  const liveSources = sources.map((lines) => live.map((i) => lines[i] as Prediction));
  const written =
    spec.method.name === 'vote'
      ? { lines: votedLines(spec, only.rows, liveSources) }
      : await relabelled(context, spec, only, liveSources);
  const byId = new Map(written.lines.map((line) => [line.id, line]));
  const lines = rows.rows.map((row, i): Prediction => byId.get(row.id) ?? (sources[0]?.[i] as Prediction));
  await context.store.writePredictions(hash, lines);
  const kept = lines.filter(({ keep }) => keep !== false).length;
  return {
    result: {
      kind: 'relabel',
      n: lines.length,
      kept,
      ...('memberWeights' in written ? { memberWeights: written.memberWeights } : {}),
    },
    timing: { seconds: (performance.now() - startedAt) / 1000, tokens: 0, examples: 0 },
  };
}

/** A source's lines in the order of the rows. */
async function linesOf(
  context: StepContext,
  spec: RelabelSpec,
  labels: LabelSpec,
  { rows, file }: Rows,
): Promise<Prediction[]> {
  if (labels.from === 'data' || labels.from === 'none') throw new TypeError('no labels to work on');
  if (labels.from === 'file') {
    const given = await supervision(context, labels, spec.data, spec.task);
    return rows.map(({ id }) => lineOf(spec, id, given.get(id)) ?? missing(id, file));
  }
  const lines = await readAllPredictions(context.store, labels.step);
  const byId = new Map(lines.map((line) => [line.id, line]));
  return rows.map(({ id }) => byId.get(id) ?? missing(id, file));
}

function lineOf(spec: RelabelSpec, id: string, value: Supervision | undefined): Prediction | undefined {
  if (value === undefined) return undefined;
  const about = { id, split: spec.data.part };
  return typeof value === 'string' ? { ...about, text: value } : { ...about, logits: logitsOf(value) };
}

function missing(id: string, file: string): never {
  throw new W2sError('ERR_DATA', `Expected a label for row "${id}" of ${file} but received none`, {
    hint: 'Give every example of the transfer half a row {"id": …, "label": …}: --weak-labels FILE',
  });
}

function votedLines(
  spec: RelabelSpec,
  rows: Rows['rows'],
  sources: readonly (readonly Prediction[])[],
): Prediction[] {
  const texts = vote(sources.map((lines) => lines.map((line) => line.text ?? '')));
  return rows.map((row, i) => ({ ...about(spec, row), text: texts[i] ?? '' }));
}

async function relabelled(
  context: StepContext,
  spec: RelabelSpec,
  rows: Rows,
  sources: readonly (readonly Prediction[])[],
): Promise<{ lines: Prediction[]; memberWeights?: readonly number[] }> {
  const { classes } = spec;
  const matrices = sources.map((lines) => matrixOf(lines, classes));
  const { labels, weights, keep, memberWeights } = await outcomeOf(context, spec, rows, matrices);
  const lines = rows.rows.map((row, i): Prediction => {
    const before = sources[0]?.[i];
    const weight = weights ? (weights[i] as number) : before?.weight;
    return {
      ...about(spec, row),
      logits: labels
        ? logitsOf([...labels.subarray(i * classes, (i + 1) * classes)])
        : (before?.logits ?? []),
      ...(weight === undefined ? {} : { weight }),
      ...(keep && keep[i] === 0 ? { keep: false } : {}),
    };
  });
  return { lines, ...(memberWeights ? { memberWeights } : {}) };
}

/** Probabilities [n · K]. */
function matrixOf(lines: readonly Prediction[], classes: number): Float64Array {
  const logits = lines.flatMap((line) => [...(line.logits ?? [])]);
  return probabilities(logits, classes);
}

/** Labels beside what is said of the mirrored rows, in their order, or of the questions' answers that are no rows. */
async function consistentLabels(
  { store }: StepContext,
  spec: RelabelSpec,
  isOneRight: boolean,
  { rows }: Rows,
  labels: Float64Array,
): Promise<Float64Array> {
  const [, second] = spec.labels;
  const lines = second?.from === 'step' ? await readAllPredictions(store, second.step) : [];
  const others = matrixOf(lines, spec.classes);
  if (!isOneRight) return second ? averageWithMirror(labels, others) : labels;
  const all = [...rows, ...lines.map(({ id, group = id }) => ({ id, group }))];
  const together = Float64Array.from([...labels, ...others]);
  return oneRight(together, questionsOf(all)).slice(0, labels.length);
}

function about(spec: RelabelSpec, row: Example): Pick<Prediction, 'id' | 'split' | 'group'> {
  return { id: row.id, split: spec.data.part, ...(row.group === row.id ? {} : { group: row.group }) };
}

/** What the method makes of the labels: `matrices[0]`, and for some methods those after it [n · K]. */
async function outcomeOf(
  context: StepContext,
  spec: RelabelSpec,
  rows: Rows,
  matrices: readonly Float64Array[],
): Promise<Outcome> {
  const { method, classes } = spec;
  const onPause = () => throwIfAborted(context.signal);
  const labels = matrices[0] ?? new Float64Array(0);
  switch (method.name) {
    case 'mean':
      return { labels: meanOf(matrices) };
    case 'adaboost': {
      const memberWeights = await gradedWeights(context, spec);
      return { labels: meanOf(matrices, memberWeights), memberWeights };
    }
    case 'confident':
      return { keep: confident(labels, classes, method.keep) };
    case 'knn': {
      const neighbours = await nearest(await hiddenOf(context, spec, rows), method.neighbours, { onPause });
      return { keep: knn(labels, classes, neighbours, method.keep) };
    }
    case 'topological': {
      const neighbours = await nearest(await hiddenOf(context, spec, rows), method.neighbours, { onPause });
      return { keep: topological(labels, classes, neighbours) };
    }
    case 'logistic': {
      const options = { keep: method.keep, seed: spec.seed, fitLinear: fitter(context) };
      return {
        keep: await logistic(labels, classes, await hiddenOf(context, spec, rows), rows.rows, options),
      };
    }
    case 'consistent':
      return { labels: await consistentLabels(context, spec, method.oneRight === true, rows, labels) };
    case 'mutual':
      return { labels: await mutualLabels(context, spec, method, rows, labels) };
    case 'custom':
      return custom(context, spec, method, rows, labels);
    case 'vote':
      throw new TypeError('votes are of completions');
  }
}

/** AdaBoost's weights, by the errors on held-out rows. */
async function gradedWeights({ store }: StepContext, spec: RelabelSpec): Promise<number[]> {
  const graded = await Promise.all((spec.graded ?? []).map((step) => readAllPredictions(store, step)));
  const errors = graded.map(
    (lines) => 1 - lines.reduce((sum, line) => sum + creditOf(line), 0) / lines.length,
  );
  return adaboostWeights(errors, graded[0]?.length ?? 0, spec.classes);
}

async function hiddenOf(context: StepContext, spec: RelabelSpec, rows: Rows): Promise<Hidden> {
  if (!spec.features) throw new TypeError(`${spec.method.name} needs hidden states`);
  return readFeatures(context, spec.features, rows);
}

/** Certain labels: the search decides each row. */
async function mutualLabels(
  context: StepContext,
  spec: RelabelSpec,
  method: Extract<RelabelMethod, { name: 'mutual' }>,
  rows: Rows,
  labels: Float64Array,
): Promise<Float64Array> {
  const { classes } = spec;
  const exclusive = method.oneRight === true;
  const questions = exclusive ? questionsOf(rows.rows) : rows.rows.map((_, row) => [row]);
  const questionOf = new Map(questions.flatMap((list, question) => list.map((row) => [row, question])));
  const onPause = () => throwIfAborted(context.signal);
  const apart = (a: number, b: number) => questionOf.get(a) === questionOf.get(b);
  const neighbours = await nearest(await hiddenOf(context, spec, rows), method.neighbours, {
    apart,
    onPause,
  });
  const problem = {
    prior: tempered(labels, classes, method.neighbours),
    classes,
    neighbours,
    questions,
    exclusive,
  };
  const answers = await mutual(problem, method.rounds, spec.seed, onPause);
  const certain = new Float64Array(labels.length);
  answers.forEach((answer, row) => {
    certain[row * classes + answer] = 1;
  });
  return certain;
}

async function custom(
  context: StepContext,
  spec: RelabelSpec,
  { relabel: name, source, params }: Extract<RelabelMethod, { name: 'custom' }>,
  rows: Rows,
  labels: Float64Array,
): Promise<Outcome> {
  const { classes, seed } = spec;
  const zeroShot = spec.zeroShot
    ? await linesOf(context, spec, { from: 'step', step: spec.zeroShot }, rows)
    : null;
  const { format } = spec.data.dataset;
  const names = blindNames(rows.rows, spec.task === 'preference' ? 'pairs' : await structureOf(format));
  return boundRelabel({ name, source, params }).apply({
    labels,
    classes,
    zeroShot: zeroShot && matrixOf(zeroShot, classes),
    hidden: spec.features ? await readFeatures(context, spec.features, rows) : null,
    rows: rows.rows.map(({ text, prompt, completions }, i) => ({
      ...(names[i] as Pick<Example, 'id' | 'group'>),
      ...(text === undefined ? {} : { text }),
      ...(prompt === undefined ? {} : { prompt }),
      ...(completions === undefined ? {} : { completions }),
    })),
    seed,
  });
}
