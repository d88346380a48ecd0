/**
 * Area under the ROC curve: the chance that a positive item scores above a negative one, ties counted
 * half (Hanley and McNeil 1982). Items are sorted once; each resample is then one pass over them, which
 * is what makes ten thousand of them cheap.
 */

/** One model's scores, sorted and split by class. Holds groups, not items: resampling changes weights only. */
export interface RankedScores {
  /** Group of each negative item, by rising score [N]. */
  readonly negatives: Int32Array;
  /** Group of each positive item, by rising score [P]. */
  readonly positives: Int32Array;
  /** Negatives that score below each positive, and those that score no higher [P]. */
  readonly below: Int32Array;
  readonly belowOrTied: Int32Array;
  /** Room for the negatives' running weight [N + 1]. */
  readonly running: Float64Array;
}

/**
 * @param scores of the positive class, finite; any monotonic scale [n]
 * @param labels 0 or 1 [n]
 * @param groups group index of each item [n]
 */
export function rankScores(scores: Float64Array, labels: Uint8Array, groups: Int32Array): RankedScores {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const negatives = order.filter((item) => labels[item] === 0);
  const positives = order.filter((item) => labels[item] === 1);
  const below = new Int32Array(positives.length);
  const belowOrTied = new Int32Array(positives.length);
  let [low, high] = [0, 0];
  positives.forEach((item, p) => {
    while (low < negatives.length && scores[negatives[low]!]! < scores[item]!) low++;
    while (high < negatives.length && scores[negatives[high]!]! <= scores[item]!) high++;
    below[p] = low;
    belowOrTied[p] = high;
  });
  return {
    negatives: Int32Array.from(negatives, (item) => groups[item]!),
    positives: Int32Array.from(positives, (item) => groups[item]!),
    below,
    belowOrTied,
    running: new Float64Array(negatives.length + 1),
  };
}

/** AUROC with each item counted as often as its group's weight says; NaN when a class has no weight. */
export function weightedAuroc(ranked: RankedScores, weights: Int32Array): number {
  const { negatives, positives, below, belowOrTied, running } = ranked;
  let negativeWeight = 0;
  for (let i = 0; i < negatives.length; i++) {
    negativeWeight += weights[negatives[i]!]!;
    running[i + 1] = negativeWeight;
  }
  let positiveWeight = 0;
  let twiceWins = 0;
  for (let i = 0; i < positives.length; i++) {
    const weight = weights[positives[i]!]!;
    positiveWeight += weight;
    twiceWins += weight * (running[below[i]!]! + running[belowOrTied[i]!]!);
  }
  const pairs = positiveWeight * negativeWeight;
  return pairs === 0 ? Number.NaN : twiceWins / (2 * pairs);
}

/**
 * AUROC of plain scores; null when one of the two classes does not occur. The same as `weightedAuroc` with all weights
 * 1, without a rank for each item: of a million items there are only their scores, sorted in place.
 */
export function auroc(scores: Float64Array, labels: Uint8Array): number | null {
  const negatives = sortedScores(scores, labels, 0);
  const positives = sortedScores(scores, labels, 1);
  let twiceWins = 0;
  let [low, high] = [0, 0];
  for (const score of positives) {
    while (low < negatives.length && negatives[low]! < score) low++;
    while (high < negatives.length && negatives[high]! <= score) high++;
    twiceWins += low + high;
  }
  const pairs = positives.length * negatives.length;
  return pairs === 0 ? null : twiceWins / (2 * pairs);
}

function sortedScores(scores: Float64Array, labels: Uint8Array, label: 0 | 1): Float64Array {
  const found = new Float64Array(scores.length);
  let count = 0;
  for (let item = 0; item < scores.length; item++) {
    if (labels[item] === label) found[count++] = scores[item]!;
  }
  return found.subarray(0, count).sort();
}
