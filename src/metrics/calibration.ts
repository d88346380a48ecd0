import { W2sError } from '../errors.js';
import { argmax } from './agreement.js';

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
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))]!;
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
