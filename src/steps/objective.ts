/** An objective as the training loop sees it: one optimizer batch forward and backward. */

import { W2sError } from '../errors.js';
import type { FinetuneSpec, ObjectiveSpec } from '../experiments/plan.js';
import type { BackwardResult, NativeObjective, NativeTrainer, PackedSequences } from '../native/binding.js';
import { balancedLabels } from '../tasks/balanced.js';
import { type BoundLoss, boundLoss } from '../tasks/loss.js';
import { PAIR, rewardGradient, rewardsOf } from '../tasks/preference.js';
import { rampedAlpha } from './schedule.js';

/** Loss and logits of optimizer step k of `total`; gradients are left in the trainer. */
export type Objective = (
  trainer: NativeTrainer,
  batch: PackedSequences,
  targets: Float32Array | null,
  k: number,
  total: number,
) => Promise<BackwardResult>;

/**
 * The objective that a spec names.
 * @param balanced the labels of each batch are shifted first, so that their mean is one half
 * @param pairOutputs outputs of the head for each sequence, where every two sequences form an example
 */
export function objectiveFor(
  { objective: spec, balanced }: Pick<FinetuneSpec, 'objective' | 'balanced'>,
  classes: number,
  pairOutputs?: number,
): Objective {
  const objective =
    spec.loss === 'custom'
      ? customObjective(boundLoss(spec), classes, pairOutputs)
      : kernelObjective(spec, pairOutputs);
  if (!balanced) return objective;
  return (trainer, batch, targets, k, total) =>
    objective(trainer, batch, balancedLabels(needed(targets), classes), k, total);
}

/** A loss with a kernel of its own; of pairs it sees the two rewards. */
function kernelObjective(spec: NativeSpec, pairOutputs: number | undefined): Objective {
  return async (trainer, batch, targets, k, total) => {
    const objective = nativeObjective(spec, targets, k, total);
    if (pairOutputs === undefined || objective.loss === 'lm')
      return trainer.forwardBackward(batch, objective);
    const result = await trainer.forwardBackward(batch, { ...objective, group: PAIR });
    return { ...result, logits: rewardsOf(result.logits, pairOutputs) };
  };
}

/** A loss written in TypeScript: native forward, its `apply`, native backward; of pairs it sees the two rewards. */
export function customObjective(loss: BoundLoss, classes: number, pairOutputs?: number): Objective {
  return async (trainer, batch, targets, k, total) => {
    const outputs = await trainer.forward(batch);
    const logits = pairOutputs === undefined ? outputs : rewardsOf(outputs, pairOutputs);
    const result = loss.apply({ logits, targets: needed(targets), classes, progress: k / total });
    const { dLogits } = result;
    if (Number.isFinite(result.loss)) {
      await trainer.backward(pairOutputs === undefined ? dLogits : rewardGradient(dLogits, pairOutputs));
    }
    return { loss: result.loss, logits, exactMatches: 0 };
  };
}

type NativeSpec = Exclude<ObjectiveSpec, { loss: 'custom' }>;

function nativeObjective(
  spec: NativeSpec,
  targets: Float32Array | null,
  k: number,
  total: number,
): NativeObjective {
  if (spec.loss === 'lm' || spec.loss === 'completion') return { loss: 'lm' };
  const common = { targets: needed(targets) };
  switch (spec.loss) {
    case 'confidence': {
      const { loss, threshold } = spec;
      return { ...common, loss, threshold, alpha: rampedAlpha(k, total, spec) };
    }
    case 'entropy':
      return { ...common, loss: spec.loss, alpha: rampedAlpha(k, total, spec) };
    default:
      return { ...common, ...spec };
  }
}

function needed(targets: Float32Array | null): Float32Array {
  if (targets === null)
    throw new W2sError('ERR_ARGUMENT', 'Expected targets for this loss but received none');
  return targets;
}
