/** What the document of `train` says of students that learned from students, and of weights that were kept early. */

import type { StepHash } from '../experiments/plan.js';
import type { TrainRoles } from '../experiments/train.js';
import {
  type Comparison,
  compareModels,
  type RoundScore,
  type SeedScore,
  type StoppedModel,
  type TrainDocument,
} from '../metrics/index.js';
import type { FinetuneResult } from '../steps/results.js';
import type { Store } from '../store/index.js';
import { binaryLabels, groupOf, labelScore, outcome, readLines } from './outcomes.js';
import { type SeedRecord, supervisorOutcome } from './seedRecord.js';

/** Each round's student against the same supervisor and ceiling; nothing where there is one round. */
export async function roundFields(
  store: Store,
  seeds: readonly SeedRecord[],
  last: Comparison,
): Promise<Pick<TrainDocument, 'rounds'>> {
  const earlier = earlierRounds(seeds[0]?.roles);
  if (earlier === 0) return {};
  const rounds: RoundScore[] = [];
  for (let round = 1; round <= earlier + 1; round++) {
    const { student, pgr } = round > earlier ? last : await compareRound(store, seeds, round);
    const labels = await Promise.all(
      seeds.map((seed) =>
        round === 1 ? seed.labels : readLines(store, needed(seed.roles[`student${round - 1}LabelsGrade`])),
      ),
    );
    const { accuracy, ci95 } = student;
    rounds.push({ round, accuracy, ci95, pgr, labels: labelScore(labels) });
  }
  return { rounds };
}

function earlierRounds(roles: TrainRoles | undefined): number {
  let count = 0;
  while (roles?.[`student${count + 1}`] !== undefined) count++;
  return count;
}

async function compareRound(store: Store, seeds: readonly SeedRecord[], round: number): Promise<Comparison> {
  const ceiling = seeds[0]?.ceiling ?? [];
  return compareModels({
    seeds: await Promise.all(
      seeds.map(async (seed) => ({
        weak: supervisorOutcome(seed),
        student: outcome(await readLines(store, needed(seed.roles[`student${round}Test`]))),
        ceiling: outcome(seed.ceiling),
      })),
    ),
    groups: ceiling.map(groupOf),
    labels: binaryLabels(ceiling),
  });
}

function needed(hash: StepHash | undefined): StepHash {
  if (hash === undefined) throw new TypeError('a round without its steps');
  return hash;
}

/** Students of earlier rounds, whose training counts too. */
export function earlierStudents(roles: TrainRoles): StepHash[] {
  return Array.from({ length: earlierRounds(roles) }, (_, i) => needed(roles[`student${i + 1}`]));
}

/** At which step the weights of student and ceiling were kept; nothing where they are the last. */
export async function stoppedFields(
  store: Store,
  { student, ceiling }: TrainRoles,
): Promise<Pick<SeedScore, 'earlyStop'>> {
  const [ofStudent, ofCeiling] = [await stoppedModel(store, student), await stoppedModel(store, ceiling)];
  return ofStudent && ofCeiling ? { earlyStop: { student: ofStudent, ceiling: ofCeiling } } : {};
}

async function stoppedModel(store: Store, hash: StepHash): Promise<StoppedModel | null> {
  const result = (await store.readResult(hash)) as unknown as Partial<FinetuneResult> | null;
  if (!result?.earlyStop || result.steps === undefined) return null;
  const { step, against, curve } = result.earlyStop;
  return { step, steps: result.steps, against, curve };
}
