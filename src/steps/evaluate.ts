/** `evaluate`: a model's predictions held against the true labels. */

import type { EvaluateSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import { argmax } from '../tasks/classification.js';
import type { StepContext } from './context.js';
import { judgeLines } from './judging.js';
import { predict } from './predict.js';
import type { EvaluateResult } from './results.js';
import { labelledRows } from './rows.js';
import type { StepOutcome } from './run.js';

export async function evaluate(
  context: StepContext,
  spec: EvaluateSpec,
  hash: string,
): Promise<StepOutcome<EvaluateResult>> {
  const rows = await labelledRows(context, spec.data, spec.reading.task);
  const { predictions, totals, ...counts } = await predict(context, spec, rows);
  const isWritten = spec.reading.task === 'completion';
  const judged = isWritten ? await judgeLines(spec.data, rows.rows, predictions) : { lines: predictions };
  const { lines, ...measured } = judged;
  await context.store.writePredictions(hash, lines);
  const n = lines.length;
  const right = lines.reduce((sum, line) => sum + creditOf(line), 0);
  return { result: { kind: 'evaluate', n, accuracy: right / n, ...counts, ...measured }, timing: totals };
}

/** What a prediction counts in an accuracy: 1 where it is right, 0 where it is wrong, ½ for a tie of two. */
export function creditOf(line: Prediction): number {
  return Number(line.correct ?? answerOf(line) === line.label);
}

/** The same; null for a tie, where a coin would decide. */
export function answerOrTie(line: Prediction): number | string | null {
  return line.correct === 0.5 ? null : answerOf(line);
}

/** The likeliest class's index, or the completion. */
export function answerOf(line: Prediction): number | string {
  if (line.logits) return argmax(line.logits, 0, line.logits.length);
  return line.text ?? '';
}
