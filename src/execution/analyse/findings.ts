/** What every analysis gives: its table and words; the rest of the document is the same for all. */

import { W2sError } from '../../errors.js';
import type { AnalysisDocument, Measure, ModelOutcome, ResampledMeasure } from '../../metrics/index.js';
import type { Lines } from '../outcomes.js';

export type Findings = Omit<AnalysisDocument, 'schema' | 'analysis' | 'config' | 'seeds' | 'store' | 'steps'>;

/** 1 for a right answer, else 0 [n], of each seed; for `ratio`. */
export const rightAnswers = (outcomes: readonly ModelOutcome[]): { above: ArrayLike<number> }[] =>
  outcomes.map(({ correct }) => ({ above: correct }));

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
