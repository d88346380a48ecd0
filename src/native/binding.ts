/**
 * The addon's exports, as TypeScript sees them. `bindingShape` repeats the names as values, so that a
 * test can compare them with what the loaded addon really exports.
 *
 * Shapes: B sequences, N tokens in all, K outputs of a head, T target tokens in all, D hidden size.
 * Every asynchronous call runs in the order of its making on the one job thread of its device, and
 * rejects with an `Error` that carries `code`, `hint` and `trace` (see `../errors.ts`).
 */

import type { KernelResult, KernelRun } from './kernels.js';
import type { DeviceMemory, MeasureProductOptions, NativeProfile } from './measuring.js';
import type { NativeTrainer, NativeTrainerOptions } from './training.js';

export type * from './training.js';

/** Sequences laid end to end, without padding. */
export interface PackedSequences {
  /** Token ids [N]. */
  tokens: Int32Array;
  /** Where each sequence begins, and the end of the last [B + 1]. */
  offsets: Int32Array;
  /**
   * Index within each sequence of its first target token [B], at least 1. Everything before it is read
   * only. Absent: 1, every token but the first is a target. Used by token read-outs (`lm`, `likelihood`).
   */
  targetStarts?: Int32Array;
}

/** Number format of the computation; master weights, heads and losses are f32 in both. */
export type Dtype = 'f32' | 'bf16';

/**
 * What is read from a sequence. `lm`: log-probabilities of the target tokens. `classifier` and `scalar`:
 * a linear map of the last token's final hidden state. `likelihood`: two logits [0, z] with
 * z = scale · log p(targets) + bias. `tokens`: what the language model says of K answer tokens after the last
 * one, read through live rows of the unembedding, which are trained with the rest; it has no weights of its own.
 */
export type HeadKind = 'lm' | 'classifier' | 'scalar' | 'likelihood' | 'tokens';

/**
 * Among which tokens a `tokens` head chooses. `restricted`: the K answers, logits = h · unembedding[tokens]ᵀ.
 * `full`: the whole vocabulary; logits are log-probabilities, and cross-entropy takes them as they are.
 */
export type AnswerVocabulary = 'restricted' | 'full';

export interface NativeModelOptions {
  /** A Hugging Face folder with config.json and safetensors. */
  folder: string;
  /** `cpu`, `cuda` or `cuda:<index>`. */
  device: string;
  dtype: Dtype;
  head: HeadKind;
  /** Classes K of a `classifier`; ignored for the others. */
  labels?: number;
  /**
   * Rows of the unembedding that a fresh classifier starts from [K]; absent: zeros. The answer tokens of a
   * `tokens` head [K], all different.
   */
  headTokens?: Int32Array;
  /** Of a `tokens` head; `restricted` unless given. */
  vocabulary?: AnswerVocabulary;
  /** CPU threads of the job thread. */
  threads: number;
  /** Only deterministic kernels. */
  deterministic?: boolean;
  /** Run the decoder by autograd and plain ATen instead of its hand-written pass: what tests compare it with. */
  reference?: boolean;
  /** The kernels of another CUDA library than the one beside the addon; for tests (`test/native/cuda-emulation`). */
  cudaLibrary?: string;
  /** On the CPU: the reference's kernels, whose attention reads offsets alone, as those of a GPU do; for tests. */
  attentionOverOffsets?: boolean;
  /** Time the parts of every pass; on a GPU this waits for it at the end of each. */
  profile?: boolean;
}

/** What was loaded. */
export interface NativeModelInfo {
  family: string;
  parameters: number;
  layers: number;
  hiddenSize: number;
  vocabularySize: number;
  contextLength: number;
  /** H: query heads. */
  heads: number;
  /** G: key-value heads. */
  kvHeads: number;
  /** E: dimensions of one head. */
  headSize: number;
  /** F: size of the MLP. */
  mlpSize: number;
  /** The MLP has three matrices, not two. */
  mlpGated: boolean;
  /** Tokens that a query of each layer sees, itself included; 0: all before it. */
  windows: number[];
  /** K: logits per sequence (1 for `scalar`, 2 for `likelihood`, 0 for `lm`). */
  outputs: number;
  /** `folder` when the folder brought this head's weights. */
  headFrom: 'folder' | 'fresh';
}

/** How sequences are scored. */
export interface ScoreOptions {
  /**
   * `head` (default) reads the model's own head, `lm` the language model below it. A classifier or scalar keeps
   * an untied unembedding out of memory: there `lm` rejects with ERR_WEIGHTS.
   */
  readout?: 'head' | 'lm';
  /** Most tokens in one micro-batch. Changes speed, never a result beyond rounding. */
  microBatchTokens: number;
  /**
   * What several sequences of a micro-batch begin with is computed once. Changes speed, never a result beyond rounding;
   * false unless given.
   */
  sharePrefixes?: boolean;
  /** For tests: memory is said to run out in micro-batches of more tokens. */
  failAfterTokens?: number;
  cancel?: NativeCancelToken;
  /** Called with the number of sequences done; calls may be merged, the last one never is lost. */
  onProgress?: (done: number) => void;
}

/** What was read from each sequence. */
export interface ScoreResult {
  /** [B · K], row by row; empty for `lm`. */
  logits: Float32Array;
  /** Log-probability of each target token [T]; empty for a classifier or scalar. */
  logProbabilities: Float32Array;
  /** The likeliest token at each target position [T]; empty for a classifier or scalar. */
  argmax: Int32Array;
  /** Where each sequence's targets begin in the two arrays above [B + 1]. */
  targetOffsets: Int32Array;
  /** Most tokens that a micro-batch had: the option's, or half as many since memory ran out, or half of that. */
  microBatchTokens: number;
}

/** How prompts are continued. */
export interface GenerateOptions {
  /**
   * Tokens drawn for one continuation at most, its stop token included. A continuation also ends where prompt
   * and continuation fill the model's context; a prompt that fills it alone gets none.
   */
  maxNewTokens: number;
  /** Any of these ends a continuation and is not part of it; may be empty. */
  stopTokens: Int32Array;
  /** Stop tokens are not drawn before this many others; 0 unless given. */
  minNewTokens?: number;
  /** What logits are divided by before a token is drawn; 0: the likeliest token, without chance. */
  temperature: number;
  /** Draw from the likeliest tokens whose probabilities reach this sum, above 0; 1 (all) unless given. */
  topP?: number;
  /** Continuations of each prompt; 1 unless given. */
  samples?: number;
  /**
   * Draws of continuation s of prompt b depend on this, b and s alone: not on `samples`, micro-batches or other
   * prompts. 0 unless given.
   */
  seed?: number;
  /** Most places for tokens in the cache of keys and values. Changes speed, never a result beyond rounding. */
  microBatchTokens: number;
  cancel?: NativeCancelToken;
  /** Called with the number of continuations done; calls may be merged, the last one never is lost. */
  onProgress?: (done: number) => void;
}

/** Continuations, prompt by prompt and sample by sample: S = B · samples of them. */
export interface GenerateResult {
  /** Token ids without stop tokens, end to end. */
  tokens: Int32Array;
  /** Where each continuation begins, and the end of the last [S + 1]. */
  offsets: Int32Array;
  /** 1 where a stop token ended a continuation, 0 where length did [S]. */
  stopped: Uint8Array;
  /** Log-probability of each token under the model itself: at temperature 1, not cut by `topP`. */
  logProbabilities: Float32Array;
  /** Log-probability of the likeliest token at each place minus that of the second. */
  margins: Float32Array;
}

/** z = scale · log p(targets) + bias, of a `likelihood` head. */
export interface LikelihoodCalibration {
  scale: number;
  bias: number;
}

/** A loaded model, as the addon hands it out. */
export interface NativeModel {
  readonly info: NativeModelInfo;
  /** What the head, or the language model below it, says of each sequence. */
  score(sequences: PackedSequences, options: ScoreOptions): Promise<ScoreResult>;
  /** Final hidden state (after the last norm) of each sequence's last token [B · D]. */
  hidden(sequences: PackedSequences, options: ScoreOptions): Promise<Float32Array>;
  /** Continues prompts by the language model; for heads `lm` and `likelihood`, else rejects with ERR_ARGUMENT. */
  generate(prompts: PackedSequences, options: GenerateOptions): Promise<GenerateResult>;
  /** Scale and bias of a `likelihood` head. */
  setLikelihood(calibration: LikelihoodCalibration): Promise<void>;
  /** What `setLikelihood` or the folder said last. */
  likelihood(): Promise<LikelihoodCalibration>;
  /** Names of all parameters, as in the folder's safetensors, plus the head's. */
  parameterNames(): string[];
  /** A copy of one parameter. */
  parameter(name: string): Promise<{ shape: number[]; values: Float32Array }>;
  /** Overwrites a parameter; used by tests and for fresh weights. */
  setParameter(name: string, values: Float32Array): Promise<void>;
  /** Writes config.json and model.safetensors; the tokenizer's files are the caller's to copy. */
  save(folder: string, dtype: Dtype): Promise<void>;
  /** Since it was loaded or reset, of calls made before this one. */
  profile(): Promise<NativeProfile>;
  /** Sets the profile to zeros. */
  resetProfile(): Promise<void>;
  /** Frees the weights; later calls reject with ERR_DISPOSED. */
  dispose(): void;
}

/** Polled between micro-batches; a cancelled call rejects with ERR_ABORTED. */
export interface NativeCancelToken {
  /** Takes effect at the next poll. */
  cancel(): void;
}

export interface CudaDevice {
  index: number;
  name: string;
  computeCapability: string;
  totalMemory: number;
  freeMemory: number;
  bf16: boolean;
}

export interface NativeBuildInfo {
  /** libtorch that this binary was compiled against, such as `2.13.0`. */
  builtFor: string;
  /** Vector instructions that libtorch uses here, such as `AVX512`. */
  cpuCapability: string;
  /** What runs large float32 products on this CPU: `oneDNN`, `MKL` or `BLAS`. */
  float32Products: string;
  compiler: string;
}

/** Features and labels of a linear probe, and how it is fitted. */
export type LinearFitOptions = {
  /** [N · D], row by row. */
  features: Float32Array;
  /** D. */
  dimension: number;
  /** Target probabilities [N · K]; a row times a weight gives its example that weight. */
  targets: Float32Array;
  /** K, at least 2. */
  classes: number;
  /** λ of (λ/2) ‖W‖², added to the mean cross-entropy; the bias is not penalised. */
  l2: number;
  /** CPU threads of the job thread. */
  threads: number;
  /** Polled at every step. */
  cancel?: NativeCancelToken;
} & (
  | {
      /** β 0.9 and 0.999, ε 1e-8. */
      method: 'adam';
      lr: number;
      epochs: number;
      batchSize: number;
      /** Rows as they are visited [epochs · N]; the last batch of an epoch may be smaller. */
      order: Uint32Array;
    }
  | {
      method: 'lbfgs';
      maxIterations: number;
      /** Done where no entry of the gradient is larger. */
      tolerance: number;
    }
);

/** A fitted linear probe: logits = W x + b. */
export interface LinearFit {
  /** W [K · D], row by row. */
  weight: Float32Array;
  /** b [K]. */
  bias: Float32Array;
  /** Mean cross-entropy over all rows, and the penalty, at the end. */
  loss: number;
  /** Optimizer steps of Adam, iterations of L-BFGS. */
  iterations: number;
}

/** How sequences are laid out, without computing anything. */
export interface PackOptions {
  /** What is read of a sequence: its last token, or every token before a target. */
  reading: 'last-token' | 'targets';
  microBatchTokens: number;
  /** So many consecutive sequences stay in one micro-batch; 1 unless given. */
  group?: number;
  /** Beginnings that several sequences have are computed once; false unless given. */
  sharePrefixes?: boolean;
  /** Rows of a micro-batch are padded to a multiple of this; 1 unless given. */
  roundRowsTo?: number;
  /** Filled up to a fixed shape (`native/nn/fixed_shape.h`) for a model of this context length; without sharing. */
  fixedShapeContext?: number;
}

/** What each query of a micro-batch sees: see `native/nn/attention_layout.h`. */
export interface AttentionLayout {
  /** First own row, own rows, rows before them and tree of each branch [4 · branches]. */
  branches: Int32Array;
  /** First row and rows of each run [2 · runs]. */
  runs: Int32Array;
  /** Where each branch's runs begin, and the end of the last. */
  runOffsets: Int32Array;
  /** Where each branch's queries begin, and the end of the last. */
  queryOffsets: Int32Array;
  /** Place of each query on its branch's path. */
  queryPlaces: Int32Array;
  /** Rows of keys for kernels that take offsets, branch by branch; absent: the first rows, in order. */
  keyRows?: Int32Array;
  /** Where each branch's keys begin among them, and the end of the last. */
  keyOffsets: Int32Array;
  /** Whether each branch's queries are the last of those keys. */
  trailing: boolean;
}

/** One micro-batch as `packMicroBatches` lays it out: see `native/nn/packed.h`. */
export interface PackedMicroBatch {
  /** Indices of its sequences. */
  sequences: Int32Array;
  /** Of each row, padding included. */
  tokens: Int32Array;
  positions: Int32Array;
  /** Rows at the end that nobody asked for. */
  paddingRows: number;
  /** In a fixed shape: the longest sequence that kernels are told of, and bytes of all arrays. */
  longest?: number;
  bytes?: number;
  /** Target tokens, sequence by sequence, and how many each has. */
  targets: Int32Array;
  targetCounts: Int32Array;
  /** Rows that are read, and which of them each last token or target reads. */
  readRows: Int32Array;
  reads: Int32Array;
  all: AttentionLayout;
  read: AttentionLayout;
}

/** What `checkAttention` looks at: one micro-batch of all sequences, with random queries, keys and values. */
export interface AttentionCheckOptions {
  reading: 'last-token' | 'targets';
  sharePrefixes?: boolean;
  roundRowsTo?: number;
  heads: number;
  /** Key-value heads; divides `heads`. */
  keyHeads: number;
  headSize: number;
  /** Tokens that a query sees, itself included; 0: all before it. */
  window?: number;
}

/** Which CUDA kernel one call would take. */
export type AttentionPath = 'flash' | 'efficient' | 'plain';

export interface AttentionCheck {
  /** By dtype; `…Old`: on a GPU before compute capability 8. */
  paths: { f32: AttentionPath; bf16: AttentionPath; f32Old: AttentionPath; bf16Old: AttentionPath };
  /**
   * Largest differences between a plain kernel that is called as the CUDA kernels are, over offsets, and the plain
   * attention over the layout itself. Absent where the queries do not trail.
   */
  differences?: { out: number; dQ: number; dK: number; dV: number };
}

export interface NativeBinding {
  buildInfo(): NativeBuildInfo;
  /** Opens the CUDA library beside the addon; throws ERR_DEVICE with the reason where that fails. */
  cudaDevices(): CudaDevice[];
  loadModel(options: NativeModelOptions): Promise<NativeModel>;
  createTrainer(model: NativeModel, options: NativeTrainerOptions): NativeTrainer;
  /** Multinomial logistic regression with bias, from zeros, in double precision on the CPU. */
  fitLinear(options: LinearFitOptions): Promise<LinearFit>;
  /** The micro-batches that scoring and training would make of sequences; for tests. */
  packMicroBatches(sequences: PackedSequences, options: PackOptions): PackedMicroBatch[];
  /** One kernel on given numbers: see `KernelRun`. Rejects with ERR_ARGUMENT where an input is missing. */
  runKernel(options: KernelRun): Promise<KernelResult>;
  /** Seconds that one product takes, by repetition; a warm-up comes before. */
  measureProduct(options: MeasureProductOptions): Promise<number[]>;
  /** Of a CUDA device; with `reset` its peak begins anew after this. */
  deviceMemory(device: string, reset: boolean): Promise<DeviceMemory>;
  /** What CUDA would do for attention in that micro-batch, computed on the CPU; for tests. */
  checkAttention(
    sequences: PackedSequences,
    options: AttentionCheckOptions,
  ): { all: AttentionCheck; read: AttentionCheck };
  /**
   * Every loss, and forward and backward passes of a trainer of the model in that folder: those that read a value on
   * the host, for which a GPU's whole queue would have to run dry, by name and with what read it. The last two do so on
   * purpose. For tests.
   */
  checkWaits(folder: string): string[];
  createCancelToken(): NativeCancelToken;
  /** Stops and joins this environment's threads; later calls reject. */
  shutdown(): void;
}

type Names<T> = readonly (keyof T & string)[];

/** The same names as values; `test/native/exports.test.ts` holds them against the addon. */
export const bindingShape = {
  binding: [
    'buildInfo',
    'cudaDevices',
    'loadModel',
    'createTrainer',
    'fitLinear',
    'packMicroBatches',
    'runKernel',
    'measureProduct',
    'deviceMemory',
    'checkAttention',
    'checkWaits',
    'createCancelToken',
    'shutdown',
  ],
  model: [
    'info',
    'score',
    'hidden',
    'generate',
    'setLikelihood',
    'likelihood',
    'parameterNames',
    'parameter',
    'setParameter',
    'save',
    'profile',
    'resetProfile',
    'dispose',
  ],
  trainer: [
    'microBatchTokens',
    'replays',
    'records',
    'forward',
    'backward',
    'forwardBackward',
    'step',
    'findMicroBatchTokens',
    'gradient',
    'checkFinite',
    'saveCheckpoint',
    'loadCheckpoint',
    'dispose',
  ],
  cancelToken: ['cancel'],
} as const satisfies {
  binding: Names<NativeBinding>;
  model: Names<NativeModel>;
  trainer: Names<NativeTrainer>;
  cancelToken: Names<NativeCancelToken>;
};
