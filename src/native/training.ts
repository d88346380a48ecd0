/** The addon's trainers, as TypeScript sees them: a part of `binding.ts`, which exports all of it. */
import type { NativeCancelToken, PackedSequences } from './binding.js';

/** `muon` updates matrices, and leaves the rest to AdamW. */
export type OptimizerKind = 'adamw' | 'adam' | 'muon';

/** How weights are updated. */
export interface NativeTrainerOptions {
  optimizer: OptimizerKind;
  weightDecay: number;
  /** Largest global gradient norm; 0: no clipping. */
  clip: number;
  microBatchTokens: number;
  /** As in `ScoreOptions`. */
  sharePrefixes?: boolean;
  /**
   * Small micro-batches are filled up to one of a few shapes, and from the second of a shape on launched as a whole
   * (CUDA graphs). On the CPU, whose kernels take no offsets, nothing comes of it.
   */
  cudaGraphs?: boolean;
  /** For tests: what a device does, on the CPU. Results come late, and nothing is looked at within a step. */
  lateResults?: boolean;
  /** For tests: memory is said to run out in micro-batches of more tokens. */
  failAfterTokens?: number;
  /** For tests: the same in the middle of this recording, from 1 on. */
  failRecording?: number;
}

/** What losses over classes have in common. */
interface ClassTargets {
  /**
   * Target probabilities [B · K]. A row times an example's weight gives its term that weight; the loss is divided
   * by B all the same.
   */
  targets: Float32Array;
  /**
   * So many consecutive sequences form one example of as many classes, whose logits are their scores (the logit
   * of a `scalar` head, z of a `likelihood`): 2 for pairs. B = sequences / group, K = group. Absent: every
   * sequence is an example of the head's K classes.
   */
  group?: number;
}

/**
 * Losses with kernels of their own (equations: docs/method.md). `alpha` of `confidence` and `entropy` is this
 * step's α_k. `lm` is the mean over all target tokens of the optimizer batch; completions differ from whole texts
 * only in `targetStarts`.
 */
export type NativeObjective =
  | ({ loss: 'xent' } & ClassTargets)
  | ({
      loss: 'confidence';
      alpha: number;
      /** A number: what P(label 1) must reach to count as positive. */
      threshold: 'half' | 'weak-mean' | number;
    } & ClassTargets)
  | ({ loss: 'product'; alpha: number; beta: number } & ClassTargets)
  | ({ loss: 'reverse-kl' } & ClassTargets)
  | ({
      loss: 'window';
      /** From 0 to ½; `median`: the half of the batch of which the student is least sure. */
      radius: number | 'median';
    } & ClassTargets)
  | ({ loss: 'entropy'; alpha: number } & ClassTargets)
  | ({
      loss: 'adaptive-confidence';
      /** τ > 0. */
      temperature: number;
    } & ClassTargets)
  | { loss: 'lm' };

/** A backward pass, seen before the update. */
export interface BackwardResult {
  /** The whole optimizer batch's objective before the update. */
  loss: number;
  /** Of each sequence, before the update (with groups: an example's one after another); empty for `lm`. */
  logits: Float32Array;
  /** Of `lm`: sequences whose every target token was the likeliest before the update; 0 for other losses. */
  exactMatches: number;
}

/** Learning rates of one optimizer step. */
export interface StepOptions {
  /** Learning rate of the trunk (of its matrices under `muon`). */
  lr: number;
  /** Learning rate of the head (under `muon`: of everything that is not a trunk matrix, by AdamW). */
  headLr: number;
}

/** What is computed of the sequences whose micro-batches are tried out. */
export interface MicroBatchSearch {
  /** The loss is that of the language model; else one of the head's logits. */
  languageModel: boolean;
  /** Consecutive sequences that form one example. */
  group: number;
}

/** Optimizer and gradients of one model, as the addon hands them out. */
export interface NativeTrainer {
  /** Tokens that a micro-batch may have now: the option's, or less since memory ran out. */
  readonly microBatchTokens: number;
  /** Backward passes that were launched as a whole, once `forwardBackward` or `backward` has settled. */
  readonly replays: number;
  /** Whether small micro-batches are recorded: with `cudaGraphs`, until memory or this model's attention forbids it. */
  readonly records: boolean;
  /** Logits [B · K] of one optimizer batch, remembered for `backward`. */
  forward(batch: PackedSequences, cancel?: NativeCancelToken): Promise<Float32Array>;
  /** Backward pass from the gradient of the loss by the logits of the last `forward` [B · K]. */
  backward(dLogits: Float32Array, cancel?: NativeCancelToken): Promise<void>;
  /** `forward`, a native loss and `backward` in one go. */
  forwardBackward(
    batch: PackedSequences,
    objective: NativeObjective,
    cancel?: NativeCancelToken,
  ): Promise<BackwardResult>;
  /**
   * Clips, updates and clears the gradients; gives the norm before clipping. A norm that is not finite
   * rejects with ERR_NOT_FINITE and leaves the weights as they were; so do, on a GPU, the steps that were called
   * before it was known.
   */
  step(options: StepOptions): Promise<{ gradNorm: number }>;
  /**
   * Runs micro-batches of these sequences, a batch as long as there can be, twice as many tokens each time, until
   * memory runs out or no more are computed in a second; gives the best budget and takes it. Leaves weights and
   * optimizer as they are, and no gradients.
   */
  findMicroBatchTokens(
    batch: PackedSequences,
    options: MicroBatchSearch,
    cancel?: NativeCancelToken,
  ): Promise<number>;
  /** Gradient of a parameter since the last `step`; zeros where it has none. */
  gradient(name: string): Promise<Float32Array>;
  /** Rejects with ERR_NOT_FINITE and the parameter's name if any weight is not finite. */
  checkFinite(): Promise<void>;
  /** Writes weights and optimizer state (float32) into a folder that exists. */
  saveCheckpoint(folder: string): Promise<void>;
  /** Takes up what `saveCheckpoint` wrote. */
  loadCheckpoint(folder: string): Promise<void>;
  /** Frees optimizer state and gradients. */
  dispose(): void;
}
