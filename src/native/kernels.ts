/** Single kernels of the decoder, as the addon runs them for tests and `bench kernels`. */

/** What each query sees: see `native/nn/attention_layout.h`. */
export interface KernelLayout {
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
}

/** Numbers and their shape. */
export interface NativeTensor {
  shape: Int32Array;
  /** Row by row. */
  values: Float32Array;
}

/**
 * One kernel of the decoder (native/kernels/kernels.h) on given numbers; for tests and `bench kernels`. Its backward
 * runs too where `inputs` have a gradient of its output. Names of inputs → outputs, in brackets what may be left out:
 *
 * - `attention`: q [Q, H, E], k and v [N, G, E], [dOut [Q, H · E]] → out, [dQ, dK, dV]; with `layout`
 * - `activation`: x [N, F], [bias, dY] → y, [dX, dBias]
 * - `gated`: gateUp [N, 2 · F], [dY [N, F]] → y, [dGateUp]
 * - `norm`: x [N, D], [delta, deltaBias], weight, [bias, dY, dX] → x, y, [dX, dWeight, dBias]
 * - `residual`: x, [delta, bias] → x
 * - `columnSums`: x [N, H, F] (the first of the H is read), sums [F] → sums
 * - `rotate`: x [N, H, E], cos and sin [N, E / 2] → x
 * - `score`: logits [C, V], [dLogProbs [C]] → logProbs, argmax, [dLogits]; with `targets`
 * - `confidence`: logits and targets [B, 2] → loss, dLogits
 * - `readout`: hidden [T, D], unembedding [V, D], [dLogProbs [T]] → logProbs, argmax, [dHidden, dUnembedding]; with
 *   `targets` (not one kernel, but a loop over `score` and products; with dLogProbs all of it is backward)
 */
export interface KernelRun {
  kernel:
    | 'attention'
    | 'activation'
    | 'gated'
    | 'norm'
    | 'residual'
    | 'columnSums'
    | 'rotate'
    | 'score'
    | 'confidence'
    | 'readout';
  /** `plain`: the reference in ATen, on any device. */
  implementation: 'plain' | 'cpu' | 'cuda';
  /** Of `cuda`: another library than the one beside the addon, such as one for the CPU (test/native/cuda-emulation). */
  library?: string;
  /** `cpu`, `cuda` or `cuda:<index>`. */
  device: string;
  /** Of activations; sums, logits and losses are f32 or wider in both. */
  dtype: 'f32' | 'bf16';
  /** CPU threads of the job thread. */
  threads: number;
  inputs: Record<string, NativeTensor>;
  /** Of `score` [C] and `readout` [T]. */
  targets?: Int32Array;
  layout?: KernelLayout;
  /** Tokens that a query sees, itself included; 0 (unless given): all before it. */
  window?: number;
  /** What q·k is multiplied by; 1 unless given. */
  scale?: number;
  /** `silu` unless given. */
  activation?: 'gelu-tanh' | 'gelu' | 'silu' | 'relu';
  /** `rms` unless given. */
  norm?: 'layer' | 'rms';
  /** Of norms; 1e-5 unless given. */
  epsilon?: number;
  /** Of `confidence`; 0 unless given. */
  alpha?: number;
  /** Of `confidence`; `half` unless given. */
  threshold?: 'half' | 'weak-mean' | number;
  /** Of `confidence`: the logits are log-probabilities among more than two classes. */
  logProbabilities?: boolean;
  /** Of `rotate`. */
  inverse?: boolean;
  /** Of `readout`: rows whose logits are held at a time; what suits the device unless given. */
  chunkRows?: number;
  /** How often it runs, for timing; 1 unless given. */
  repetitions?: number;
}

export interface KernelResult {
  outputs: Record<string, NativeTensor>;
  /** Of one repetition. */
  forwardSeconds: number;
  backwardSeconds: number;
}
