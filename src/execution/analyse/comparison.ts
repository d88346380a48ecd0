/** Rows that hold students against one supervisor and one ceiling: accuracy and PGR of each. */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { TrainRoles } from '../../experiments/train.js';
import { type AnalysisRow, compareModels } from '../../metrics/index.js';
import type { Store } from '../../store/index.js';
import { binaryLabels, groupOf, type Lines, outcome, readLines } from '../outcomes.js';

export interface ArmComparison {
  row: AnalysisRow;
  /** Accuracy with its interval, of the student. */
  student: { value: number; ci95: readonly [number, number] };
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
  for (const { name, seeds } of arms) {
    const lines = await Promise.all(
      seeds.map(async ({ roles }) => ({
        weak: await readLines(store, roles.weakTest),
        student: await readLines(store, roles.studentTest),
        ceiling: await readLines(store, roles.ceilingTest),
      })),
    );
    const first: Lines = lines[0]?.ceiling ?? [];
    const { student, pgr } = compareModels({
      seeds: lines.map((one) => ({
        weak: outcome(one.weak),
        student: outcome(one.student),
        ceiling: outcome(one.ceiling),
      })),
      groups: first.map(groupOf),
      labels: binaryLabels(first),
    });
    const accuracy = { value: student.accuracy, ci95: student.ci95 };
    const values = {
      ...(await more(seeds)),
      accuracy,
      pgr: pgr.value === null ? null : { value: pgr.value, ci95: pgr.ci95 },
    };
    const note = pgr.reason === null ? {} : { note: `no PGR: ${pgr.reason}` };
    compared.push({ row: { name, values, ...note }, student: accuracy });
  }
  return compared;
}

/** Pairs of rows whose intervals do not meet, in words: `a above b`. */
export function apart(rows: readonly ArmComparison[]): string[] {
  return rows.flatMap((one) =>
    rows.flatMap((other) =>
      one.student.ci95[0] > other.student.ci95[1] ? [`${one.row.name} above ${other.row.name}`] : [],
    ),
  );
}
