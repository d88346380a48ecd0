import type { TrainDocument } from '../metrics/index.js';
import { decimalInterval, decimals, percent, percentInterval } from './format.js';

/**
 * What a result means, in a sentence or two of plain English. Says no more than the interval allows: a
 * student is called better than its supervisor, or short of its ceiling, only where the interval of PGR
 * excludes 0, or 1.
 */
export function meaningOf(document: TrainDocument): string {
  return meaningParts(document).join(' ');
}

/** The same in parts: the sentence on PGR, then a remark each. */
export function meaningParts(document: TrainDocument): string[] {
  return [mainSentence(document), ...remarks(document)];
}

function mainSentence({ pgr, weak, student, ceiling }: TrainDocument): string {
  if (pgr.value === null || pgr.ci95 === null) {
    return `PGR is not defined here: ${pgr.reason ?? 'no reason was given'}. ${adviceWithoutGap(weak.accuracy, ceiling.accuracy)}`;
  }
  const shown = `PGR ${decimals(pgr.value)}, 95 % interval ${decimalInterval(pgr.ci95)}`;
  const [low, high] = pgr.ci95;
  if (high < 0) {
    return `The student does worse than its weak supervisor (${percent(student.accuracy)} against ${percent(weak.accuracy)}; ${shown}).`;
  }
  if (low > 1)
    return `The student does better than its ceiling (${shown}), which then is no ceiling: ${RAISE}.`;
  if (low <= 0 && high >= 1) {
    return `Nothing can be said: ${shown} reaches from no gain at all to the whole gap. ${MORE_DATA}.`;
  }
  if (low <= 0) return `The student cannot be told from its weak supervisor (${shown}, which includes 0).`;
  if (low === 1 && high === 1) return `The student equals its ceiling on every resample (${shown}).`;
  const recovered = `The student recovers ${wholePercent(pgr.value)} of the gap between its weak supervisor and its ceiling`;
  if (high >= 1) return `${recovered} (${shown}); it cannot be told from the ceiling.`;
  return `${recovered} (${shown}): better than its supervisor, short of the ceiling.`;
}

const RAISE = 'train it longer or tune it, for instance --strong-epochs 4';
const MORE_DATA = 'Take more test items or more seeds: --seed 0,1,2,3,4';

const wholePercent = (share: number): string => `${Math.round(share * 100)} %`;

function adviceWithoutGap(weak: number, ceiling: number): string {
  return ceiling > weak
    ? `${MORE_DATA}, or a stronger student: --strong MODEL.`
    : 'The strong model gains nothing from true labels: train it longer (--strong-epochs 4) or take another: --strong MODEL.';
}

function remarks({ seeds, weak, zeroShot, student, agreement }: TrainDocument): string[] {
  const said: string[] = [];
  if (zeroShot !== null && zeroShot.accuracy >= student.accuracy) {
    said.push(
      `Before any fine-tuning the strong model had ${percent(zeroShot.accuracy)} ${percentInterval(zeroShot.ci95)}, no less than the student: the weak labels gained nothing over that.`,
    );
  }
  if (agreement !== null && agreement.supervisorWrong === 1) {
    said.push('The student repeats every error of its supervisor.');
  }
  if (weak.on === 'transfer') {
    said.push(
      'The supervision brings no predictions on the test set: weak is its accuracy on the transfer half.',
    );
  }
  if (seeds.length === 1)
    said.push('One seed: the intervals know nothing of how runs differ (--seed 0,1,2).');
  return said;
}
