/** The document of `reward`, from the store alone: that of `train`, and what generative fine-tuning gave. */

import type { RewardConfig } from '../config/reward.js';
import { W2sError } from '../errors.js';
import type { StepHash } from '../experiments/plan.js';
import type { RewardPlan, RewardRoles } from '../experiments/reward.js';
import {
  compareModels,
  type GenerativeScores,
  type ModelScore,
  REWARD_SCHEMA,
  type RewardDocument,
  type ScoreSummary,
} from '../metrics/index.js';
import type { Store } from '../store/index.js';
import { binaryLabels, groupOf, outcome, readLines, sumTimings } from './outcomes.js';
import { readSeed, supervisorOutcome } from './seedRecord.js';
import { trainDocument } from './trainDocument.js';

export async function rewardDocument(
  store: Store,
  plan: RewardPlan,
  config: RewardConfig,
): Promise<RewardDocument> {
  const document = await trainDocument(store, plan, config);
  const generative = config.generative ? await generativeScores(store, plan, config) : null;
  return { ...document, schema: REWARD_SCHEMA, generative };
}

async function generativeScores(
  store: Store,
  plan: RewardPlan,
  { strong }: RewardConfig,
): Promise<GenerativeScores> {
  const seeds = await Promise.all(
    plan.seeds.map(async ({ seed, roles }) => ({
      weak: supervisorOutcome(await readSeed(store, seed, roles)),
      plain: await readLines(store, roles.ceilingTest),
      student: outcome(await readLines(store, needed(roles.tunedStudentTest))),
      tuned: outcome(await readLines(store, needed(roles.tunedCeilingTest))),
    })),
  );
  const [first] = seeds;
  if (!first) throw new W2sError('ERR_ARGUMENT', 'Expected at least one seed but received none');
  const items = { groups: first.plain.map(groupOf), labels: binaryLabels(first.plain) };
  const against = (ceiling: 'plain' | 'tuned') =>
    compareModels({
      seeds: seeds.map(({ weak, student, plain, tuned }) => ({
        weak,
        student,
        ceiling: ceiling === 'plain' ? outcome(plain) : tuned,
      })),
      ...items,
    });
  const [plain, tuned] = [against('plain'), against('tuned')];
  const score = async (
    { accuracy, ci95, auroc, aurocCi95, n }: ScoreSummary,
    ...roles: (keyof RewardRoles)[]
  ): Promise<ModelScore> => {
    const hashes = plan.seeds.flatMap((seed) => roles.map((role) => needed(seed.roles[role])));
    const { seconds } = await sumTimings(store, hashes);
    return { model: strong, accuracy, ci95, auroc, aurocCi95, n, seconds };
  };
  return {
    student: await score(tuned.student, 'generative', 'tunedStudent', 'tunedStudentTest'),
    ceiling: await score(tuned.ceiling, 'generative', 'tunedCeiling', 'tunedCeilingTest'),
    pgrPlainCeiling: plain.pgr,
    pgrTunedCeiling: tuned.pgr,
  };
}

function needed(hash: StepHash | undefined): StepHash {
  if (hash === undefined) throw new TypeError('a plan without the steps of generative fine-tuning');
  return hash;
}
