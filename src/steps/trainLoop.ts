/**
 * The training loop, on the low level: one optimizer batch at a time, forward and backward, then a step.
 * It touches no file and reads no clock of its own: results depend on its arguments alone.
 */

import { isW2sError, W2sError } from '../errors.js';
import type { OptimisationSpec } from '../experiments/plan.js';
import type { NativeTrainer, PackedSequences } from '../native/binding.js';
import { batchAccuracy } from '../tasks/classification.js';
import { PAIR, sequencesOf } from '../tasks/preference.js';
import { countSequences, epochOrder, gather, gatherRows } from './batches.js';
import { throwIfAborted } from './context.js';
import type { Objective } from './objective.js';
import { scheduleFactor, stepsPerEpoch, totalSteps } from './schedule.js';

/** What is learned from. */
export interface TrainingSet {
  sequences: PackedSequences;
  /** Target probabilities [n · K]; null where the targets are tokens. */
  targets: Float32Array | null;
  /** K; 0 where the targets are tokens. */
  classes: number;
  /** Every two sequences form an example, the second following the first. Absent: one sequence an example. */
  paired?: true;
}

/** What one optimizer step did. */
export interface StepRecord {
  /** k = 0 … T − 1. */
  step: number;
  total: number;
  /** The whole batch's objective before the update. */
  loss: number;
  /** Global norm before clipping. */
  gradNorm: number;
  /** Learning rate of the trunk. */
  lr: number;
  examples: number;
  tokens: number;
  /** Share of the batch answered as its targets say, before the update; null for whole texts (`lm`). */
  accuracy: number | null;
}

export interface TrainLoopOptions {
  trainer: NativeTrainer;
  set: TrainingSet;
  objective: Objective;
  optimisation: OptimisationSpec;
  seed: number;
  /** The first step to do: 0, or that of a checkpoint. */
  from?: number;
  signal: AbortSignal;
  /**
   * Steps that may be under way at once, so that a GPU never waits for the next; 1 unless given. More is for
   * objectives that call the engine at once. What is told of a step is then told while a later one is computed; a
   * checkpoint waits for all.
   */
  underWay?: number;
  /** Called after each step, in order. */
  onStep(record: StepRecord): void | Promise<void>;
  /** Whether to keep the state that `nextStep` starts from; asked between steps, and once more when aborted. */
  checkpointDue(aborted: boolean): boolean;
  checkpoint(nextStep: number): Promise<void>;
  /** Called after `done` optimizer steps, before the next; false where an interrupt left it undone. */
  check?(done: number): Promise<boolean>;
}

/** Trains to the end and gives T. Throws ERR_NOT_FINITE, or ERR_ABORTED after a last checkpoint. */
export async function trainLoop(options: TrainLoopOptions): Promise<number> {
  const { set, optimisation, seed, signal, underWay = 1 } = options;
  const examples = countExamples(set);
  const total = totalSteps(examples, optimisation);
  const perEpoch = stepsPerEpoch(examples, optimisation.batchSize);
  const begun: Promise<StepRecord>[] = [];
  const settle = async (left: number): Promise<void> => {
    while (begun.length > left) await options.onStep((await begun.shift()) as StepRecord);
  };
  let order: { epoch: number; indices: Uint32Array } | undefined;
  for (let k = options.from ?? 0; k < total; k++) {
    await options.check?.(k);
    await betweenSteps(options, k, settle);
    throwIfAborted(signal);
    const epoch = Math.floor(k / perEpoch);
    if (order?.epoch !== epoch) order = { epoch, indices: epochOrder(seed, epoch, examples) };
    const start = (k % perEpoch) * optimisation.batchSize;
    const step = oneStep(options, order.indices.subarray(start, start + optimisation.batchSize), k, total);
    // Looked at in its turn: until then a failure is nobody's.
    step.catch(() => {});
    begun.push(step);
    await settle(underWay - 1);
  }
  await settle(0);
  await named(total - 1, total, () => options.trainer.checkFinite());
  if (options.check && !(await options.check(total))) {
    await betweenSteps(options, total, settle);
    throwIfAborted(signal);
  }
  return total;
}

/** Keeps the state before step k where that is due; a state with weights that are not finite is never kept. */
async function betweenSteps(
  options: TrainLoopOptions,
  k: number,
  settle: (left: number) => Promise<void>,
): Promise<void> {
  if (k === (options.from ?? 0) || !options.checkpointDue(options.signal.aborted)) return;
  await settle(0);
  await named(k - 1, undefined, () => options.trainer.checkFinite());
  await options.checkpoint(k);
}

/** n: sequences, or pairs of them. */
export function countExamples({ sequences, paired }: TrainingSet): number {
  return countSequences(sequences) / (paired ? PAIR : 1);
}

async function oneStep(
  options: TrainLoopOptions,
  indices: Uint32Array,
  k: number,
  total: number,
): Promise<StepRecord> {
  const { trainer, set, optimisation } = options;
  const batch = gather(set.sequences, set.paired ? sequencesOf(indices) : indices);
  const targets = set.targets && gatherRows(set.targets, set.classes, indices);
  const factor = scheduleFactor(k, total, optimisation);
  const lr = optimisation.lr * factor;
  const update = () => named(k, total, () => trainer.step({ lr, headLr: optimisation.headLr * factor }));
  const scored = named(k, total, () => options.objective(trainer, batch, targets, k, total));
  // Behind it in the engine's queue. Where the first fails, so does the second, and nothing is updated.
  const updated = (options.underWay ?? 1) > 1 ? update() : null;
  updated?.catch(() => {});
  const { loss, logits, exactMatches } = await scored;
  if (!Number.isFinite(loss)) throw notFinite('the loss', k, total);
  const { gradNorm } = await (updated ?? update());
  if (!Number.isFinite(gradNorm)) throw notFinite('the gradient norm', k, total);
  return {
    step: k,
    total,
    loss,
    gradNorm,
    lr,
    examples: indices.length,
    tokens: batch.tokens.length,
    accuracy: accuracyOf(options, targets, logits, exactMatches / indices.length),
  };
}

/** A completion is answered where each of its tokens is the likeliest; whole texts have no answer. */
function accuracyOf(
  { set }: TrainLoopOptions,
  targets: Float32Array | null,
  logits: Float32Array,
  exactShare: number,
): number | null {
  if (targets) return batchAccuracy(logits, targets, set.classes);
  return set.sequences.targetStarts ? exactShare : null;
}

/** Adds the step's number to an ERR_NOT_FINITE of the engine's. */
async function named<T>(k: number, total: number | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isW2sError(error, 'ERR_NOT_FINITE')) throw notFinite(null, k, total, error);
    throw error;
  }
}

function notFinite(what: string | null, k: number, total: number | undefined, cause?: W2sError): W2sError {
  const at = total === undefined ? `step ${k}` : `step ${k} (of 0 to ${total - 1})`;
  const message = cause
    ? `Training diverged at optimizer ${at}, something is not finite: ${cause.message}`
    : `Training diverged at optimizer ${at}: ${what} is not finite`;
  return new W2sError('ERR_NOT_FINITE', message, {
    hint: 'Train with a smaller learning rate, such as --lr 1e-5, or clip gradients: --clip 1',
    ...(cause ? { cause } : {}),
  });
}
