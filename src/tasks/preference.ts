/**
 * Preferences: every example is two sequences, prompt and completion each, and a model gives each sequence one
 * number, its reward r. The two rewards of an example are its logits, so that softmax is σ(Δ) with Δ = r₁ − r₀ and
 * cross-entropy is −p₁ log σ(Δ) − p₀ log σ(−Δ), the loss of Bradley and Terry (DESIGN 3.6). Of a `likelihood` head
 * the reward is its z = a · log p(completion | prompt) + b: b cancels, and Δ = a · (log p₁ − log p₀).
 */

/** Sequences of an example. */
export const PAIR = 2;

/**
 * The rewards of pairs: of each sequence's outputs the last, which is all that a scalar head gives and the z of a
 * likelihood head's [0, z].
 * @param outputs of the head, sequence by sequence [2B · outputs]
 * @returns logits, example by example [B · 2]
 */
export function rewardsOf(outputs: Float32Array, perSequence: number): Float32Array {
  if (perSequence === 1) return outputs;
  const rewards = new Float32Array(outputs.length / perSequence);
  for (let i = 0; i < rewards.length; i++) rewards[i] = outputs[(i + 1) * perSequence - 1] as number;
  return rewards;
}

/** The other way round: the gradient by the rewards [B · 2] as one by the head's outputs [2B · outputs]. */
export function rewardGradient(dRewards: Float32Array, perSequence: number): Float32Array {
  if (perSequence === 1) return dRewards;
  const gradient = new Float32Array(dRewards.length * perSequence);
  for (let i = 0; i < dRewards.length; i++) gradient[(i + 1) * perSequence - 1] = dRewards[i] as number;
  return gradient;
}

/** Δ = 0: the model prefers neither, which is half of a right answer whatever the truth. */
export const isTie = (logits: readonly number[]): boolean => logits[0] === logits[1];

/** The sequences of some examples [2 · examples]. */
export function sequencesOf(examples: ArrayLike<number>): Uint32Array {
  const sequences = new Uint32Array(PAIR * examples.length);
  for (let i = 0; i < examples.length; i++) {
    for (let side = 0; side < PAIR; side++)
      sequences[PAIR * i + side] = PAIR * (examples[i] as number) + side;
  }
  return sequences;
}
