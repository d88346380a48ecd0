/** Predictions of a model on rows: logits of classes, or the text that greedy decoding writes. */

import { W2sError } from '../errors.js';
import type { EvaluateSpec, LabelStepSpec, ModelSpec } from '../experiments/plan.js';
import type { PackedSequences, ScoreResult } from '../native/binding.js';
import type { Prediction } from '../store/index.js';
import { argmax } from '../tasks/classification.js';
import { answerTokens, exactMatches } from '../tasks/completion.js';
import { isTie, PAIR, rewardsOf } from '../tasks/preference.js';
import { type AnswerLength, answerLength, writeAnswers } from './answers.js';
import type { StepContext } from './context.js';
import { calibrate, calibrationSample, encodeFor, type OpenedModel, openModel } from './openModel.js';
import { probeLogits } from './probe.js';
import { answeredShots, beforeNextExample, withShots } from './prompt.js';
import { allRows, classCount, pickRows, type RowSource, type Rows, rowSource } from './rows.js';
import { Scorer, type ScoringTotals, WINDOW } from './score.js';

/** Predictions of neighbouring rows. */
export interface PredictedWindow {
  rows: Rows['rows'];
  lines: Prediction[];
}

/** Counts over all rows, complete once the last window was given. */
export interface PredictionCounts {
  /** Rows. */
  n: number;
  truncated: number;
  /** Rows whose prompt had room for some of the examples only; absent where there are none. */
  fewerShots?: number;
}

export interface Predicted {
  /** In order. What is not asked for is not computed, and what was given is not kept. */
  windows: AsyncGenerator<PredictedWindow>;
  counts: PredictionCounts;
  totals: ScoringTotals;
}

/**
 * Predicts every row. True labels that rows carry are written beside the predictions; a completion that rows
 * carry is also what its tokens are compared with.
 */
export function predict(
  context: StepContext,
  spec: LabelStepSpec | EvaluateSpec,
  source: RowSource,
): Predicted {
  const counts: PredictionCounts = { n: 0, truncated: 0 };
  const totals: ScoringTotals = { seconds: 0, tokens: 0, examples: 0 };
  const { model } = spec;
  const windows =
    model.from === 'probe'
      ? predictByProbe(context, spec, model, source, totals)
      : predictByModel(context, { ...spec, model }, source, { counts, totals });
  return { windows: counted(windows, counts), counts, totals };
}

async function* counted(
  windows: AsyncGenerator<PredictedWindow>,
  counts: PredictionCounts,
): AsyncGenerator<PredictedWindow> {
  for await (const window of windows) {
    counts.n += window.lines.length;
    yield window;
  }
}

type Sums = Pick<Predicted, 'counts' | 'totals'>;

async function* predictByModel(
  context: StepContext,
  spec: (LabelStepSpec | EvaluateSpec) & { model: Exclude<ModelSpec, { from: 'probe' }> },
  source: RowSource,
  sums: Sums,
): AsyncGenerator<PredictedWindow> {
  const { reading } = spec;
  await using opened = await openModel(context, spec.model, reading, spec);
  const length = reading.task === 'completion' ? await answerLength(opened, reading, source) : NO_ANSWER;
  const paired = reading.task === 'preference';
  if (spec.calibration !== null && reading.head.kind === 'likelihood' && !paired)
    await calibrateOn(context, spec, opened);
  const shots = reading.shots && (await answeredShots(context, reading, reading.shots));
  const { template: _inPlace, ...bare } = reading;
  const writes = length.longest > 1;
  const per = paired ? PAIR : 1;
  const reader: Reader = {
    context,
    spec,
    opened,
    length,
    scorer: new Scorer(context, opened.engine, source.count * per),
    startedAt: performance.now(),
    total: source.count,
  };
  const tally = { unknown: 0, all: 0 };
  for await (const window of source.windows(WINDOW / per)) {
    const rows: Rows = { rows: window, classes: source.classes, file: source.file };
    const { rows: shown, fewer } = await withShots(context, opened, reading, rows, length.longest, shots);
    const options = { tally, ...(writes ? { answerRoom: length.longest } : {}) };
    const { sequences, truncated } = await encodeFor(opened, bare, shown, options);
    const lines = writes
      ? await writtenLines(reader, rows, sequences, sums.totals)
      : await scoredLines(reader, rows, sequences);
    sums.counts.truncated += truncated;
    if (fewer > 0) sums.counts.fewerShots = (sums.counts.fewerShots ?? 0) + fewer;
    if (!writes) Object.assign(sums.totals, reader.scorer.totals());
    yield { rows: window, lines };
  }
}

/** Where nothing is written. */
const NO_ANSWER: AnswerLength = { longest: 0, learned: false };

/** What reads window after window. */
interface Reader {
  context: StepContext;
  spec: LabelStepSpec | EvaluateSpec;
  opened: OpenedModel;
  length: AnswerLength;
  scorer: Scorer;
  startedAt: number;
  /** Rows of all windows. */
  total: number;
}

async function scoredLines(
  { spec, opened, scorer }: Reader,
  { rows }: Rows,
  sequences: PackedSequences,
): Promise<Prediction[]> {
  const scored = await scorer.score(opened.model, sequences);
  const paired = spec.reading.task === 'preference';
  const classes = classCount(spec.reading);
  const logits = paired ? rewardsOf(scored.logits, opened.model.info.outputs) : scored.logits;
  const answers =
    classes > 0
      ? logitAnswers(logits, rows, classes, paired)
      : await textAnswers(opened, scored, sequences, rows);
  return rows.map((row, i) => line(spec, row, answers[i]));
}

/** What the likeliest token each time, up to one that ends a text, comes to. */
async function writtenLines(
  { context, spec, opened, length, total, startedAt }: Reader,
  rows: Rows,
  sequences: PackedSequences,
  totals: ScoringTotals,
): Promise<Prediction[]> {
  const { longest, learned } = length;
  const before = totals.examples;
  const within: StepContext = {
    ...context,
    onProgress: ({ done }) => {
      const examplesPerSecond = (1000 * (before + done)) / (performance.now() - startedAt);
      context.onProgress({ unit: 'examples', done: before + done, total, examplesPerSecond });
    },
  };
  const written = await writeAnswers(within, opened, sequences, { longest, temperature: 0 });
  const { texts } = written;
  totals.seconds += written.totals.seconds;
  totals.tokens += written.totals.tokens;
  totals.examples += written.totals.examples;
  // A model that never saw where answers end is right where it begins with the whole answer.
  const seesEnds = learned || spec.reading.shots !== undefined;
  const begins = seesEnds ? () => false : await beginningsOf(opened, rows, written.tokens);
  return rows.rows.map((row, i): Prediction => {
    const [truth] = row.completions ?? [];
    // After examples a model goes on with an example of its own.
    const text = spec.reading.shots ? beforeNextExample(texts[i] ?? '') : (texts[i] ?? '');
    if (truth === undefined) return line(spec, row, { text });
    // Blanks at either end are a tokenizer's doing.
    const isTruth = text.trim() === truth.trim() || begins(i);
    return line(spec, row, { label: truth, text: isTruth ? truth : text });
  });
}

/** Whether what was written behind row i begins with the tokens of its true answer. */
async function beginningsOf(
  { tokenizer }: OpenedModel,
  { rows }: Rows,
  written: readonly (readonly number[])[],
): Promise<(i: number) => boolean> {
  const answers = rows.map(({ completions }) => completions?.[0] ?? '');
  const { ids, offsets } = await tokenizer.encode(answers, { special: false });
  return (i) => {
    const truth = ids.subarray(offsets[i], offsets[i + 1]);
    return truth.length > 0 && truth.every((id, t) => written[i]?.[t] === id);
  };
}

/** A linear classifier on features: neither tokenizer nor addon is opened. The table is in memory, and so are the rows. */
async function* predictByProbe(
  context: StepContext,
  spec: LabelStepSpec | EvaluateSpec,
  model: Extract<ModelSpec, { from: 'probe' }>,
  source: RowSource,
  sums: ScoringTotals,
): AsyncGenerator<PredictedWindow> {
  const rows = await allRows(source);
  const { logits, classes, totals } = await probeLogits(context, model, rows);
  Object.assign(sums, totals);
  const answers = logitAnswers(logits, rows.rows, classes, spec.reading.task === 'preference');
  yield { rows: rows.rows, lines: rows.rows.map((row, i) => line(spec, row, answers[i])) };
}

function line(
  spec: LabelStepSpec | EvaluateSpec,
  row: Rows['rows'][number],
  answer: Partial<Prediction> | undefined,
): Prediction {
  return {
    id: row.id,
    split: spec.data.part,
    ...(row.group === row.id ? {} : { group: row.group }),
    ...truthOf(row),
    ...answer,
  };
}

/** The true answer as predictions.jsonl holds it: a class index, or a completion. */
export function truthOf(row: Rows['rows'][number]): Pick<Prediction, 'label'> {
  if (row.label !== undefined) return { label: argmax(row.label, 0, row.label.length) };
  return {};
}

/** A model that prefers neither of two completions is half right, whichever is the better. */
export function halfRight(
  row: Rows['rows'][number],
  logits: readonly number[] | undefined,
): Pick<Prediction, 'correct'> {
  return row.label !== undefined && logits !== undefined && isTie(logits) ? { correct: 0.5 } : {};
}

function logitAnswers(
  logits: Float32Array,
  rows: Rows['rows'],
  classes: number,
  paired: boolean,
): Pick<Prediction, 'logits' | 'correct'>[] {
  return rows.map((row, i) => {
    const own = Array.from(logits.subarray(i * classes, (i + 1) * classes));
    return { logits: own, ...(paired ? halfRight(row, own) : {}) };
  });
}

/** With a truth, whose text stands for an exact match, or the one next token after a prompt alone. */
async function textAnswers(
  opened: OpenedModel,
  scored: ScoreResult,
  portion: PackedSequences,
  rows: Rows['rows'],
): Promise<Pick<Prediction, 'label' | 'text'>[]> {
  // A special token is an answer too, if a poor one: without its text a student could not be trained on it.
  const tokens = rows.map((_, i) => answerTokens(scored, i));
  const texts = await opened.tokenizer.decode(tokens, { special: true });
  const matches = exactMatches(portion, scored);
  return rows.map((row, i) => {
    const truth = row.completions?.[0];
    const text = texts[i] ?? '';
    return truth === undefined ? { text } : { label: truth, text: matches[i] === 1 ? truth : text };
  });
}

async function calibrateOn(
  context: StepContext,
  spec: LabelStepSpec | EvaluateSpec,
  opened: OpenedModel,
): Promise<void> {
  const data = spec.calibration;
  if (data === null) throw new W2sError('ERR_ARGUMENT', 'Expected data to calibrate on but received none');
  const source = await rowSource(context, data, spec.reading.task, false);
  const sample = calibrationSample(data.seed, source.count);
  const { sequences } = await encodeFor(opened, spec.reading, {
    rows: await pickRows(source, sample),
    file: source.file,
  });
  await calibrate(opened, sequences, context);
}
