import { createHash } from 'node:crypto';

/**
 * Named streams of random numbers (DESIGN 3.5). The state of a stream is the first 128 bits of the sha256
 * of `[seed, name, ...parts]` as JSON, its generator xoshiro128** 1.1 (Blackman and Vigna, public domain):
 * two streams share nothing, so a new consumer never shifts the numbers of another.
 */
export interface RandomStream {
  /** Uniform over 0 … 2³² − 1. */
  uint32(): number;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in 0 … n − 1 without bias; n from 1 to 2³². */
  below(n: number): number;
  /** Standard normal (Box–Muller, one number a call). */
  normal(): number;
  /** Shuffles in place (Fisher–Yates) and gives the array back. */
  shuffle<A extends { length: number; [index: number]: unknown }>(items: A): A;
  /** A random order of 0 … n − 1. */
  permutation(n: number): Uint32Array;
}

const TWO_32 = 2 ** 32;

const rotateLeft = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

class Xoshiro128 implements RandomStream {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(state: Buffer) {
    this.a = state.readInt32LE(0);
    this.b = state.readInt32LE(4);
    this.c = state.readInt32LE(8);
    // All zeros is the one state that the generator cannot leave.
    this.d = state.readInt32LE(12) || 1;
  }

  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.b, 5), 7), 9) >>> 0;
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = rotateLeft(this.d, 11);
    return result;
  }

  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_32) {
      throw new RangeError(`Expected an integer from 1 to 2^32 for n but received ${n}`);
    }
    // Numbers past the last whole multiple of n would favour the small ones: draw again.
    const limit = TWO_32 - (TWO_32 % n);
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return x % n;
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  shuffle<A extends { length: number; [index: number]: unknown }>(items: A): A {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }

  permutation(n: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: n }, (_, i) => i));
  }
}

/** The stream of this name: `stream(seed, 'split')`, `stream(seed, 'shuffle', epoch)`. Same arguments, same numbers. */
export function stream(seed: number, name: string, ...parts: readonly (string | number)[]): RandomStream {
  return new Xoshiro128(
    createHash('sha256')
      .update(JSON.stringify([seed, name, ...parts]))
      .digest(),
  );
}
