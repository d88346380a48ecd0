/** What every analysis gives: its table and words; the rest of the document is the same for all. */

import { W2sError } from '../../errors.js';
import {
  type AnalysisDocument,
  accuracyWithInterval,
  type Measure,
  type ResampledMeasure,
} from '../../metrics/index.js';
import { groupOf, type Lines, outcome } from '../outcomes.js';

export type Findings = Omit<AnalysisDocument, 'schema' | 'analysis' | 'config' | 'seeds' | 'store' | 'steps'>;

/** Accuracy with its interval, as `train` gives it: Wilson's where one seed has items of their own. */
export function accuracyOf(seeds: readonly Lines[]): Measure {
  const groups = (seeds[0] ?? []).map(groupOf);
  const { accuracy, ci95 } = accuracyWithInterval(
    seeds.map((lines) => outcome(lines).correct),
    groups,
  );
  return { value: accuracy, ci95 };
}

/** Probabilities of the classes [K], of each line. Throws ERR_USAGE where answers are texts. */
export function requireLogits(lines: Lines, analysis: string): void {
  if (lines.every((line) => line.logits !== undefined && typeof line.label === 'number')) return;
  throw new W2sError(
    'ERR_USAGE',
    `Expected a data set with classes for the analysis ${analysis} but received one whose answers are completions`,
    { hint: `Try: npx w2s-native analyse ${analysis} --dataset chess-legal` },
  );
}

/** A measure as documents hold it, without its draws. */
export function plain(measure: ResampledMeasure | null): Measure | null {
  return measure === null ? null : { value: measure.value, ci95: measure.ci95 };
}

/** `12.3 points, 95 % interval [1.2, 23.4]`. */
export function pointsText({ value, ci95 }: Measure): string {
  const points = (share: number) => (100 * share).toFixed(1);
  const interval = ci95 === null ? '' : `, 95 % interval [${points(ci95[0])}, ${points(ci95[1])}]`;
  return `${points(value)} points${interval}`;
}
