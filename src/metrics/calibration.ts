import { W2sError } from '../errors.js';
import { type BootstrapOptions, DEFAULT_RESAMPLES, groupItems, mean } from './accuracy.js';
import { argmax } from './agreement.js';
import { percentileInterval } from './intervals.js';
import type { Measure } from './ratio.js';
import { forEachDraw } from './resample.js';

export interface CalibrationBin {
  /** Confidence from (0 included in the first bin) up to and including `high`. */
  low: number;
  high: number;
  n: number;
  /** Mean confidence and accuracy; null in an empty bin. */
  confidence: number | null;
  accuracy: number | null;
}

export interface Calibration {
  /** Expected calibration error: mean |accuracy − confidence| over items, by bin. */
  ece: number;
  bins: readonly CalibrationBin[];
}

/**
 * Expected calibration error of the chosen class's probability, in equal-width bins (Guo et al. 2017).
 *
 * @param probabilities of each class, per item [n][K]
 * @param labels true class of each item [n]
 * @throws ERR_ARGUMENT without items or where lengths differ
 */
export function calibration(
  probabilities: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  bins = 15,
): Calibration {
  const n = probabilities.length;
  if (n === 0 || labels.length !== n) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected as many labels as probabilities for calibration, at least one, but received ${labels.length} and ${n}`,
    );
  }
  const sums = Array.from({ length: bins }, () => ({ n: 0, confidence: 0, right: 0 }));
  probabilities.forEach((row, i) => {
    const choice = argmax(row);
    const confidence = row[choice]!;
    const bin = sums[binOf(confidence, bins)]!;
    bin.n++;
    bin.confidence += confidence;
    bin.right += choice === labels[i] ? 1 : 0;
  });
  return {
    ece: sums.reduce((total, bin) => total + Math.abs(bin.right - bin.confidence), 0) / n,
    bins: sums.map((bin, b) => ({
      low: b / bins,
      high: (b + 1) / bins,
      n: bin.n,
      confidence: bin.n === 0 ? null : bin.confidence / bin.n,
      accuracy: bin.n === 0 ? null : bin.right / bin.n,
    })),
  };
}

const binOf = (confidence: number, bins: number): number =>
  Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));

/** A chosen class's probability, and whether it was right (1) or not (0). */
export interface Claim {
  confidence: number;
  right: number;
}

/**
 * Expected calibration error, the mean over seeds, with an interval by the crossed bootstrap over groups. A resample
 * adds noise to every bin, and noise only ever adds to this error; so the interval is the reflected one, 2θ − q, which
 * takes the bias back to first order, and ends at zero.
 *
 * @param seeds the same items in the same order for every seed
 * @param groups group name of each item [n]
 */
export function calibrationError(
  seeds: readonly (readonly Claim[])[],
  groups: readonly string[],
  { resamples = DEFAULT_RESAMPLES, seed = 0 }: BootstrapOptions = {},
  bins = 15,
): Measure {
  const { groupOf, groups: count } = groupItems(groups);
  const members: number[][] = Array.from({ length: count }, () => []);
  groupOf.forEach((group, i) => {
    members[group]?.push(i);
  });
  const binned = seeds.map((claims) => ({
    bin: Uint8Array.from(claims, ({ confidence }) => binOf(confidence, bins)),
    excess: Float64Array.from(claims, ({ confidence, right }) => right - confidence),
  }));
  const sums = new Float64Array(bins);
  const errorOf = ({ bin, excess }: (typeof binned)[number], drawn: ArrayLike<number>): number => {
    sums.fill(0);
    let n = 0;
    for (let d = 0; d < drawn.length; d++) {
      for (const i of members[drawn[d]!]!) {
        sums[bin[i]!]! += excess[i]!;
        n++;
      }
    }
    return sums.reduce((total, sum) => total + Math.abs(sum), 0) / n;
  };
  const once = members.map((_, group) => group);
  const value = mean(binned.map((one) => errorOf(one, once)));
  const draws = new Float64Array(resamples);
  forEachDraw({ groups: count, seeds: seeds.length, resamples, seed }, (draw) => {
    let total = 0;
    binned.forEach((one, s) => {
      const times = draw.seedCounts[s]!;
      if (times > 0) total += times * errorOf(one, draw.groups);
    });
    draws[draw.index] = total / seeds.length;
  });
  const quantiles = percentileInterval(draws);
  if (quantiles === null) return { value, ci95: null };
  return { value, ci95: [Math.max(0, 2 * value - quantiles[1]), Math.max(0, 2 * value - quantiles[0])] };
}
