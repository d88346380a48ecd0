/**
 * Area under the ROC curve: the chance that a positive item scores above a negative one, ties counted
 * half (Hanley and McNeil 1982). Items are sorted once, so that each resample is one pass over them.
 */

/** One model's scores, sorted; reads weights by group, so that resampled groups need no copying. */
export interface RankedScores {
  /** Group of each item, by rising score [n]. */
  readonly groups: Int32Array;
  /** 1 for positive items, in the same order [n]. */
  readonly positive: Uint8Array;
  /** 1 where the next item's score differs, in the same order [n]. */
  readonly endsTie: Uint8Array;
}

/**
 * @param scores of the positive class, finite; any monotonic scale [n]
 * @param labels 0 or 1 [n]
 * @param groups group index of each item [n]
 */
export function rankScores(scores: Float64Array, labels: Uint8Array, groups: Int32Array): RankedScores {
  const n = scores.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const ranked = { groups: new Int32Array(n), positive: new Uint8Array(n), endsTie: new Uint8Array(n) };
  for (let i = 0; i < n; i++) {
    const item = order[i]!;
    ranked.groups[i] = groups[item]!;
    ranked.positive[i] = labels[item]!;
    ranked.endsTie[i] = i + 1 === n || scores[order[i + 1]!] !== scores[item] ? 1 : 0;
  }
  return ranked;
}

/** AUROC with each item counted as often as its group's weight says; NaN when a class has no weight. */
export function weightedAuroc(ranked: RankedScores, weights: Int32Array): number {
  const { groups, positive, endsTie } = ranked;
  let negativesBelow = 0;
  let positives = 0;
  let tiedNegatives = 0;
  let tiedPositives = 0;
  let wins = 0;
  for (let i = 0; i < groups.length; i++) {
    const weight = weights[groups[i]!]!;
    const counted = weight * positive[i]!;
    tiedPositives += counted;
    tiedNegatives += weight - counted;
    if (endsTie[i] === 0) continue;
    wins += tiedPositives * (negativesBelow + 0.5 * tiedNegatives);
    negativesBelow += tiedNegatives;
    positives += tiedPositives;
    tiedNegatives = 0;
    tiedPositives = 0;
  }
  const pairs = positives * negativesBelow;
  return pairs === 0 ? Number.NaN : wins / pairs;
}

/** AUROC of plain scores; null when one of the two classes does not occur. */
export function auroc(scores: Float64Array, labels: Uint8Array): number | null {
  const value = weightedAuroc(rankScores(scores, labels, new Int32Array(scores.length)), Int32Array.of(1));
  return Number.isNaN(value) ? null : value;
}
