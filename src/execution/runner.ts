/**
 * Runs a plan: what the store holds is taken from there, the rest is done in order, each step by one process
 * at a time. A step's result is written last and atomically, so that a run killed at any moment goes on.
 */

import { packageVersion } from '../config/packageVersion.js';
import { isW2sError } from '../errors.js';
import { canonicalJson } from '../experiments/hash.js';
import type { Plan, PlanStep, StepHash, StepSpec } from '../experiments/plan.js';
import { type StepContext, throwIfAborted } from '../steps/context.js';
import type { AnyResult, SkippedRows } from '../steps/results.js';
import { runStep } from '../steps/run.js';
import type { Store } from '../store/index.js';
import type { OnEvent } from './events.js';

export interface RunnerOptions {
  context: StepContext;
  onEvent: OnEvent;
  /** Keep the weights of every `finetune`; else they go when the plan is done. */
  keepModels: boolean;
}

export async function runPlan(plan: Plan, options: RunnerOptions): Promise<void> {
  const { store } = options.context;
  const done = await Promise.all(plan.steps.map(({ hash }) => store.readResult(hash)));
  const cached = done.filter((result) => result !== null).length;
  const todo = plan.steps.filter((_, i) => done[i] === null).map(describe);
  options.onEvent({ type: 'plan', steps: plan.steps.length, cached, todo });
  if (cached === plan.steps.length) return finish(plan, options);
  await checkData(
    options,
    plan.steps.filter((_, i) => done[i] === null),
  );
  const runner = new Runner(plan, options);
  for (const step of plan.steps) await runner.ensure(step, 'result');
  await finish(plan, options);
}

async function finish(plan: Plan, { context, keepModels }: RunnerOptions): Promise<void> {
  if (keepModels) return keepEveryModel(plan, context.store);
  for (const step of plan.steps) await dropModel(context.store, step);
}

/** Reads all rows that will be needed: a bad one in the last file is told before the first hour of training. */
async function checkData({ context, onEvent }: RunnerOptions, steps: readonly PlanStep[]): Promise<void> {
  if (steps.length === 0) return;
  const { readRows } = await import('../steps/rows.js');
  const { checkFeatures } = await import('../steps/features.js');
  await checkLosses(steps);
  const telling = { ...context, onData: dataTeller(onEvent) };
  for (const { spec } of steps) {
    const rows = await readRows(telling, spec);
    if (rows !== null) await checkFeatures(telling, spec, rows);
  }
}

/** A loss of the user's own is tried before the first step, not when its student's turn comes. */
async function checkLosses(steps: readonly PlanStep[]): Promise<void> {
  const [{ checkGradient }, { boundLoss }, { classCount }] = await Promise.all([
    import('../tasks/gradientCheck.js'),
    import('../tasks/loss.js'),
    import('../steps/rows.js'),
  ]);
  for (const { spec } of steps) {
    if (spec.kind !== 'finetune' || spec.objective.loss !== 'custom') continue;
    checkGradient(boundLoss(spec.objective), classCount(spec.reading));
  }
}

/** Tells once of each file with bad rows, and once of each part that is too small. */
function dataTeller(onEvent: OnEvent): StepContext['onData'] {
  const told = new Set<string>();
  const once = (what: string, tell: () => void): void => {
    if (!told.has(what)) tell();
    told.add(what);
  };
  return ({ file, role, skipped, firstProblem = '', tooFew }) => {
    if (skipped > 0) once(file, () => onEvent({ type: 'data', file, role, skipped, firstProblem }));
    if (tooFew) once(`${file} ${tooFew.part}`, () => onEvent({ type: 'few-rows', ...tooFew }));
  };
}

class Runner {
  private readonly steps: ReadonlyMap<StepHash, PlanStep>;

  constructor(
    plan: Plan,
    private readonly options: RunnerOptions,
  ) {
    this.steps = new Map(plan.steps.map((step) => [step.hash, step]));
  }

  /** Sees to it that a step is done, and, if asked for, that its weights are there. */
  async ensure(step: PlanStep, wanted: 'result' | 'model'): Promise<void> {
    const { context, onEvent } = this.options;
    const about = describe(step);
    throwIfAborted(context.signal);
    if (await this.isThere(step, wanted)) {
      if (wanted === 'result') onEvent({ type: 'step-cached', ...about });
      return;
    }
    const lock = await context.store.acquire(step.hash, {
      signal: context.signal,
      onWait: ({ pid, host }) => onEvent({ type: 'step-wait', pid, host, ...about }),
    });
    try {
      // Whoever held the lock before may have done it.
      if (await this.isThere(step, wanted)) onEvent({ type: 'step-cached', ...about });
      else await this.run(step);
    } finally {
      await lock.release();
    }
  }

  private async isThere(step: PlanStep, wanted: 'result' | 'model'): Promise<boolean> {
    const { store } = this.options.context;
    if ((await store.readResult(step.hash)) === null) return false;
    return wanted === 'result' || store.hasModel(step.hash);
  }

  private async run(step: PlanStep): Promise<void> {
    const { onEvent } = this.options;
    const about = describe(step);
    await this.modelsFor(step);
    onEvent({ type: 'step-start', ...about });
    const skippedRows: SkippedRows = {};
    const context: StepContext = {
      ...this.options.context,
      onNote: (note) => onEvent({ type: 'note', ...about, ...note }),
      onProgress: (progress) => onEvent({ type: 'progress', ...about, ...progress }),
      onData: ({ role, skipped }) => {
        if (skipped > 0) skippedRows[role] = skipped;
      },
    };
    const { result, timing } = await this.attempt(step, context);
    if (Object.keys(skippedRows).length > 0) result.skippedRows = skippedRows;
    await writeStepFile(context, step);
    await context.store.writeTiming(step.hash, timing);
    await context.store.writeResult(step.hash, result);
    onEvent({ type: 'step-done', ...about, seconds: timing.seconds, ...shown(result) });
  }

  /** Weights of finished steps may have been dropped: they are trained again, to the same bits. */
  private async modelsFor({ spec }: PlanStep): Promise<void> {
    const weights = weightsOf(spec);
    const trained = weights === null ? undefined : this.steps.get(weights);
    if (trained) await this.ensure(trained, 'model');
  }

  /** Another process may drop a model between our look and our reading: then once more. */
  private async attempt(step: PlanStep, context: StepContext): ReturnType<typeof runStep> {
    try {
      return await runStep(context, step.spec, step.hash);
    } catch (error) {
      if (!isW2sError(error) || !(await this.lacksModel(step))) throw error;
      await this.modelsFor(step);
      return runStep(context, step.spec, step.hash);
    }
  }

  private async lacksModel({ spec }: PlanStep): Promise<boolean> {
    const weights = weightsOf(spec);
    return weights !== null && !(await this.options.context.store.hasModel(weights));
  }
}

/** The step whose weights a step runs; null: none, or those of a folder. */
function weightsOf(spec: StepSpec): StepHash | null {
  return 'model' in spec && spec.model.from === 'step' ? spec.model.step : null;
}

function describe({ role, seed, hash, spec }: PlanStep) {
  return { role, seed, hash, kind: spec.kind };
}

function shown(result: AnyResult): { n: number; accuracy: number | null; truncated: number } {
  return {
    n: 'n' in result ? result.n : result.examples,
    accuracy: 'accuracy' in result ? result.accuracy : null,
    truncated: 'truncated' in result ? result.truncated : 0,
  };
}

/** Steps that no model runs in: the addon need not be there, but for a logistic filter's fit. */
const NATIVE_FREE: ReadonlySet<StepSpec['kind']> = new Set(['grade', 'relabel', 'simulate']);

async function writeStepFile(context: StepContext, { hash, spec }: PlanStep): Promise<void> {
  const fits = spec.kind === 'relabel' && spec.method.name === 'logistic';
  const isFree = (NATIVE_FREE.has(spec.kind) && !fits) || ('model' in spec && spec.model.from === 'probe');
  const libtorch = isFree ? null : (await context.engine()).binding.buildInfo().builtFor;
  await context.store.writeStep(hash, canonicalJson(spec), { package: packageVersion(), libtorch });
}

/** A marker beside the weights: another plan that shares the step and keeps nothing leaves them alone. */
const KEEP = 'keep';

async function keepEveryModel(plan: Plan, store: Store): Promise<void> {
  const { writeAtomically } = await import('../store/index.js');
  for (const { hash, spec } of plan.steps) {
    if (spec.kind === 'finetune' && (await store.hasModel(hash))) {
      await writeAtomically(`${store.stepFolder(hash)}/${KEEP}`, '');
    }
  }
}

async function dropModel(store: Store, { hash, spec }: PlanStep): Promise<void> {
  if (spec.kind !== 'finetune' || !(await store.hasModel(hash))) return;
  const { existsSync } = await import('node:fs');
  if (!existsSync(`${store.stepFolder(hash)}/${KEEP}`)) await store.removeModel(hash);
}
