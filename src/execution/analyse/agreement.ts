/**
 * Agreement of students with their supervisor where it is right and where it is wrong, by size of the student (Burns
 * et al. 2023, section 5.1.2).
 */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { TrainRoles } from '../../experiments/train.js';
import {
  type AgreementItems,
  agreementItems,
  combined,
  type Measure,
  type RatioItems,
  type ResampledMeasure,
  ratio,
  slope,
} from '../../metrics/index.js';
import type { Store } from '../../store/index.js';
import { answerPair, groupOf, type Lines, readLines } from '../outcomes.js';
import { accuracyOf, type Findings, plain, pointsText } from './findings.js';

/** @param parameters of each arm's student, in the arms' order; undefined: not known */
export async function agreementFindings(
  store: Store,
  { arms }: ArmsPlan<TrainRoles>,
  parameters: readonly (number | undefined)[],
): Promise<Findings> {
  const measured = [];
  for (const [i, { name, seeds }] of arms.entries()) {
    const pairs: [student: Lines, weak: Lines][] = [];
    for (const { roles } of seeds) {
      pairs.push([await readLines(store, roles.studentTest), await readLines(store, roles.weakTest)]);
    }
    measured.push({ name, size: parameters[i], ...measure(pairs) });
  }
  const trend = trendOf(measured);
  return {
    rowTitle: 'student',
    columns: [
      { key: 'parameters', title: 'parameters', unit: 'count' },
      { key: 'accuracy', title: 'accuracy', unit: 'share' },
      { key: 'agreement', title: 'agreement', unit: 'share' },
      { key: 'right', title: 'where right', unit: 'share' },
      { key: 'wrong', title: 'where wrong', unit: 'share' },
    ],
    rows: measured.map(({ name, size, accuracy, agreement, right, wrong }) => ({
      name,
      values: {
        parameters: size === undefined ? null : { value: size, ci95: null },
        accuracy,
        agreement: plain(agreement),
        right: plain(right),
        wrong: plain(wrong),
      },
    })),
    charted: ['right', 'wrong'],
    facts:
      trend === null ? [] : [{ name: 'trend where wrong, per tenfold size', unit: 'share', measure: trend }],
    reading:
      'A student that had learnt the task agrees with its supervisor where that is right and departs from it where it is wrong. ' +
      'Agreement where the supervisor is wrong is the share of its errors that the student takes over. It falls with size if larger ' +
      'students generalise better, and rises if they have more capacity to imitate. With several classes two wrong answers may differ, so a low share says less there.',
    says: trendSentence(trend, measured.length),
  };
}

function measure(pairs: readonly (readonly [Lines, Lines])[]) {
  const groups = (pairs[0]?.[0] ?? []).map(groupOf);
  const items = pairs.map(([student, weak]) => agreementItems(answerPair(student, weak)));
  const over = (of: (seed: AgreementItems) => RatioItems) => ratio(items.map(of), groups);
  return {
    accuracy: accuracyOf(pairs.map(([student]) => student)),
    agreement: over(({ rightAlike, wrongAlike }) => ({
      above: rightAlike.map((share, i) => share + (wrongAlike[i] ?? 0)),
    })),
    right: over(({ right, rightAlike }) => ({ above: rightAlike, below: right })),
    wrong: over(({ right, wrongAlike }) => ({ above: wrongAlike, below: right.map((share) => 1 - share) })),
  };
}

/** How much more of the supervisor's errors a student takes over for each tenfold of its parameters. */
function trendOf(
  rows: readonly { size: number | undefined; wrong: ResampledMeasure | null }[],
): Measure | null {
  const known = rows.flatMap(({ size, wrong }) =>
    size === undefined || wrong === null ? [] : [{ x: Math.log10(size), wrong }],
  );
  if (new Set(known.map(({ x }) => x)).size < 2) return null;
  const x = known.map((row) => row.x);
  const trend = combined(
    known.map(({ wrong }) => wrong),
    (values) => slope(x, values),
  );
  return plain(trend);
}

function trendSentence(trend: Measure | null, students: number): string {
  if (trend === null || trend.ci95 === null) {
    return students < 2
      ? 'One student shows no trend over size: name several, --students SMALL,LARGE.'
      : 'No trend can be given: the sizes are unknown or all alike.';
  }
  const [low, high] = trend.ci95;
  const points = pointsText(trend).replace('points', 'points for each tenfold size');
  if (high < 0) return `Larger students take over fewer of their supervisor's errors: ${points}.`;
  if (low > 0) return `Larger students take over more of their supervisor's errors: ${points}.`;
  return `No trend over size can be told from chance: ${points}.`;
}
