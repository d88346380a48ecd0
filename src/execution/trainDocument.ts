/** The document of `train` (DESIGN 3.1), from the store alone: neither tokenizer nor addon nor data is opened. */

import type { TrainConfig } from '../config/train.js';
import { W2sError } from '../errors.js';
import type { StepHash } from '../experiments/plan.js';
import type { TrainPlan, TrainRoles } from '../experiments/train.js';
import {
  agreement,
  compareModels,
  type ModelScore,
  type ScoreSummary,
  type SeedScore,
  TRAIN_SCHEMA,
  type TrainDocument,
} from '../metrics/index.js';
import type { Store } from '../store/index.js';
import { labelFields } from './labelsDocument.js';
import {
  answerPair,
  binaryLabels,
  groupOf,
  labelScore,
  measuresOf,
  modelNames,
  outcome,
  sumTimings,
  throughputOf,
  withFoundations,
  zeroShotScore,
} from './outcomes.js';
import { readSeed, type SeedRecord, supervisorOutcome } from './seedRecord.js';
import { skippedIn } from './skipped.js';
import { earlierStudents, roundFields, stoppedFields } from './studentFields.js';

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
  const modelScore = scorer(store, plan);
  const stepsOf = (...roles: (keyof TrainRoles)[]): StepHash[] =>
    seeds.flatMap((seed) => roles.flatMap((role) => seed.roles[role] ?? []));
  const weakSteps = seeds.flatMap(({ roles }) => supervisorSteps(roles));

  const names = modelNames(config);
  const weak = await modelScore(names.weak, compared.weak, weakSteps);
  return {
    schema: TRAIN_SCHEMA,
    config: { ...config },
    seeds: seeds.map(({ seed }) => seed),
    weak: { ...weak, on: first.weak ? 'test' : 'transfer' },
    student: await modelScore(names.strong, compared.student, stepsOf('student', 'studentTest')),
    ceiling: await modelScore(names.strong, compared.ceiling, stepsOf('ceiling', 'ceilingTest')),
    labels: labelScore(seeds.map(({ labels: graded }) => graded)),
    ...(await labelFields(store, plan, config)),
    agreement: agreementOf(seeds),
    gap: compared.gap,
    pgr: compared.pgr,
    pgrAuroc: compared.pgrAuroc,
    ...(await roundFields(store, seeds, compared)),
    perSeed: await perSeed(store, seeds, compared),
    zeroShot: zeroShotScore(
      seeds.map(({ roles, zeroShot }) => [roles.zeroShot, zeroShot]),
      groups,
    ),
    ...(await skippedIn(
      store,
      plan.steps.map(({ hash }) => hash),
    )),
    throughput: await throughputOf(
      store,
      withFoundations(plan, [
        ...trainedSupervisors(seeds),
        ...seeds.flatMap(({ roles }) => earlierStudents(roles)),
        ...stepsOf('student', 'ceiling'),
      ]),
    ),
    store: store.shownPath,
    steps: { ...first.roles },
  };
}

/** A model's summary with what its steps took, and what they measured beside. */
function scorer(store: Store, plan: TrainPlan) {
  return async (model: string, summary: ScoreSummary, hashes: readonly StepHash[]): Promise<ModelScore> => {
    const { accuracy, ci95, auroc, aurocCi95, n } = summary;
    const { seconds } = await sumTimings(store, withFoundations(plan, hashes));
    const measured = await measuresOf(store, hashes);
    return { model, accuracy, ci95, auroc, aurocCi95, n, seconds, ...measured };
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

async function perSeed(
  store: Store,
  seeds: readonly SeedRecord[],
  compared: ReturnType<typeof compareModels>,
): Promise<SeedScore[]> {
  return Promise.all(
    seeds.map(async ({ seed, roles }, i) => {
      const summary = compared.perSeed[i];
      if (!summary) throw new TypeError('a seed without a summary');
      return { seed, ...summary, ...(await stoppedFields(store, roles)), steps: { ...roles } };
    }),
  );
}

function agreementOf(seeds: readonly SeedRecord[]): TrainDocument['agreement'] {
  const pairs = seeds.flatMap(({ weak, student }) => (weak ? [answerPair(student, weak)] : []));
  return pairs.length < seeds.length ? null : agreement(pairs);
}
