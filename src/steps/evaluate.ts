/** `evaluate`: a model's predictions held against the true labels. */

import type { EvaluateSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import { argmax } from '../tasks/classification.js';
import type { StepContext } from './context.js';
import { Judging } from './judging.js';
import { predict } from './predict.js';
import type { EvaluateResult } from './results.js';
import { rowSource } from './rows.js';
import type { StepOutcome } from './run.js';

/** Of the rows of a whole file only a window is in memory at any time, and of their predictions. */
export async function evaluate(
  context: StepContext,
  spec: EvaluateSpec,
  hash: string,
): Promise<StepOutcome<EvaluateResult>> {
  const source = await rowSource(context, spec.data, spec.reading.task, true);
  const { windows, counts, totals } = predict(context, spec, source);
  const judging = spec.reading.task === 'completion' ? await Judging.open(spec.data) : null;
  let right = 0;
  async function* judged(): AsyncGenerator<Prediction> {
    for await (const { rows, lines } of windows) {
      for (const line of judging ? await judging.judge(rows, lines) : lines) {
        right += creditOf(line);
        yield line;
      }
    }
  }
  await context.store.writePredictions(hash, judged());
  const { n, ...others } = counts;
  const result = { n, accuracy: right / n, ...others, ...judging?.measured() };
  return { result: { kind: 'evaluate', ...result }, timing: totals };
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
