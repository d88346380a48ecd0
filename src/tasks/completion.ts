/**
 * Completions, scored without generating: under teacher forcing the likeliest token at every target
 * position equals the target exactly where greedy decoding would write the same completion.
 */

import type { PackedSequences, ScoreResult } from '../native/binding.js';

type Argmax = Pick<ScoreResult, 'argmax' | 'targetOffsets'>;

/** 1 where the whole completion is what greedy decoding gives, else 0 [B]. */
export function exactMatches(sequences: PackedSequences, scored: Argmax): Uint8Array {
  const count = sequences.offsets.length - 1;
  const matches = new Uint8Array(count);
  for (let b = 0; b < count; b++) matches[b] = matchesTargets(sequences, scored, b) ? 1 : 0;
  return matches;
}

/** The likeliest token at each target position of sequence `b`. */
export function answerTokens(scored: Argmax, b: number): number[] {
  return Array.from(scored.argmax.subarray(scored.targetOffsets[b], scored.targetOffsets[b + 1]));
}

/** Most target tokens that any sequence has. */
export function longestCompletion(sequences: PackedSequences): number {
  let longest = 0;
  for (let b = 0; b + 1 < sequences.offsets.length; b++) {
    longest = Math.max(longest, (sequences.offsets[b + 1] as number) - targetsFrom(sequences, b));
  }
  return longest;
}

/** Index in `tokens` of the first target of sequence `b`. */
export function targetsFrom(sequences: PackedSequences, b: number): number {
  return (sequences.offsets[b] as number) + (sequences.targetStarts?.[b] ?? 1);
}

function matchesTargets(sequences: PackedSequences, scored: Argmax, b: number): boolean {
  const first = targetsFrom(sequences, b);
  const count = (sequences.offsets[b + 1] as number) - first;
  const from = scored.targetOffsets[b] as number;
  for (let t = 0; t < count; t++) {
    if (scored.argmax[from + t] !== sequences.tokens[first + t]) return false;
  }
  return true;
}
