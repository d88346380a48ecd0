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
import { calibrate, encodeFor, type OpenedModel, openModel } from './openModel.js';
import { probeLogits } from './probe.js';
import { beforeNextExample, withShots } from './prompt.js';
import { classCount, type Rows, unlabelledRows } from './rows.js';
import { type ScoringTotals, scoreAll } from './score.js';

export interface Predicted {
  predictions: Prediction[];
  truncated: number;
  /** Rows whose prompt had room for some of the examples only; absent where there are none. */
  fewerShots?: number;
  totals: ScoringTotals;
}

/**
 * Predicts every row. True labels that rows carry are written beside the predictions; a completion that rows
 * carry is also what its tokens are compared with.
 */
export async function predict(
  context: StepContext,
  spec: LabelStepSpec | EvaluateSpec,
  rows: Rows,
): Promise<Predicted> {
  const { reading } = spec;
  if (spec.model.from === 'probe') return predictByProbe(context, spec, spec.model, rows);
  await using opened = await openModel(context, spec.model, reading, spec);
  const length = reading.task === 'completion' ? await answerLength(opened, reading, rows) : NO_ANSWER;
  const { rows: shown, fewer } = await withShots(context, opened, reading, rows, length.longest);
  const { template: _inPlace, ...bare } = reading;
  if (length.longest > 1)
    return await predictWritten(context, spec, opened, { rows, shown, fewer, ...length });
  const { sequences, truncated } = await encodeFor(opened, bare, shown);
  const paired = reading.task === 'preference';
  if (spec.calibration !== null && reading.head.kind === 'likelihood' && !paired)
    await calibrateOn(context, spec, opened);
  const predictions: Prediction[] = [];
  const classes = classCount(reading);
  const totals = await scoreAll(
    context,
    opened.engine,
    opened.model,
    sequences,
    async (scored, portion, first) => {
      const size = paired ? PAIR : 1;
      const part = rows.rows.slice(first / size, (first + portion.offsets.length - 1) / size);
      const logits = paired ? rewardsOf(scored.logits, opened.model.info.outputs) : scored.logits;
      const answers =
        classes > 0
          ? logitAnswers(logits, part, classes, paired)
          : await textAnswers(opened, scored, portion, part);
      part.forEach((row, i) => {
        predictions.push(line(spec, row, answers[i]));
      });
    },
  );
  return { predictions, truncated, totals, ...(fewer > 0 ? { fewerShots: fewer } : {}) };
}

/** Where nothing is written. */
const NO_ANSWER: AnswerLength = { longest: 0, learned: false };

interface Writing extends AnswerLength {
  rows: Rows;
  /** The same as the model reads them. */
  shown: Rows;
  fewer: number;
}

/** What the likeliest token each time, up to one that ends a text, comes to. */
async function predictWritten(
  context: StepContext,
  spec: LabelStepSpec | EvaluateSpec,
  opened: OpenedModel,
  { rows, shown, fewer, longest, learned }: Writing,
): Promise<Predicted> {
  const { template: _inPlace, ...bare } = spec.reading;
  const { sequences, truncated } = await encodeFor(opened, bare, shown, { answerRoom: longest });
  const written = await writeAnswers(context, opened, sequences, { longest, temperature: 0 });
  const { texts, totals } = written;
  // A model that never saw where answers end is right where it begins with the whole answer.
  const seesEnds = learned || spec.reading.shots !== undefined;
  const begins = seesEnds ? () => false : await beginningsOf(opened, rows, written.tokens);
  const predictions = rows.rows.map((row, i): Prediction => {
    const [truth] = row.completions ?? [];
    // After examples a model goes on with an example of its own.
    const text = spec.reading.shots ? beforeNextExample(texts[i] ?? '') : (texts[i] ?? '');
    if (truth === undefined) return line(spec, row, { text });
    // Blanks at either end are a tokenizer's doing.
    const isTruth = text.trim() === truth.trim() || begins(i);
    return line(spec, row, { label: truth, text: isTruth ? truth : text });
  });
  return { predictions, truncated, totals, ...(fewer > 0 ? { fewerShots: fewer } : {}) };
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

/** A linear classifier on features: neither tokenizer nor addon is opened. */
async function predictByProbe(
  context: StepContext,
  spec: LabelStepSpec | EvaluateSpec,
  model: Extract<ModelSpec, { from: 'probe' }>,
  rows: Rows,
): Promise<Predicted> {
  const { logits, classes, totals } = await probeLogits(context, model, rows);
  const answers = logitAnswers(logits, rows.rows, classes, spec.reading.task === 'preference');
  return { predictions: rows.rows.map((row, i) => line(spec, row, answers[i])), truncated: 0, totals };
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
  const rows = await unlabelledRows(context, data, spec.reading.task);
  const { sequences } = await encodeFor(opened, spec.reading, rows);
  await calibrate(opened, sequences, data.seed, context);
}
