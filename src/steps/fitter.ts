/** How a step fits a linear classifier. */

import type { FitLinear } from '../tasks/relabel/logistic.js';
import type { StepContext } from './context.js';

/** L-BFGS goes on until no entry of the gradient is larger. */
const STOP = { method: 'lbfgs', maxIterations: 1000, tolerance: 1e-6 } as const;

/** Logistic regression by L-BFGS on the engine's threads. */
export async function fitter(context: StepContext): Promise<FitLinear> {
  const { binding, threads } = await context.engine();
  return (task) => binding.fitLinear({ ...task, ...STOP, threads });
}
