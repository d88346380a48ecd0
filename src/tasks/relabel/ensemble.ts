/** Several supervisors as one: means of probabilities, AdaBoost's weights, votes of written answers. */

import { W2sError } from '../../errors.js';

/**
 * Weighted mean of the members' probabilities.
 * @param members probabilities of each member [N · K]
 * @param weights of each member, 0 or more, not all 0; absent: all alike
 * @returns probabilities [N · K]
 */
export function meanOf(members: readonly Float64Array[], weights?: readonly number[]): Float64Array {
  const shares = weights ?? members.map(() => 1);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const mean = new Float64Array(members[0]?.length ?? 0);
  members.forEach((values, m) => {
    const share = (shares[m] ?? 0) / total;
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + share * (values[i] as number);
  });
  return mean;
}

/**
 * AdaBoost's weights of classifiers with K classes (SAMME: Zhu, Zou, Rosset, Hastie 2009, "Multi-class AdaBoost",
 * algorithm 2): ln((1 − e) / e) + ln(K − 1), with e the error on `items` held-out rows. e is kept half an item away
 * from 0 and 1, where the logarithm has no value. A member no better than chance, e ≥ 1 − 1/K, has a weight of 0 or
 * less there, and gets 0: it is left out.
 * @param errors e of each member, 0 to 1
 * @throws ERR_DATA where all are left out
 */
export function adaboostWeights(errors: readonly number[], items: number, classes: number): number[] {
  const margin = 1 / (2 * items);
  const weights = errors.map((error) => {
    const e = Math.min(1 - margin, Math.max(margin, error));
    const weight = Math.log((1 - e) / e) + Math.log(classes - 1);
    // ln 1 by rounding is no evidence that a member is better than chance.
    return weight > 1e-12 ? weight : 0;
  });
  if (weights.some((weight) => weight > 0)) return weights;
  throw new W2sError(
    'ERR_DATA',
    `Expected a supervisor better than chance on the held-out tenth of the weak half for --ensemble-weights adaboost but received errors of ${errors.map((error) => error.toFixed(3)).join(', ')} over ${items} rows`,
    { hint: 'Weigh all alike: --ensemble-weights mean' },
  );
}

/**
 * What most members wrote, row by row; of equally many the answer that the earliest member among them gave.
 * @param members answers of each member [members][N]
 */
export function vote(members: readonly (readonly string[])[]): string[] {
  return (members[0] ?? []).map((_, row) => {
    const counts = new Map<string, number>();
    for (const answers of members) {
      const answer = answers[row] ?? '';
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    // A map keeps the order in which its keys came: the first of the greatest is the earliest member's.
    return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
  });
}
