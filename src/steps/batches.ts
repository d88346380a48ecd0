/** Which examples form an optimizer batch, and their tokens laid end to end. */

import { stream } from '../data/random.js';
import type { PackedSequences } from '../native/binding.js';

/** Order of the n examples in an epoch: student and ceiling of one seed see the same. */
export function epochOrder(seed: number, epoch: number, n: number): Uint32Array {
  return stream(seed, 'shuffle', epoch).permutation(n);
}

/** The sequences at `indices`, in that order. */
export function gather(all: PackedSequences, indices: ArrayLike<number>): PackedSequences {
  const offsets = new Int32Array(indices.length + 1);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    const length = (all.offsets[index + 1] as number) - (all.offsets[index] as number);
    offsets[i + 1] = (offsets[i] as number) + length;
  }
  const tokens = new Int32Array(offsets[indices.length] as number);
  const targetStarts = all.targetStarts && new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    tokens.set(all.tokens.subarray(all.offsets[index], all.offsets[index + 1]), offsets[i]);
    if (targetStarts) targetStarts[i] = all.targetStarts?.[index] as number;
  }
  return targetStarts ? { tokens, offsets, targetStarts } : { tokens, offsets };
}

/** Sequences `from` … `to` − 1, without copying tokens. */
export function slice(all: PackedSequences, from: number, to: number): PackedSequences {
  const first = all.offsets[from] as number;
  const offsets = all.offsets.slice(from, to + 1).map((offset) => offset - first);
  const tokens = all.tokens.subarray(first, all.offsets[to]);
  const targetStarts = all.targetStarts?.subarray(from, to);
  return targetStarts ? { tokens, offsets, targetStarts } : { tokens, offsets };
}

/** Rows of a matrix [n · K] at `indices`. */
export function gatherRows(matrix: Float32Array, columns: number, indices: ArrayLike<number>): Float32Array {
  const rows = new Float32Array(indices.length * columns);
  for (let i = 0; i < indices.length; i++) {
    const start = (indices[i] as number) * columns;
    rows.set(matrix.subarray(start, start + columns), i * columns);
  }
  return rows;
}

export function countSequences(sequences: PackedSequences): number {
  return sequences.offsets.length - 1;
}
