/** `label`: a model's predictions on rows whose labels it does not see. */

import type { LabelStepSpec } from '../experiments/plan.js';
import type { StepContext } from './context.js';
import { predict } from './predict.js';
import type { LabelResult } from './results.js';
import { unlabelledRows } from './rows.js';
import type { StepOutcome } from './run.js';

export async function label(
  context: StepContext,
  spec: LabelStepSpec,
  hash: string,
): Promise<StepOutcome<LabelResult>> {
  const rows = await unlabelledRows(context, spec.data, spec.reading.task);
  const { predictions, totals, ...counts } = await predict(context, spec, rows);
  await context.store.writePredictions(hash, predictions);
  return { result: { kind: 'label', n: predictions.length, ...counts }, timing: totals };
}
