/** `label`: a model's predictions on rows whose labels it does not see. */

import { W2sError } from '../errors.js';
import type { LabelStepSpec } from '../experiments/plan.js';
import type { StepContext } from './context.js';
import { predict } from './predict.js';
import type { FinetuneResult, LabelResult } from './results.js';
import { unlabelledRows } from './rows.js';
import type { StepOutcome } from './run.js';

export async function label(
  context: StepContext,
  spec: LabelStepSpec,
  hash: string,
): Promise<StepOutcome<LabelResult>> {
  if (spec.reading.task === 'completion') await requireOneToken(context, spec);
  const rows = await unlabelledRows(context, spec.data, spec.reading.task);
  const { predictions, truncated, totals } = await predict(context, spec, rows);
  await context.store.writePredictions(hash, predictions);
  return { result: { kind: 'label', n: predictions.length, truncated }, timing: totals };
}

/** Without generation only the next token can be read off: a supervisor of longer answers cannot label. */
async function requireOneToken(context: StepContext, spec: LabelStepSpec): Promise<void> {
  if (spec.model.from !== 'step') return;
  const trained = (await context.store.readResult(spec.model.step)) as FinetuneResult | null;
  const longest = trained?.longestCompletion ?? 1;
  if (longest <= 1) return;
  throw new W2sError(
    'ERR_DATA',
    `Expected completions of one token for weak labels but received some of ${longest} tokens: those need generation`,
    { hint: 'Use data with one token an answer, such as --dataset chess-puzzles' },
  );
}
