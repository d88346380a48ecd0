/** `generate`: continuations of each prompt, greedy or drawn; labels and completions of the rows are not seen. */

import type { GenerateSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import { answerLength, writeAnswers } from './answers.js';
import type { StepContext } from './context.js';
import { encodeFor, openModel } from './openModel.js';
import type { GeneratedResult } from './results.js';
import { sourceOf, unlabelledRows } from './rows.js';
import type { StepOutcome } from './run.js';

export async function generate(
  context: StepContext,
  spec: GenerateSpec,
  hash: string,
): Promise<StepOutcome<GeneratedResult>> {
  const { reading, samples, temperature, topP, seed } = spec;
  const found = await unlabelledRows(context, spec.data, reading.task);
  // Also completions that are no labels, as those of preferences, are nothing to a writer.
  const rows = { ...found, rows: found.rows.map(({ completions: _, ...row }) => row) };
  await using opened = await openModel(context, spec.model, reading, spec);
  const { longest } = await answerLength(opened, reading, sourceOf(rows));
  const { sequences, truncated } = await encodeFor(opened, reading, rows, { answerRoom: longest });
  const options = { longest, samples, temperature, topP, seed };
  const { texts, logProbabilities, totals } = await writeAnswers(context, opened, sequences, options);
  const lines = texts.map(
    (text, i): Prediction => ({
      id: `${rows.rows[Math.floor(i / samples)]?.id}#${i % samples}`,
      split: spec.data.part,
      group: rows.rows[Math.floor(i / samples)]?.id ?? '',
      text,
      logProbability: logProbabilities[i] ?? 0,
    }),
  );
  await context.store.writePredictions(hash, lines);
  return {
    result: { kind: 'generate', n: lines.length, prompts: rows.rows.length, truncated },
    timing: totals,
  };
}
