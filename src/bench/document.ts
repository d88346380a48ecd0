/** The document of `bench --json`: `w2s-native/bench@1`. Fields may be added, never renamed. */
import type { ProfilePart } from '../native/measuring.js';
import type { Spread } from './statistics.js';

/** What it ran on. */
export interface BenchMachine {
  version: string;
  node: string;
  platform: string;
  /** As the system names it. */
  cpu: string;
  /** Cores of the machine; `threads` of them compute. */
  cores: number;
  threads: number;
  /** `cpu` or `cuda:<index>`. */
  device: string;
  /** Of a GPU. */
  deviceName?: string;
  libtorch: string;
  /** Vector instructions that libtorch uses, such as `AVX512`. */
  cpuCapability: string;
  /** What runs large float32 products on this CPU, such as `oneDNN`. */
  float32Products: string;
}

/** A matrix product by itself, in this run: [m, k] · [k, n]. */
export interface MeasuredProduct {
  m: number;
  k: number;
  n: number;
  /** Which of a pass it is, such as `mlp up, by weights`; `square` is none of the model's. */
  what: string;
  /** Median of the repetitions. */
  flopsPerSecond: number;
}

/** The matrix products that a speed is held against. */
export interface ProductReference {
  /** The fastest: what MFU is a share of. */
  fastest: MeasuredProduct;
  /** All of the model's own at this run's sizes, weighed by their operations. */
  ofModel: number;
  measured: readonly MeasuredProduct[];
}

/** A part of a repetition's time. `other` is what no part covers. */
export interface MeasuredPart {
  part: ProfilePart | 'other';
  /** Of one repetition, on average. */
  ms: number;
  share: number;
}

/** Training or labelling with one model. */
export interface BenchRun {
  what: 'train' | 'label';
  model: string;
  family: string;
  parameters: number;
  dtype: 'f32' | 'bf16';
  head: 'linear' | 'lm';
  /** Of `train`. */
  loss?: string;
  optimizer?: string;
  microBatchTokens: number;
  sharePrefixes: boolean;
  /** Of `train`. */
  cudaGraphs?: boolean;
  /**
   * Of `train` with `cudaGraphs`: backward passes of all repetitions that were measured that were launched as a whole.
   * 0 where nothing was: on a CPU, of a model or batch that is computed as it comes.
   */
  replays?: number;
  workload: {
    /** `--lengths`, or the data set's name. */
    name: string;
    /** Means of one repetition: an optimizer step of `train`, a call of `label`. */
    examples: number;
    sequences: number;
    tokens: number;
    longest: number;
    /** Sequences of the whole list that were cut to the model's context. */
    truncated: number;
  };
  /** Repetitions that were measured, after those of the warm-up. */
  repetitions: number;
  warmUp: number;
  msPerStep: Spread;
  tokensPerSecond: Spread;
  examplesPerSecond: Spread;
  /** Processor time of one repetition, all threads together. */
  cpuMsPerStep: number;
  peakMemory: { bytes: number; of: 'resident set' | 'device' };
  parts: readonly MeasuredPart[];
  /** Of one repetition, on average (formulas: src/bench/flops.ts). */
  flops: {
    /** Every real token through every matrix, and attention. */
    model: number;
    modelProducts: number;
    modelAttention: number;
    /** Products that the engine counted. */
    executedProducts: number;
  };
  product: ProductReference;
  /** Model FLOPs a second, as a share of the fastest product measured. */
  mfu: number;
  /** Executed products a second, as a share of the same. */
  executedUtilisation: number;
}

/** One kernel, plain and fused. */
export interface BenchKernel {
  kernel: string;
  shape: string;
  dtype: 'f32' | 'bf16';
  plainMs: number;
  fusedMs: number;
  /** plain ÷ fused. */
  speedup: number;
  /** Bytes read and written at least, by the fused kernel's time. */
  gigabytesPerSecond: number;
}

export interface BenchDocument {
  schema: 'w2s-native/bench@1';
  machine: BenchMachine;
  runs: readonly BenchRun[];
  kernels: readonly BenchKernel[];
}
