/** The document of `train` (DESIGN 3.1), from the store alone: neither tokenizer nor addon nor data is opened. */

import type { TrainConfig } from '../config/train.js';
import { W2sError } from '../errors.js';
import type { StepHash } from '../experiments/plan.js';
import type { TrainPlan, TrainRoles } from '../experiments/train.js';
import {
  type AnswerPair,
  agreement,
  compareModels,
  type ModelOutcome,
  type ModelScore,
  type ScoreSummary,
  TRAIN_SCHEMA,
  type TrainDocument,
} from '../metrics/index.js';
import { answerOrTie } from '../steps/evaluate.js';
import type { GradeResult } from '../steps/results.js';
import type { Store } from '../store/index.js';
import { labelFields } from './labelsDocument.js';
import {
  binaryLabels,
  groupOf,
  type Lines,
  labelScore,
  outcome,
  readLines,
  sumTimings,
  throughputOf,
  zeroShotScore,
} from './outcomes.js';
import { skippedIn } from './skipped.js';

/** What one seed's steps left in the store. */
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

export async function trainDocument(
  store: Store,
  plan: TrainPlan,
  config: TrainConfig,
): Promise<TrainDocument> {
  const seeds: SeedRecord[] = [];
  for (const { seed, roles } of plan.seeds) seeds.push(await readSeed(store, seed, roles));
  const first = seeds[0];
  if (!first) throw new W2sError('ERR_ARGUMENT', 'Expected at least one seed but received none');

  const groups = first.ceiling.map(groupOf);
  const labels = binaryLabels(first.ceiling);
  const compared = compareModels({
    seeds: seeds.map((seed) => ({
      weak: supervisorOutcome(seed),
      student: outcome(seed.student),
      ceiling: outcome(seed.ceiling),
    })),
    groups,
    labels,
  });
  const modelScore = async (
    model: string,
    summary: ScoreSummary,
    hashes: StepHash[],
  ): Promise<ModelScore> => {
    const { accuracy, ci95, auroc, aurocCi95, n } = summary;
    return { model, accuracy, ci95, auroc, aurocCi95, n, seconds: (await sumTimings(store, hashes)).seconds };
  };
  const stepsOf = (...roles: (keyof TrainRoles)[]): StepHash[] =>
    seeds.flatMap((seed) => roles.flatMap((role) => seed.roles[role] ?? []));
  const weakSteps = seeds.flatMap(({ roles }) => supervisorSteps(roles));

  const weakName = config.weakLabels ?? config.weakFeatures ?? config.weak;
  const strongName = config.strongFeatures ?? config.strong;
  const weak = await modelScore(weakName, compared.weak, weakSteps);
  return {
    schema: TRAIN_SCHEMA,
    config: { ...config },
    seeds: seeds.map(({ seed }) => seed),
    weak: { ...weak, on: first.weak ? 'test' : 'transfer' },
    student: await modelScore(strongName, compared.student, stepsOf('student', 'studentTest')),
    ceiling: await modelScore(strongName, compared.ceiling, stepsOf('ceiling', 'ceilingTest')),
    labels: labelScore(seeds.map(({ labels: graded }) => graded)),
    ...(await labelFields(store, plan, config)),
    agreement: agreementOf(seeds),
    gap: compared.gap,
    pgr: compared.pgr,
    pgrAuroc: compared.pgrAuroc,
    perSeed: perSeed(seeds, compared),
    zeroShot: zeroShotScore(
      seeds.map(({ roles, zeroShot }) => [roles.zeroShot, zeroShot]),
      groups,
    ),
    ...(await skippedIn(
      store,
      plan.steps.map(({ hash }) => hash),
    )),
    throughput: await throughputOf(store, [...trainedSupervisors(seeds), ...stepsOf('student', 'ceiling')]),
    store: store.shownPath,
    steps: { ...first.roles },
  };
}

/** Training and tests of all supervisors of a seed. */
function supervisorSteps(roles: TrainRoles): StepHash[] {
  return Object.entries(roles).flatMap(([role, step]) => (/^weak(Test)?\d*$/.test(role) ? [step] : []));
}

function trainedSupervisors(seeds: readonly SeedRecord[]): StepHash[] {
  return seeds.flatMap(({ roles }) =>
    Object.entries(roles).flatMap(([role, step]) => (/^weak\d*$/.test(role) ? [step] : [])),
  );
}

/** The supervisor's answers to the test items; those to the transfer half where it has no others. */
export function supervisorOutcome({ weak, given }: SeedRecord): ModelOutcome {
  return weak ? outcome(weak) : { ...outcome(given), ownGroups: given.map(groupOf) };
}

function perSeed(
  seeds: readonly SeedRecord[],
  compared: ReturnType<typeof compareModels>,
): TrainDocument['perSeed'] {
  return seeds.map(({ seed, roles }, i) => {
    const summary = compared.perSeed[i];
    if (!summary) throw new TypeError('a seed without a summary');
    return { seed, ...summary, steps: { ...roles } };
  });
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

function agreementOf(seeds: readonly SeedRecord[]): TrainDocument['agreement'] {
  const pairs = seeds.flatMap(({ weak, student }): AnswerPair[] => {
    if (!weak) return [];
    const truth = student.map((line) => line.label as number | string);
    return [{ student: student.map(answerOrTie), supervisor: weak.map(answerOrTie), truth }];
  });
  return pairs.length < seeds.length ? null : agreement(pairs);
}
