/** One step, whatever its kind. */

import type { StepSpec } from '../experiments/plan.js';
import type { StepTiming } from '../store/index.js';
import type { StepContext } from './context.js';
import type { AnyResult } from './results.js';

export interface StepOutcome<Result extends AnyResult = AnyResult> {
  result: Result;
  timing: StepTiming;
}

/** Runs a step. Whoever calls holds its lock, and writes the result. */
export async function runStep(context: StepContext, spec: StepSpec, hash: string): Promise<StepOutcome> {
  switch (spec.kind) {
    case 'finetune':
      return (await import('./finetune.js')).finetune(context, spec, hash);
    case 'label':
      return (await import('./label.js')).label(context, spec, hash);
    case 'evaluate':
      return (await import('./evaluate.js')).evaluate(context, spec, hash);
    case 'grade':
      return (await import('./grade.js')).grade(context, spec, hash);
    case 'features':
      return (await import('./features.js')).features(context, spec, hash);
    case 'probe':
      return (await import('./probe.js')).probe(context, spec, hash);
    case 'relabel':
      return (await import('./relabel.js')).relabel(context, spec, hash);
    case 'generate':
      return (await import('./generate.js')).generate(context, spec, hash);
    case 'simulate':
      return (await import('./simulate.js')).simulate(context, spec, hash);
    case 'rank':
      return (await import('./rank.js')).rank(context, spec, hash);
  }
}
