/** Examples that count more or less than others: a `relabel` step's weights. */

import type { Example } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { ObjectiveSpec } from '../experiments/plan.js';
import { targetMatrix } from '../tasks/classification.js';

/**
 * Target probabilities, each row times its example's weight [N · K]: in the mean of cross-entropies over a batch of B,
 * which is still divided by B, an example of weight w counts w times.
 * @throws ERR_USAGE where examples are weighed and the loss is not linear in its targets
 */
export function weighedTargets(
  rows: readonly Example[],
  classes: number,
  objective: ObjectiveSpec = { loss: 'xent' },
): Float32Array {
  const targets = targetMatrix(
    rows.map((row) => row.label ?? []),
    classes,
  );
  rows.forEach(({ weight }, row) => {
    if (weight === undefined || weight === 1) return;
    if (objective.loss !== 'xent') throw notLinear(objective);
    for (let k = 0; k < classes; k++) targets[row * classes + k]! *= weight;
  });
  return targets;
}

function notLinear(objective: ObjectiveSpec): W2sError {
  const name = objective.loss === 'custom' ? objective.name : objective.loss;
  return new W2sError(
    'ERR_USAGE',
    `Expected the loss xent for labels that a relabelling has weighed but received ${name}: only in cross-entropy does a weighed label count as often as its weight says`,
    { hint: 'Train with cross-entropy, or return no weights: --loss xent' },
  );
}
