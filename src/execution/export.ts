/**
 * `--export FILE`: a row per example in input order. What `label` writes can be read by `finetune` as
 * `--data`: the input's texts, and the supervision as `label`.
 */

import { exportedTextColumn } from '../config/exportColumns.js';
import { type ExportRow, writeExport } from '../data/index.js';
import type { Example } from '../data/types.js';
import type { LabelStepSpec, PlanStep } from '../experiments/plan.js';
import type { StepContext } from '../steps/context.js';
import { answerOf } from '../steps/evaluate.js';
import { rowSource } from '../steps/rows.js';
import type { Prediction } from '../store/index.js';
import { probabilities } from '../tasks/classification.js';

export async function exportPredictions(file: string, context: StepContext, step: PlanStep): Promise<void> {
  const { spec, hash } = step;
  const lines = context.store.streamPredictions(hash);
  await writeExport(file, spec.kind === 'label' ? supervisedRows(context, spec, lines) : scoredRows(lines));
}

async function* scoredRows(lines: AsyncIterable<Prediction>): AsyncGenerator<ExportRow> {
  for await (const line of lines) yield scored(line, answerOf(line));
}

/** The input is read again, row by row beside its predictions. */
async function* supervisedRows(
  context: StepContext,
  { data, reading }: LabelStepSpec,
  lines: AsyncGenerator<Prediction>,
): AsyncGenerator<ExportRow> {
  const source = await rowSource(context, data, reading.task, false);
  const textColumn = exportedTextColumn(data.dataset.columns.text);
  try {
    for await (const rows of source.windows(ROWS_AT_ONCE)) {
      for (const row of rows) {
        const { done, value } = await lines.next();
        if (done) return;
        yield supervised(value, row, textColumn);
      }
    }
  } finally {
    await lines.return(undefined); // a loop that steps by hand leaves the file open where it ends early
  }
}

const ROWS_AT_ONCE = 1024;

function scored(line: Prediction, label: ExportRow['label']): ExportRow {
  const { id, logits } = line;
  return logits ? { id, label, logits, probabilities: softmax(logits) } : { id, label };
}

/** The supervision as label, beside the texts that it was given to. */
function supervised(line: Prediction, { text, prompt, completions }: Example, textColumn: string): ExportRow {
  const [first, second] = completions?.length === 2 ? completions : [];
  const completion = line.logits && second === undefined ? completions?.[0] : undefined;
  return {
    ...scored(line, line.logits ? softmax(line.logits) : (line.text ?? '')),
    ...(line.group === undefined ? {} : { group: line.group }),
    ...(text === undefined ? {} : { [textColumn]: text }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(completion === undefined ? {} : { completion }),
    ...(second === undefined ? {} : { first, second }),
  };
}

function softmax(logits: readonly number[]): number[] {
  return Array.from(probabilities(logits, logits.length));
}
