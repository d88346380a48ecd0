/** `simulate`: labels with a supervisor's number of errors, of a chosen kind. Sees the truth: for analysis alone. */

import { stream } from '../data/index.js';
import type { Example } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { SimulateSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import { argmax, probabilities } from '../tasks/classification.js';
import { type SimulationRow, simulatedLabels } from '../tasks/simulatedErrors.js';
import type { StepContext } from './context.js';
import type { LabelResult } from './results.js';
import { labelledRows, readAllPredictions } from './rows.js';
import type { StepOutcome } from './run.js';

/** Logits of a label that is certain: softmax gives the other classes less than 1e-12. */
const CERTAIN = 30;

export async function simulate(
  context: StepContext,
  spec: SimulateSpec,
  hash: string,
): Promise<StepOutcome<LabelResult>> {
  const startedAt = performance.now();
  const { rows, classes } = await labelledRows(context, spec.data, spec.task);
  const weak = await linesById(context, spec.like);
  const reference = spec.reference ? await linesById(context, spec.reference) : null;
  const seen = rows.map((row): SimulationRow => {
    const sure = reference?.get(row.id)?.logits;
    return {
      truth: classOf(row.label ?? []),
      length: (row.text ?? row.prompt ?? '').length,
      weak: classOf(logitsOf(weak, row)),
      ...(sure ? { reference: Array.from(probabilities(sure, sure.length)) } : {}),
    };
  });
  const labels = simulatedLabels(
    seen,
    spec.errors,
    classes.length,
    stream(spec.seed, 'simulate', spec.errors),
  );
  const lines = rows.map(
    (row, i): Prediction => ({
      id: row.id,
      split: spec.data.part,
      ...(row.group === row.id ? {} : { group: row.group }),
      logits: classes.map((_, k) => (k === labels[i] ? CERTAIN : 0)),
    }),
  );
  await context.store.writePredictions(hash, lines);
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    result: { kind: 'label', n: lines.length, truncated: 0 },
    timing: { seconds, tokens: 0, examples: 0 },
  };
}

async function linesById(context: StepContext, step: string): Promise<ReadonlyMap<string, Prediction>> {
  return new Map((await readAllPredictions(context.store, step)).map((line) => [line.id, line]));
}

function logitsOf(lines: ReadonlyMap<string, Prediction>, { id }: Example): readonly number[] {
  const logits = lines.get(id)?.logits;
  if (logits) return logits;
  throw new W2sError(
    'ERR_USAGE',
    `Expected classes for the simulation of errors but received no class for row ${id}`,
    { hint: 'Try: npx w2s-native analyse errors --dataset chess-legal' },
  );
}

const classOf = (values: readonly number[]): number => argmax(values, 0, values.length);
