/** How many tokens are computed at once: what was asked for, what was found, and what is left where memory ran out, of
 * them and of recorded steps. */

import { MICRO_BATCH_TOKENS } from '../config/keys.js';
import type { NativeTrainer, PackedSequences, ScoreResult } from '../native/binding.js';
import { PAIR, sequencesOf } from '../tasks/preference.js';
import { gather } from './batches.js';
import type { Machine } from './checkpoint.js';
import type { Engine, StepContext } from './context.js';
import { countExamples, type TrainingSet } from './trainLoop.js';

/** To be scored, which needs little memory; where it is too much it is halved. */
const SCORED_ON_GPU = 32_768;

/** Most tokens in a micro-batch that is scored, or trained on where nothing was tried out. */
export function tokensAtOnce(
  { microBatchTokens }: Pick<StepContext, 'microBatchTokens'>,
  { device }: Pick<Engine, 'device'>,
): number {
  if (microBatchTokens !== 'auto') return microBatchTokens;
  // On a CPU more tokens at once make nothing faster: `bench` shows it.
  return device === 'cpu' ? MICRO_BATCH_TOKENS : SCORED_ON_GPU;
}

/** Takes over a budget that became smaller because memory ran out, and warns of it once. */
export function takeOverBudget(
  { onNote }: Pick<StepContext, 'onNote'>,
  machine: Pick<Machine, 'microBatchTokens'>,
  { microBatchTokens: left }: Pick<NativeTrainer | ScoreResult, 'microBatchTokens'>,
): void {
  if (left >= machine.microBatchTokens) return;
  onNote({
    level: 'warning',
    message: `Memory ran out with micro-batches of ${machine.microBatchTokens} tokens; going on with ${left}`,
    hint: `To begin with that, type --micro-batch-tokens ${left}`,
  });
  machine.microBatchTokens = left;
}

/** Takes over that steps are not recorded any more, and warns of it once. */
export function takeOverRecording(
  { onNote }: Pick<StepContext, 'onNote'>,
  machine: Pick<Machine, 'cudaGraphs'>,
  { records }: Pick<NativeTrainer, 'records'>,
): void {
  if (records || !machine.cudaGraphs) return;
  onNote({
    level: 'warning',
    message:
      'Going on without CUDA graphs: memory ran out, or the attention of this model on this device takes no offsets',
    hint: 'To begin with that, type --no-cuda-graphs',
  });
  machine.cudaGraphs = false;
}

/** The longest examples of a set, as many as an optimizer batch has: no batch has more tokens. */
export function longestBatch(set: TrainingSet, batchSize: number): PackedSequences {
  const { offsets } = set.sequences;
  const group = set.paired ? PAIR : 1;
  const length = (example: number) => (offsets[(example + 1) * group] ?? 0) - (offsets[example * group] ?? 0);
  const order = Uint32Array.from({ length: countExamples(set) }, (_, i) => i).sort(
    (a, b) => length(b) - length(a),
  );
  const longest = order.subarray(0, batchSize);
  return gather(set.sequences, set.paired ? sequencesOf(longest) : longest);
}
