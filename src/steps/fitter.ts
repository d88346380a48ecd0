/** How a step fits a linear classifier. */

import { W2sError } from '../errors.js';
import type { FitLinear } from '../tasks/relabel/logistic.js';
import type { StepContext } from './context.js';

/** Logistic regression by L-BFGS on the engine's threads. */
export async function fitter(context: StepContext): Promise<FitLinear> {
  await context.engine();
  return () => {
    throw new W2sError('ERR_ARGUMENT', 'Expected a native fit but received none');
  };
}
