/** Best-of-n: what a chooser by some reward gets, estimated without bias from one pool of samples. */

import { W2sError } from '../errors.js';

/**
 * Expected truth of the completion with the highest reward among n that are drawn without replacement from a pool of
 * N: Σ_k C(N − k, n − 1) / C(N, n) · t_(k), with t_(k) the truth of the k-th best by reward, k = 1 … N. Each subset of
 * the pool is as likely as a fresh sample of n, so the mean over pools is that of best-of-n itself (the estimator of
 * Nakano et al. 2021 and Gao et al. 2022, arXiv 2210.10760). Among equal rewards the choice is fair.
 *
 * @param rewards by which is chosen; −∞ for what is never preferred to anything [N]
 * @param truths what each is worth [N]
 * @throws ERR_ARGUMENT where n is not from 1 to N
 */
export function expectedBest(rewards: ArrayLike<number>, truths: ArrayLike<number>, n: number): number {
  const size = rewards.length;
  if (!(n >= 1 && n <= size) || truths.length !== size) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected n from 1 to the ${truths.length} samples of a pool but received ${n}`,
    );
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((a, b) => descending(rewards, a, b));
  let expected = 0;
  // Chance that the best of n is at rank k: n/N for the first, then each from the one before.
  let chance = n / size;
  for (let first = 0; first < size; ) {
    let end = first;
    let together = 0;
    let sum = 0;
    while (end < size && rewards[order[end] as number] === rewards[order[first] as number]) {
      together += chance;
      sum += truths[order[end] as number] as number;
      end += 1;
      chance *= Math.max(0, size - end - n + 1) / Math.max(1, size - end);
    }
    expected += (together * sum) / (end - first);
    first = end;
  }
  return expected;
}

function descending(values: ArrayLike<number>, a: number, b: number): number {
  const [x, y] = [values[a] as number, values[b] as number];
  return x === y ? a - b : y > x ? 1 : -1;
}

/** log n − (n − 1)/n: the most that best-of-n can be away from its policy, in nats of KL (exact without ties). */
export const bestOfKl = (n: number): number => Math.log(n) - (n - 1) / n;
