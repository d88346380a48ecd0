/** `finetune`, `label`, `evaluate`: one step on any model folder and any file. */

import type { EvaluateConfig, FinetuneConfig, LabelConfig, StepConfig } from '../config/steps.js';
import type { Plan, PlanStep } from '../experiments/plan.js';
import { planEvaluate, planFinetune, planLabel, type SingleInputs } from '../experiments/single.js';
import { type ResolvedModel, resolveModel } from '../models/index.js';
import type { StepContext } from '../steps/context.js';
import type { EvaluateResult } from '../steps/results.js';
import { type EngineOptions, stepContext } from './context.js';
import type { RunOptions } from './events.js';
import { type ClassSources, datasetRequest, type FoundData, findData } from './resolve.js';
import { runPlan } from './runner.js';
import { scoresOf } from './scores.js';
import { skippedIn } from './skipped.js';
import type { EvaluateDocument, StepDocument } from './stepDocument.js';

export interface SingleOptions extends RunOptions, EngineOptions {}

/** Fine-tunes a model on every row of a file; the step folder keeps its weights in `model/`. */
export async function runFinetune(
  config: FinetuneConfig,
  options: SingleOptions = {},
): Promise<StepDocument> {
  const none = config.settings.loss === 'lm';
  const found = await find(config, { none });
  const plan = planFinetune({
    ...inputs(config, found),
    settings: config.settings,
    seed: config.seed,
  });
  const { context, step } = await run(config, plan, found, options);
  return recorded(context, step, await document('finetune', config, context, step));
}

/** Predicts every row of a file, whose labels are not read. */
export async function runLabel(asked: LabelConfig, options: SingleOptions = {}): Promise<StepDocument> {
  const { answers } = asked.settings;
  const found = await find(asked, {
    unlabelled: true,
    streamed: true,
    ...(answers === undefined ? {} : { answers }),
  });
  const config = withOwnHead(asked, found);
  const { context, step } = await run(config, planLabel(inputs(config, found)), found, options);
  await exportRows(config, context, step);
  return recorded(context, step, await document('label', config, context, step));
}

/** Predicts every row of a file and holds the predictions against its labels. */
export async function runEvaluate(
  asked: EvaluateConfig,
  options: SingleOptions = {},
): Promise<EvaluateDocument> {
  const found = await find(asked, { streamed: true });
  const config = withOwnHead(asked, found);
  const { context, step } = await run(config, planEvaluate(inputs(config, found)), found, options);
  await exportRows(config, context, step);
  const scores = await scoresOf(context.store, step.hash);
  const basics = await document('evaluate', config, context, step);
  const { measures } = (await context.store.readResult(step.hash)) as unknown as EvaluateResult;
  return recorded(context, step, {
    ...basics,
    ...scores,
    ...(measures === undefined ? {} : { measures }),
  });
}

/** A head that the folder brings is what it is read by, where nobody named another. */
function withOwnHead(config: LabelConfig, { model, data }: FoundAll): LabelConfig {
  if (config.headGiven || data.task === 'completion') return config;
  const trained = data.task === 'preference' ? 'scalar' : 'linear';
  const own = model.likelihood ? 'likelihood' : model.classifier ? trained : config.settings.head;
  return { ...config, settings: { ...config.settings, head: own } };
}

interface FoundAll {
  model: ResolvedModel;
  data: FoundData;
}

/** Model, data and classes of a configuration. */
export async function find(config: StepConfig, sources: Omit<ClassSources, 'models'>): Promise<FoundAll> {
  const model = await resolveModel(config.model);
  const data = await findData(datasetRequest(config), { models: [model], ...sources });
  return { model, data };
}

function inputs(config: FinetuneConfig | LabelConfig, { model, data }: FoundAll): SingleInputs {
  return {
    model: model.contentHash,
    settings: config.settings,
    dataset: data,
    dataSeed: config.dataSeed,
    ...('headGiven' in config && config.seed !== undefined ? { trainingSeed: config.seed } : {}),
    deterministic: config.deterministic,
  };
}

/** Runs a plan of one step. */
export async function run(
  config: StepConfig,
  plan: Plan,
  { model, data }: FoundAll,
  options: SingleOptions,
): Promise<{ context: StepContext; step: PlanStep }> {
  const modelFolders = { [model.contentHash]: model.folder };
  const context = stepContext(config, { locations: data.locations, modelFolders }, options);
  await runPlan(plan, { context, onEvent: options.onEvent ?? (() => {}), keepModels: true });
  const step = plan.steps[0];
  if (!step) throw new TypeError('a plan without steps');
  return { context, step };
}

/** The part that the documents of all single steps have in common. */
export async function document<C extends 'finetune' | 'label' | 'evaluate' | 'generate'>(
  command: C,
  config: StepConfig,
  { store }: StepContext,
  step: PlanStep,
): Promise<StepDocument> {
  const result = await store.readResult(step.hash);
  const n = Number(result?.n ?? result?.examples ?? 0);
  return {
    schema: `w2s-native/${command}@1`,
    config: { ...config },
    model: config.model,
    n,
    ...(await skippedIn(store, [step.hash])),
    step: step.hash,
    store: store.shownPath,
  };
}

/** Writes the run's record, which `report` reads, and gives the document back. */
export async function recorded<D extends StepDocument>(
  { store }: StepContext,
  step: PlanStep,
  summary: D,
): Promise<D> {
  const command = step.spec.kind;
  const { config } = summary;
  const time = new Date().toISOString();
  await store.writeRun(command, {
    command,
    time,
    config,
    plan: [step],
    steps: { [step.role]: step.hash },
    summary,
  });
  return summary;
}

async function exportRows(config: LabelConfig, context: StepContext, step: PlanStep): Promise<void> {
  if (config.export === undefined) return;
  const { exportPredictions } = await import('./export.js');
  await exportPredictions(config.export, context, step);
}
