/**
 * `--export FILE`: a row per example in input order. What `label` writes can be read by `finetune` as
 * `--data`: the input's texts, and the supervision as `label`.
 */

import { exportedTextColumn } from '../config/exportColumns.js';
import { type ExportRow, writeExport } from '../data/index.js';
import type { Example } from '../data/types.js';
import type { PlanStep } from '../experiments/plan.js';
import type { StepContext } from '../steps/context.js';
import { answerOf } from '../steps/evaluate.js';
import { unlabelledRows } from '../steps/rows.js';
import type { Prediction } from '../store/index.js';
import { probabilities } from '../tasks/classification.js';

export async function exportPredictions(file: string, context: StepContext, step: PlanStep): Promise<void> {
  const { spec, hash } = step;
  const predictions = (await context.store.readPredictions(hash)) ?? [];
  if (spec.kind !== 'label')
    return writeExport(
      file,
      predictions.map((line) => scored(line, answerOf(line))),
    );
  const { rows } = await unlabelledRows(context, spec.data, spec.reading.task);
  const textColumn = exportedTextColumn(spec.data.dataset.columns.text);
  await writeExport(
    file,
    predictions.map((line, i) => supervised(line, rows[i], textColumn)),
  );
}

function scored(line: Prediction, label: ExportRow['label']): ExportRow {
  const { id, logits } = line;
  return logits ? { id, label, logits, probabilities: softmax(logits) } : { id, label };
}

/** The supervision as label, beside the texts that it was given to. */
function supervised(line: Prediction, row: Example | undefined, textColumn: string): ExportRow {
  const { text, prompt, completions } = row ?? {};
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
