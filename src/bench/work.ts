/** One repetition of training or labelling: an optimizer step, or a call that scores some examples. */
import type { BenchConfig } from '../config/bench.js';
import type { NativeModel, NativeObjective, PackedSequences } from '../native/binding.js';
import type { Engine } from '../steps/context.js';
import { modelFlops } from './flops.js';
import {
  countTargets,
  lengthsOf,
  scoringBatch,
  type TargetKind,
  trainingBatch,
  type Workload,
} from './workload.js';

/** What a repetition computes. */
export interface Size {
  /** Real tokens, of all sequences. */
  tokens: number;
  examples: number;
  sequences: number;
  longest: number;
  /** Model FLOPs: products and attention. */
  products: number;
  attention: number;
}

export interface Started {
  size: Size;
  done: Promise<unknown>;
}

export interface Work {
  /** Queues repetition k, which `done` is the end of. */
  start(k: number): Started;
  /** Backward passes so far that were launched as a whole: of training with CUDA graphs, else 0. */
  replays(): number;
  dispose(): void;
}

/** Classes of the linear head. */
export const CLASSES = 2;

type Settings = Pick<
  BenchConfig,
  'batchSize' | 'head' | 'loss' | 'optimizer' | 'microBatchTokens' | 'sharePrefixes' | 'cudaGraphs'
>;

/** Optimizer steps: forward, loss, backward, clipping and update. */
export function trainingWork(
  { binding }: Engine,
  model: NativeModel,
  workload: Workload,
  { batchSize, head, loss, optimizer, microBatchTokens, sharePrefixes, cudaGraphs }: Settings,
): Work {
  const trainer = binding.createTrainer(model, {
    optimizer,
    weightDecay: 0,
    clip: 1,
    microBatchTokens,
    sharePrefixes,
    cudaGraphs,
  });
  const rates = { lr: 1e-5, headLr: 1e-5 };
  return {
    start: (k) => {
      const batch = trainingBatch(workload, k, batchSize, 'all');
      const objective: NativeObjective =
        head === 'lm' ? { loss: 'lm' } : objectiveOf(loss, softTargets(batchSize, k));
      return {
        size: sizeOf(model, batch, batchSize, head, true),
        done: Promise.all([trainer.forwardBackward(batch, objective), trainer.step(rates)]),
      };
    },
    replays: () => trainer.replays,
    dispose: () => trainer.dispose(),
  };
}

/** Scores of at least `batchSize` examples, and of as many as fill a micro-batch: all sequences of each. */
export function labellingWork(
  model: NativeModel,
  workload: Workload,
  { batchSize, head, microBatchTokens, sharePrefixes }: Settings,
): Work {
  const targets: TargetKind = head === 'lm' ? 'answers' : 'all';
  const tokens = workload.examples.flat().reduce((sum, one) => sum + one.tokens.length, 0);
  const perExample = tokens / workload.examples.length;
  const size = Math.max(batchSize, Math.ceil(microBatchTokens / perExample));
  return {
    start: (k) => {
      const batch = scoringBatch(workload, k, size, targets);
      return {
        size: sizeOf(model, batch, size, head, false),
        done: model.score(batch, { microBatchTokens, sharePrefixes }),
      };
    },
    replays: () => 0,
    dispose: () => {},
  };
}

function sizeOf(
  { info }: NativeModel,
  batch: PackedSequences,
  examples: number,
  head: 'linear' | 'lm',
  training: boolean,
): Size {
  const lengths = lengthsOf(batch);
  const [readRows, outputs] =
    head === 'lm' ? [countTargets(batch), info.vocabularySize] : [lengths.length, CLASSES];
  const { products, attention } = modelFlops(info, { lengths, readRows, outputs, training });
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  return { tokens: batch.tokens.length, examples, sequences: lengths.length, longest, products, attention };
}

/** Weak labels of two classes [examples · 2], between sure and unsure. */
function softTargets(examples: number, k: number): Float32Array {
  const targets = new Float32Array(examples * CLASSES);
  for (let i = 0; i < examples; i++) {
    const positive = (((i + k) % 7) + 0.5) / 7;
    targets.set([1 - positive, positive], i * CLASSES);
  }
  return targets;
}

function objectiveOf(loss: BenchConfig['loss'], targets: Float32Array): NativeObjective {
  switch (loss) {
    case 'confidence':
      return { loss, targets, alpha: 0.5, threshold: 'half' };
    case 'product':
      return { loss, targets, alpha: 1, beta: 1 };
    case 'window':
      return { loss, targets, radius: 'median' };
    case 'entropy':
      return { loss, targets, alpha: 0.5 };
    case 'adaptive-confidence':
      return { loss, targets, temperature: 1 };
    default:
      return { loss, targets };
  }
}
