/** The document of `train` (DESIGN 3.1), from the store alone: neither tokenizer nor addon nor data is opened. */

import type { TrainConfig } from '../config/train.js';
import { W2sError } from '../errors.js';
import type { StepHash } from '../experiments/plan.js';
import type { TrainPlan, TrainRoles } from '../experiments/train.js';
import {
  type AnswerPair,
  accuracyWithInterval,
  agreement,
  compareModels,
  type ModelOutcome,
  type ModelScore,
  type ScoreSummary,
  TRAIN_SCHEMA,
  type TrainDocument,
} from '../metrics/index.js';
import { answerOf, isCorrect } from '../steps/evaluate.js';
import type { GradeResult } from '../steps/results.js';
import type { Prediction, Store } from '../store/index.js';
import { binaryScore } from '../tasks/classification.js';
import { skippedIn } from './skipped.js';

type Lines = readonly Prediction[];

/** What one seed's steps left in the store. */
interface SeedRecord {
  seed: number;
  roles: TrainRoles;
  /** Null: supervision from outside that says nothing of the test set. */
  weak: Lines | null;
  student: Lines;
  ceiling: Lines;
  /** Weak labels on the transfer half, with the truth. */
  labels: Lines;
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
      weak: seed.weak ? outcome(seed.weak) : { ...outcome(seed.labels), ownGroups: seed.labels.map(groupOf) },
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

  const weakName = config.weakLabels ?? config.weak;
  const weak = await modelScore(weakName, compared.weak, stepsOf('weak', 'weakTest'));
  const trained = await sumTimings(store, stepsOf('weak', 'student', 'ceiling'));
  return {
    schema: TRAIN_SCHEMA,
    config: { ...config },
    seeds: seeds.map(({ seed }) => seed),
    weak: { ...weak, on: first.weak ? 'test' : 'transfer' },
    student: await modelScore(config.strong, compared.student, stepsOf('student', 'studentTest')),
    ceiling: await modelScore(config.strong, compared.ceiling, stepsOf('ceiling', 'ceilingTest')),
    labels: labelScore(seeds),
    agreement: agreementOf(seeds),
    gap: compared.gap,
    pgr: compared.pgr,
    pgrAuroc: compared.pgrAuroc,
    perSeed: perSeed(seeds, compared),
    zeroShot: zeroShotScore(seeds, groups),
    ...(await skippedIn(
      store,
      plan.steps.map(({ hash }) => hash),
    )),
    throughput: {
      tokensPerSecond: rate(trained.tokens, trained.seconds),
      examplesPerSecond: rate(trained.examples, trained.seconds),
    },
    store: store.shownPath,
    steps: { ...first.roles },
  };
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

async function readSeed(store: Store, seed: number, roles: TrainRoles): Promise<SeedRecord> {
  const weakResult = await store.readResult(roles.weakTest);
  const hasWeak = weakResult?.kind !== 'grade' || (weakResult as unknown as GradeResult).accuracy !== null;
  const [weak, student, ceiling, labels, zeroShot] = await Promise.all([
    hasWeak ? read(store, roles.weakTest) : null,
    read(store, roles.studentTest),
    read(store, roles.ceilingTest),
    read(store, roles.labelsGrade),
    roles.zeroShot ? read(store, roles.zeroShot) : null,
  ]);
  return { seed, roles, weak, student, ceiling, labels, zeroShot };
}

async function read(store: Store, hash: StepHash): Promise<Lines> {
  const predictions = await store.readPredictions(hash);
  if (predictions) return predictions;
  throw new W2sError('ERR_STORE', `Expected predictions in ${store.stepFolder(hash)} but received none`, {
    hint: `Do the step again: rm -r ${store.stepFolder(hash)}`,
  });
}

function groupOf(line: Prediction): string {
  return line.group ?? line.id;
}

function outcome(lines: Lines): ModelOutcome {
  const correct = Uint8Array.from(lines, (line) => (isCorrect(line) ? 1 : 0));
  if (!lines.every((line) => line.logits?.length === 2)) return { correct };
  return { correct, scores: Float64Array.from(lines, (line) => binaryScore(line.logits ?? [])) };
}

/** True classes of a task with two; null of any other. */
function binaryLabels(lines: Lines): Uint8Array | null {
  if (!lines.every((line) => line.logits?.length === 2 && typeof line.label === 'number')) return null;
  return Uint8Array.from(lines, (line) => line.label as number);
}

function labelScore(seeds: readonly SeedRecord[]): TrainDocument['labels'] {
  const accuracies = seeds.map(({ labels }) => labels.filter(isCorrect).length / labels.length);
  const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  return { accuracy, n: seeds[0]?.labels.length ?? 0 };
}

function agreementOf(seeds: readonly SeedRecord[]): TrainDocument['agreement'] {
  const pairs = seeds.flatMap(({ weak, student }): AnswerPair[] => {
    if (!weak) return [];
    const truth = student.map((line) => line.label as number | string);
    return [{ student: student.map(answerOf), supervisor: weak.map(answerOf), truth }];
  });
  return pairs.length < seeds.length ? null : agreement(pairs);
}

function zeroShotScore(seeds: readonly SeedRecord[], groups: readonly string[]): TrainDocument['zeroShot'] {
  const lines = seeds.flatMap(({ zeroShot }) => (zeroShot ? [zeroShot] : []));
  if (lines.length < seeds.length) return null;
  // A base model that no seed changes is one observation, not several.
  const distinct = new Map(seeds.map((seed, i) => [seed.roles.zeroShot, lines[i] as Lines]));
  const correct = [...distinct.values()].map((one) =>
    Uint8Array.from(one, (line) => (isCorrect(line) ? 1 : 0)),
  );
  const { accuracy, ci95 } = accuracyWithInterval(correct, groups);
  return { accuracy, ci95 };
}

async function sumTimings(store: Store, hashes: readonly StepHash[]) {
  const totals = { seconds: 0, tokens: 0, examples: 0 };
  for (const hash of new Set(hashes)) {
    const timing = await store.readTiming(hash);
    totals.seconds += timing?.seconds ?? 0;
    totals.tokens += timing?.tokens ?? 0;
    totals.examples += timing?.examples ?? 0;
  }
  return totals;
}

function rate(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}
