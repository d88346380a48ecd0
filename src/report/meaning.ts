import type { TrainDocument } from '../metrics/index.js';
import { decimalInterval, decimals, percent, percentInterval } from './format.js';
import { studentRemarks } from './studentFacts.js';
import { labelsNamed } from './supervision.js';

/**
 * What a result means, in a few sentences for somebody who has read nothing else. Says no more than the
 * interval allows: a student is called better than its supervisor, or short of its ceiling, only where the
 * interval of PGR excludes 0, or 1.
 */
export function meaningOf(document: TrainDocument): string {
  return meaningParts(document).join(' ');
}

/** The same in parts, for the page: what PGR says, then a remark each. */
export function meaningParts(document: TrainDocument): string[] {
  return [mainSentences(document).join(' '), ...remarks(document)];
}

function mainSentences(document: TrainDocument): string[] {
  const { pgr, weak, student, ceiling } = document;
  if (pgr.value === null || pgr.ci95 === null) return [withoutGap(document)];
  const shown = `performance gap recovered (PGR) ${decimals(pgr.value)}, 95 % interval ${decimalInterval(pgr.ci95)}`;
  const [low, high] = pgr.ci95;
  if (low <= 0 && high >= 1) {
    return [`Nothing can be said yet: ${shown}, anything from no gain at all (0) to the whole gap (1).`];
  }
  if (high < 0) {
    return [
      `Trained on ${labelsNamed(document)}, the student does worse than the weak supervisor${document.labelledBy ? '' : ' that gave them'}: ${percent(student.accuracy)} against ${percent(weak.accuracy)} (${shown}).`,
    ];
  }
  if (low > 1) {
    return [
      `The student does better on ${document.labelledBy ? 'its own' : 'weak'} labels than on true ones: ${percent(student.accuracy)} against ${percent(ceiling.accuracy)} (${shown}).`,
      'So this ceiling is not the best that the model can do.',
    ];
  }
  if (low <= 0) {
    return [
      `The student cannot be told apart from its weak supervisor: ${percent(student.accuracy)} against ${percent(weak.accuracy)} (${shown}, includes 0).`,
    ];
  }
  return [
    `Trained on ${labelsNamed(document)}, the student gets ${wholePercent(pgr.value)} of the way from ${document.labelledBy ? 'the' : 'its'} weak supervisor (${percent(weak.accuracy)}) to its ceiling (${percent(ceiling.accuracy)}), which is the same model trained on true labels: ${shown}.`,
    standing(low, high),
  ];
}

function standing(low: number, high: number): string {
  if (low === 1 && high === 1) return 'It equals its ceiling, however the test items are drawn.';
  if (high >= 1) return 'It is better than its supervisor, and cannot be told apart from its ceiling.';
  return 'It is better than its supervisor, and short of its ceiling.';
}

const wholePercent = (share: number): string => `${Math.round(share * 100)} %`;

/** Why there is no PGR; the numbers in points, as the table has them. */
function withoutGap({ pgr, gap, weak, ceiling }: TrainDocument): string {
  const scores = `(${percent(ceiling.accuracy)} against ${percent(weak.accuracy)})`;
  if (gap !== undefined && /interval of ceiling/.test(pgr.reason ?? '')) {
    const difference = `ceiling − weak is ${decimals(gap.value * 100, 1)} points, 95 % interval ${pointsInterval(gap.ci95)}`;
    return gap.ci95[1] < 0
      ? `There is no gap to recover: trained on true labels, the strong model does worse than the weak one ${scores}: ${difference}. PGR is not defined here.`
      : `It is not certain that there is a gap to recover: trained on true labels, the strong model cannot be told apart from the weak one ${scores}: ${difference}. PGR is not defined here.`;
  }
  return `PGR is not defined here: ${pgr.reason ?? 'no reason was given'}.`;
}

const pointsInterval = ([low, high]: readonly [number, number]): string =>
  decimalInterval([low * 100, high * 100], 1);

function remarks(document: TrainDocument): string[] {
  const { seeds, weak, zeroShot, student, agreement } = document;
  const said: string[] = studentRemarks(document);
  if (zeroShot !== null && zeroShot.accuracy >= student.accuracy) {
    said.push(
      `Before any fine-tuning the strong model had ${percent(zeroShot.accuracy)} ${percentInterval(zeroShot.ci95)}, no less than the student: nothing shows that it gained by the labels.`,
    );
  } else if (zeroShot !== null && zeroShot.accuracy > weak.accuracy) {
    said.push(
      `Before any fine-tuning the strong model already had ${percent(zeroShot.accuracy)} ${percentInterval(zeroShot.ci95)}.`,
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
  if (seeds.length === 1) {
    said.push('This is one seed: the intervals are for other test items, not for another training run.');
  }
  return said;
}
