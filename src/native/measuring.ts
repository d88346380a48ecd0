/** What the addon measures of itself: parts of a step, matrix products, memory of a device. */
import type { Dtype, NativeCancelToken } from './binding.js';

/** Where the time of a model's passes and updates went. Parts do not overlap. */
export type ProfilePart =
  | 'products'
  | 'attention'
  | 'norms'
  | 'activation'
  | 'rotary'
  | 'embedding'
  | 'loss'
  | 'assembly'
  | 'clip'
  | 'optimizer';

/** What was measured of a model that was loaded with `profile: true`; all zeros of another. */
export interface NativeProfile {
  /** Seconds. `products`: matrix products; `loss`: read-out and loss without them. */
  parts: Record<ProfilePart, number>;
  /** Floating-point operations of the matrix products that were run: 2 m k n each. */
  productFlops: number;
}

/** One matrix product by itself, [m, k] · [k, n], on random numbers. */
export interface MeasureProductOptions {
  m: number;
  k: number;
  n: number;
  /** The left matrix lies as [k, m] in memory. */
  transposedLeft?: boolean;
  /** The right matrix lies as [n, k] in memory. */
  transposedRight?: boolean;
  dtype: Dtype;
  /** `cpu`, `cuda` or `cuda:<index>`. */
  device: string;
  /** CPU threads of the job thread. */
  threads: number;
  /** Measurements, of about 10 ms each or one product. */
  repetitions: number;
  cancel?: NativeCancelToken;
}

/** What libtorch's allocator holds on a CUDA device, in bytes. */
export interface DeviceMemory {
  allocated: number;
  /** Most since it was reset. */
  peak: number;
}
