/** An objective as the training loop sees it: one optimizer batch forward and backward. */

import { W2sError } from '../errors.js';
import type { ObjectiveSpec } from '../experiments/plan.js';
import type { BackwardResult, NativeObjective, NativeTrainer, PackedSequences } from '../native/binding.js';
import { type BoundLoss, bindLoss, boundLoss } from '../tasks/loss.js';
import { rewardGradient, rewardsOf } from '../tasks/preference.js';
import { crossEntropy } from '../tasks/referenceLosses.js';
import { confidenceAlpha } from './schedule.js';

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
 * @param pairOutputs outputs of the head for each sequence, where every two sequences form an example
 */
export function objectiveFor(spec: ObjectiveSpec, classes: number, pairOutputs?: number): Objective {
  if (pairOutputs !== undefined && spec.loss === 'xent') {
    return customObjective(bindLoss(crossEntropy), classes, pairOutputs);
  }
  if (spec.loss !== 'custom') {
    return (trainer, batch, targets, k, total) =>
      trainer.forwardBackward(batch, nativeObjective(spec, targets, k, total));
  }
  return customObjective(boundLoss(spec), classes, pairOutputs);
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

function nativeObjective(
  spec: Exclude<ObjectiveSpec, { loss: 'custom' }>,
  targets: Float32Array | null,
  k: number,
  total: number,
): NativeObjective {
  switch (spec.loss) {
    case 'xent':
      return { loss: 'xent', targets: needed(targets) };
    case 'confidence': {
      const alpha = confidenceAlpha(k, total, spec);
      const { threshold } = spec;
      if (typeof threshold === 'number') throw notYet(spec.loss);
      return { loss: 'confidence', targets: needed(targets), alpha, threshold };
    }
    case 'lm':
    case 'completion':
      return { loss: 'lm' };
    default:
      throw notYet(spec.loss);
  }
}

function notYet(loss: string): W2sError {
  return new W2sError('ERR_ARGUMENT', `Expected a loss with a kernel but received ${loss}`);
}

function needed(targets: Float32Array | null): Float32Array {
  if (targets === null)
    throw new W2sError('ERR_ARGUMENT', 'Expected targets for this loss but received none');
  return targets;
}
