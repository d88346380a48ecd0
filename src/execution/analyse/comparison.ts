/** Rows that hold students against one supervisor and one ceiling: accuracy and PGR of each. */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { TrainRoles } from '../../experiments/train.js';
import {
  type AnalysisRow,
  combined,
  compareModels,
  type Measure,
  type ResampledMeasure,
  ratio,
} from '../../metrics/index.js';
import type { Store } from '../../store/index.js';
import { binaryLabels, groupOf, outcome, readLines } from '../outcomes.js';
import { plain, pointsText } from './findings.js';

export interface ArmComparison {
  row: AnalysisRow;
  /** Accuracy less that of the first row's student, on the same draws of items and seeds; null for the first. */
  difference: Measure | null;
}

/** What each arm's student is worth. `more` adds values of its own to a row. */
export async function compareArms<Roles extends TrainRoles>(
  store: Store,
  { arms }: ArmsPlan<Roles>,
  more: (
    seeds: readonly { seed: number; roles: Roles }[],
  ) => Promise<AnalysisRow['values']> = async () => ({}),
): Promise<ArmComparison[]> {
  const compared: ArmComparison[] = [];
  let first: ResampledMeasure | undefined;
  for (const { name, seeds } of arms) {
    const lines = await Promise.all(seeds.map(({ roles }) => readOutcomes(store, roles)));
    const { student, pgr } = compareModels({
      seeds: lines.map(({ outcomes }) => outcomes),
      groups: lines[0]?.groups ?? [],
      labels: lines[0]?.labels ?? null,
    });
    const accuracy = ratio(
      lines.map(({ outcomes }) => ({ above: outcomes.student.correct })),
      lines[0]?.groups ?? [],
    );
    if (accuracy === null) throw new TypeError('no test items');
    const difference = first ? plain(combined([accuracy, first], ([own = 0, base = 0]) => own - base)) : null;
    first ??= accuracy;
    const values = {
      ...(await more(seeds)),
      accuracy: { value: student.accuracy, ci95: student.ci95 },
      difference,
      pgr: pgr.value === null ? null : { value: pgr.value, ci95: pgr.ci95 },
    };
    const note = pgr.reason === null ? {} : { note: `no PGR: ${pgr.reason}` };
    compared.push({ row: { name, values, ...note }, difference });
  }
  return compared;
}

async function readOutcomes(store: Store, { weakTest, studentTest, ceilingTest }: TrainRoles) {
  const [weak, student, ceiling] = await Promise.all([
    readLines(store, weakTest),
    readLines(store, studentTest),
    readLines(store, ceilingTest),
  ]);
  return {
    outcomes: { weak: outcome(weak), student: outcome(student), ceiling: outcome(ceiling) },
    groups: ceiling.map(groupOf),
    labels: binaryLabels(ceiling),
  };
}

/** The column that holds each row against the first. */
export const differenceColumn = (first: string) =>
  ({ key: 'difference', title: `minus ${first}`, unit: 'share' }) as const;

/** Which rows differ from the first beyond chance, in words. */
export function differencesText([first, ...others]: readonly ArmComparison[]): string {
  const name = first?.row.name ?? '';
  const said = others.flatMap(({ row, difference }) => {
    const [low, high] = difference?.ci95 ?? [-1, 1];
    if (difference === null || (low <= 0 && high >= 0)) return [];
    return [`${row.name} ${low > 0 ? 'above' : 'below'} it by ${pointsText(difference).replace('-', '')}`];
  });
  return said.length === 0
    ? `No student can be told apart from that of ${name}.`
    : `Against the student of ${name}: ${said.join('; ')}.`;
}
