/** What the steps of one seed of `train` left in the store. */

import type { TrainRoles } from '../experiments/train.js';
import type { ModelOutcome } from '../metrics/index.js';
import type { GradeResult } from '../steps/results.js';
import type { Store } from '../store/index.js';
import { groupOf, type Lines, outcome, readLines } from './outcomes.js';

export interface SeedRecord {
  seed: number;
  roles: TrainRoles;
  /** Null: supervision from outside that says nothing of the test set. */
  weak: Lines | null;
  student: Lines;
  ceiling: Lines;
  /** What the student learned from on the transfer half, with the truth. */
  labels: Lines;
  /** The supervision's own labels there, before any of them were left out or made anew. */
  given: Lines;
  zeroShot: Lines | null;
}

/** Reads what one seed's steps left. Rejects with ERR_STORE where something is missing. */
export async function readSeed(store: Store, seed: number, roles: TrainRoles): Promise<SeedRecord> {
  const weakResult = await store.readResult(roles.weakTest);
  const hasWeak = weakResult?.kind !== 'grade' || (weakResult as unknown as GradeResult).accuracy !== null;
  const [weak, student, ceiling, labels, given, zeroShot] = await Promise.all([
    hasWeak ? readLines(store, roles.weakTest) : null,
    readLines(store, roles.studentTest),
    readLines(store, roles.ceilingTest),
    readLines(store, roles.labelsGrade),
    readLines(store, roles.beforeGrade ?? roles.labelsGrade),
    roles.zeroShot ? readLines(store, roles.zeroShot) : null,
  ]);
  return { seed, roles, weak, student, ceiling, labels, given, zeroShot };
}

/** The supervisor's answers to the test items; those to the transfer half where it has no others. */
export function supervisorOutcome({ weak, given }: SeedRecord): ModelOutcome {
  return weak ? outcome(weak) : { ...outcome(given), ownGroups: given.map(groupOf) };
}
