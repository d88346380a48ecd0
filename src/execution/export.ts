/**
 * `--export FILE`: a row per example in input order, as JSONL or Parquet by the name's ending. What `label`
 * writes can be read by `finetune` as `--data`: the input's texts, and the supervision as `label`.
 */

import { extname } from 'node:path';
import { W2sError } from '../errors.js';
import type { PlanStep } from '../experiments/plan.js';
import type { StepContext } from '../steps/context.js';
import { unlabelledRows } from '../steps/rows.js';
import { type Prediction, writeAtomically } from '../store/index.js';
import { probabilities } from '../tasks/classification.js';

export interface ExportRow {
  id: string;
  group?: string;
  text?: string;
  prompt?: string;
  completion?: string;
  /** Truth of `evaluate`; supervision of `label`: probabilities, or the completion. */
  label?: number | string | readonly number[];
  logits?: readonly number[];
  probabilities?: readonly number[];
}

export async function exportPredictions(file: string, context: StepContext, step: PlanStep): Promise<void> {
  const rows = await exportRows(context, step);
  if (extname(file).toLowerCase() === '.parquet') return writeParquet(file, rows);
  await writeAtomically(file, lines(rows));
}

async function exportRows(context: StepContext, { spec, hash }: PlanStep): Promise<ExportRow[]> {
  const predictions = (await context.store.readPredictions(hash)) ?? [];
  if (spec.kind !== 'label') return predictions.map((line) => ({ ...basics(line), ...withoutUndefined(line.label) }));
  const { rows } = await unlabelledRows(context, spec.data, spec.reading.task);
  return predictions.map((line, i) => {
    const { text, prompt, completions } = rows[i] ?? {};
    const { id, ...scores } = basics(line);
    return {
      id,
      ...(line.group === undefined ? {} : { group: line.group }),
      ...(text === undefined ? {} : { text }),
      ...(prompt === undefined ? {} : { prompt }),
      ...(completions?.[0] === undefined ? {} : { completion: completions[0] }),
      label: line.text ?? scores.probabilities ?? [],
      ...scores,
    };
  });
}

function basics(line: Prediction): Pick<ExportRow, 'id' | 'logits' | 'probabilities'> {
  if (!line.logits) return { id: line.id };
  return { id: line.id, logits: line.logits, probabilities: Array.from(probabilities(line.logits, line.logits.length)) };
}

function withoutUndefined(label: Prediction['label']): Pick<ExportRow, 'label'> {
  return label === undefined ? {} : { label };
}

function* lines(rows: readonly ExportRow[]): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** Lists of numbers are written as JSON text columns are read: as Parquet JSON. */
async function writeParquet(file: string, rows: readonly ExportRow[]): Promise<void> {
  const { parquetWriteFile } = await import('hyparquet-writer/src/node.js').catch((cause: unknown) => {
    throw new W2sError('ERR_ENVIRONMENT', 'Expected the package hyparquet-writer but it cannot be loaded', { cause });
  });
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))] as (keyof ExportRow)[];
  const columnData = names.map((name) => {
    const data = rows.map((row) => row[name] ?? null);
    const type = data.some(Array.isArray) ? 'JSON' : data.some((value) => typeof value === 'number') ? 'INT32' : 'STRING';
    return { name, data, type } as const;
  });
  parquetWriteFile({ filename: file, columnData });
}
