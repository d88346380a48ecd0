/** What the document of `train` says of how the student's labels came about, beside a single supervisor's. */

import { weakModelsOf } from '../config/supervision.js';
import type { TrainConfig } from '../config/train.js';
import type { RelabelMethod, StepHash } from '../experiments/plan.js';
import type { TrainPlan, TrainRoles } from '../experiments/train.js';
import { mean } from '../metrics/accuracy.js';
import type { EnsembleScore, RelabelScore, TrainDocument } from '../metrics/document.js';
import type { RelabelResult } from '../steps/results.js';
import type { Store } from '../store/index.js';
import { labelScore, readLines } from './outcomes.js';

/** Fields that are absent where a single supervisor's labels are learned from as they are. */
export async function labelFields(
  store: Store,
  plan: TrainPlan,
  config: TrainConfig,
): Promise<Pick<TrainDocument, 'labelledBy' | 'relabel' | 'ensemble'>> {
  const relabel = await relabelScore(store, plan);
  const ensemble = await ensembleScore(store, plan, config);
  return {
    ...(config.supervisor === undefined ? {} : { labelledBy: config.supervisor }),
    ...(relabel ? { relabel } : {}),
    ...(ensemble ? { ensemble } : {}),
  };
}

/** How many labels are kept, and how right they are, before and after. */
async function relabelScore(store: Store, plan: TrainPlan): Promise<RelabelScore | null> {
  const seeds = plan.seeds.flatMap(({ roles }) => {
    const { labels, labelsGrade, beforeGrade } = roles;
    return beforeGrade === undefined ? [] : [{ labels, labelsGrade, beforeGrade }];
  });
  const [first] = seeds;
  if (first === undefined) return null;
  const results = await Promise.all(
    seeds.map(async ({ labels }) => (await store.readResult(labels)) as unknown as RelabelResult),
  );
  const gradeOf = async (role: 'labelsGrade' | 'beforeGrade') =>
    labelScore(await Promise.all(seeds.map((seed) => readLines(store, seed[role]))));
  return {
    method: methodsOf(plan, first.labels).join(' + '),
    kept: mean(results.map(({ kept }) => kept)),
    n: mean(results.map(({ n }) => n)),
    accuracyBefore: (await gradeOf('beforeGrade')).accuracy,
    accuracyAfter: (await gradeOf('labelsGrade')).accuracy,
  };
}

/** What combines supervisors makes no new labels of one's own. */
const COMBINES: readonly RelabelMethod['name'][] = ['mean', 'adaboost', 'vote'];

/** Names of the methods that labels went through, the first one first. */
function methodsOf(plan: TrainPlan, labels: StepHash): string[] {
  const spec = plan.steps.find(({ hash }) => hash === labels)?.spec;
  if (spec?.kind !== 'relabel' || COMBINES.includes(spec.method.name)) return [];
  const [source] = spec.labels;
  const name = spec.method.name === 'custom' ? spec.method.relabel : spec.method.name;
  return [...(source?.from === 'step' ? methodsOf(plan, source.step) : []), name];
}

async function ensembleScore(
  store: Store,
  plan: TrainPlan,
  config: TrainConfig,
): Promise<EnsembleScore | null> {
  const { ensemble } = config;
  if (ensemble === undefined) return null;
  const models = weakModelsOf(config);
  const names = (models.length > 0 ? models : [config.weakFeatures ?? '']).flatMap((name) =>
    new Array<string>(ensemble).fill(name),
  );
  const weights = await Promise.all(plan.seeds.map(({ roles }) => weightsOf(store, plan, roles)));
  const members = names.map(async (model, i) => {
    const lines = plan.seeds.map(({ roles }) => readLines(store, roles[`weakTest${i + 1}`] ?? ''));
    const { accuracy } = labelScore(await Promise.all(lines));
    const own = weights.flatMap((one) => one?.[i] ?? []);
    return { model, accuracy, ...(own.length === 0 ? {} : { weight: mean(own) }) };
  });
  return { members: await Promise.all(members) };
}

/** AdaBoost's weights of one seed's members; null where they are all alike. */
async function weightsOf(
  store: Store,
  plan: TrainPlan,
  { weakTest }: TrainRoles,
): Promise<readonly number[] | null> {
  const [combined] = plan.steps.find(({ hash }) => hash === weakTest)?.needs ?? [];
  const result = combined === undefined ? null : await store.readResult(combined);
  return (result as unknown as RelabelResult | null)?.memberWeights ?? null;
}
