/** Work that takes a while on any machine: many short sequences, one in each micro-batch. */
import type { PackedSequences } from '../../src/native/binding.js';

export const SEQUENCE_LENGTH = 40;

/** `count` sequences over the vocabulary of the golden case `llama-grouped`. */
export function manySequences(count: number): PackedSequences {
  return {
    tokens: Int32Array.from({ length: count * SEQUENCE_LENGTH }, (_, i) => (i * 7) % 53),
    offsets: Int32Array.from({ length: count + 1 }, (_, i) => i * SEQUENCE_LENGTH),
  };
}

/** One sequence in each micro-batch. */
export const ONE_BY_ONE = { microBatchTokens: SEQUENCE_LENGTH };

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
