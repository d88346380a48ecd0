/** `generate`: what a model writes behind the prompts of a file, or behind one that was typed. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerateConfig } from '../config/generate.js';
import { type ExportRow, writeExport } from '../data/index.js';
import type { PlanStep } from '../experiments/plan.js';
import { planGenerate } from '../experiments/single.js';
import type { StepContext } from '../steps/context.js';
import { unlabelledRows } from '../steps/rows.js';
import { document, find, recorded, run, type SingleOptions } from './single.js';
import type { Continuation, GenerateDocument } from './stepDocument.js';

/** Continues every prompt. Labels and completions of the rows are not read. */
export async function runGenerate(
  config: GenerateConfig,
  options: SingleOptions = {},
): Promise<GenerateDocument> {
  const { prompt } = config;
  if (prompt === undefined) return continueFile(config, config, options);
  // A step reads files: its hash is that of the bytes, wherever they lie.
  const folder = await mkdtemp(join(tmpdir(), 'w2s-prompt-'));
  try {
    const data = join(folder, 'prompt.jsonl');
    await writeFile(data, `${JSON.stringify({ id: 'prompt', prompt })}\n`);
    return await continueFile(config, { ...config, data }, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function continueFile(
  config: GenerateConfig,
  reading: GenerateConfig,
  options: SingleOptions,
): Promise<GenerateDocument> {
  const found = await find(reading, { unlabelled: true, none: true });
  const { n: samples, ...settings } = config;
  const plan = planGenerate({
    ...settings,
    settings,
    samples,
    model: found.model.contentHash,
    dataset: found.data,
  });
  const { context, step } = await run(reading, plan, found, options);
  const lines = (await context.store.readPredictions(step.hash)) ?? [];
  const continuations = lines.map(
    ({ id, group = id, text = '', logProbability = 0 }): Continuation => ({
      id,
      prompt: group,
      text,
      logProbability,
    }),
  );
  if (config.export !== undefined) await exportTexts(config.export, context, step, continuations);
  const prompts = new Set(continuations.map((one) => one.prompt)).size;
  const basics = await document('generate', config, context, step);
  // The texts are in the step's folder: a record is kept of what was asked.
  const record = await recorded(context, step, { ...basics, n: prompts });
  return { ...record, continuations };
}

/** Prompts with what was written as their label: what `finetune --data` takes. */
async function exportTexts(
  file: string,
  context: StepContext,
  { spec }: PlanStep,
  continuations: readonly Continuation[],
): Promise<void> {
  if (spec.kind !== 'generate') throw new TypeError('a step that writes nothing');
  const { rows } = await unlabelledRows(context, spec.data, spec.reading.task);
  const prompts = new Map(rows.map((row) => [row.id, row.text ?? row.prompt ?? '']));
  const exported = continuations.map(
    ({ id, prompt, text, logProbability }): ExportRow => ({
      id,
      label: text,
      group: prompt,
      prompt: prompts.get(prompt),
      log_probability: logProbability,
    }),
  );
  await writeExport(file, exported);
}
