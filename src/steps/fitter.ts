/** How steps fit a linear classifier: on the engine's threads, and not longer than their signal lets them. */

import type { LinearFit, LinearFitOptions } from '../native/binding.js';
import { withSignal } from '../native/index.js';
import type { FitLinear } from '../tasks/relabel/logistic.js';
import type { StepContext } from './context.js';

/** L-BFGS goes on until no entry of the gradient is larger. */
export const LBFGS = { method: 'lbfgs', maxIterations: 1000, tolerance: 1e-6 } as const;

type Without<Options, Keys extends string> = Options extends unknown ? Omit<Options, Keys> : never;

/** What is fitted, and by which method. */
export type LinearFitTask = Without<LinearFitOptions, 'threads' | 'cancel'>;

/** @throws ERR_ABORTED where the step's signal ended it */
export async function fitLinear(context: StepContext, task: LinearFitTask): Promise<LinearFit> {
  const { binding, threads } = await context.engine();
  return withSignal(binding, context.signal, (cancel) =>
    binding.fitLinear({ ...task, threads, ...(cancel ? { cancel } : {}) }),
  );
}

/** Logistic regression by L-BFGS. */
export function fitter(context: StepContext): FitLinear {
  return (task) => fitLinear(context, { ...task, ...LBFGS });
}
