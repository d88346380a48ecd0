/** What every command of several steps does: runs its plan, makes its document, and keeps a record of both. */

import type { Plan } from '../experiments/plan.js';
import type { StepContext } from '../steps/context.js';
import type { RunRecord } from '../store/index.js';
import { type EngineOptions, type Found, type MachineConfig, stepContext } from './context.js';
import type { RunOptions } from './events.js';
import { runPlan } from './runner.js';

export interface RecordedRun<Document> {
  command: string;
  /** Of the record's file, after the time. */
  name: string;
  config: MachineConfig & { keepModels: boolean };
  plan: Plan;
  found: Found;
  /** Called once every step is done. */
  documentOf(context: StepContext): Promise<Document>;
}

/**
 * Runs a plan, or takes its steps from the store, and gives the document, of which `report` finds a record in the
 * store.
 * Rejects with a W2sError; with ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runRecorded<Document extends Pick<RunRecord, 'config' | 'steps'>>(
  { command, name, config, plan, found, documentOf }: RecordedRun<Document>,
  options: RunOptions & EngineOptions,
): Promise<Document> {
  const onEvent = options.onEvent ?? (() => {});
  const context = stepContext(config, found, options);
  await runPlan(plan, { context, onEvent, keepModels: config.keepModels });
  const document = await documentOf(context);
  const path = await context.store.writeRun(name, {
    command,
    time: new Date().toISOString(),
    config: document.config,
    plan: plan.steps,
    steps: document.steps,
    summary: document,
  });
  onEvent({ type: 'run-written', path });
  return document;
}
