/** `label`: a model's predictions on rows whose labels it does not see. */

import type { LabelStepSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import type { StepContext } from './context.js';
import { type Predicted, predict } from './predict.js';
import type { LabelResult } from './results.js';
import { rowSource } from './rows.js';
import type { StepOutcome } from './run.js';

/** Of the rows of a whole file only a window is in memory at any time, and of their predictions. */
export async function label(
  context: StepContext,
  spec: LabelStepSpec,
  hash: string,
): Promise<StepOutcome<LabelResult>> {
  const source = await rowSource(context, spec.data, spec.reading.task, false);
  const { windows, counts, totals } = predict(context, spec, source);
  await context.store.writePredictions(hash, linesOf(windows));
  return { result: { kind: 'label', ...counts }, timing: totals };
}

async function* linesOf(windows: Predicted['windows']): AsyncGenerator<Prediction> {
  for await (const { lines } of windows) yield* lines;
}
