/** The document of `run`, from the store alone. */

import type { RunConfig } from '../config/run.js';
import type { ExperimentPlan, ExperimentRoles } from '../experiments/define.js';
import type { PlanStep, StepHash } from '../experiments/plan.js';
import { shareRight } from '../metrics/accuracy.js';
import {
  accuracyWithInterval,
  auroc,
  type Comparison,
  compareModels,
  EXPERIMENT_SCHEMA,
  type ExperimentDocument,
  type ModelScore,
  type ScoreSummary,
} from '../metrics/index.js';
import type { Store } from '../store/index.js';
import {
  binaryLabels,
  groupOf,
  type Lines,
  labelScore,
  modelNames,
  outcome,
  readLines,
  sumTimings,
  throughputOf,
  withFoundations,
} from './outcomes.js';
import { skippedIn } from './skipped.js';

/** Predictions of one role, seed by seed. */
type BySeed = ReadonlyMap<string, readonly Lines[]>;

/** Models that PGR compares. */
const COMPARED = ['weak', 'student', 'ceiling'] as const;

export async function experimentDocument(
  store: Store,
  plan: ExperimentPlan,
  config: RunConfig,
): Promise<ExperimentDocument> {
  const { seeds } = plan;
  const roles = Object.keys(seeds[0]?.models ?? {});
  const lines = await linesOf(store, seeds, roles, (seed, role) => seed.models[role]?.test);
  const graded = Object.keys(seeds[0]?.labels ?? {});
  const labels = await linesOf(store, seeds, graded, (seed, role) => seed.labels[role]);
  const compared = compare(seeds, lines);
  const stepsOf = seeds.map(({ seed }) => stepsOfSeed(plan, seed));
  const trained = seeds.flatMap(({ models }) =>
    Object.values(models).flatMap(({ trained }) => trained ?? []),
  );
  return {
    schema: EXPERIMENT_SCHEMA,
    config: { ...config },
    seeds: seeds.map(({ seed }) => seed),
    models: await modelScores(store, plan, config, lines, compared),
    labels: Object.fromEntries(graded.map((role) => [role, labelScore(labels.get(role) ?? [])])),
    ...(compared === null ? {} : { gap: compared.gap, pgr: compared.pgr, pgrAuroc: compared.pgrAuroc }),
    perSeed: seeds.map(({ seed }, i) => ({
      seed,
      accuracies: Object.fromEntries(
        roles.map((role) => [role, shareRight(outcome(lines.get(role)?.[i] ?? []).correct)]),
      ),
      ...(compared === null ? {} : { pgr: compared.perSeed[i]?.pgr ?? null }),
      steps: stepsOf[i] ?? {},
    })),
    ...(await skippedIn(
      store,
      plan.steps.map(({ hash }) => hash),
    )),
    throughput: await throughputOf(store, withFoundations(plan, trained)),
    store: store.shownPath,
    steps: stepsOf[0] ?? {},
  };
}

async function linesOf(
  store: Store,
  seeds: readonly ExperimentRoles[],
  roles: readonly string[],
  hashOf: (seed: ExperimentRoles, role: string) => StepHash | undefined,
): Promise<BySeed> {
  const found = new Map<string, Lines[]>();
  for (const role of roles) {
    const all: Lines[] = [];
    for (const seed of seeds) all.push(await readLines(store, hashOf(seed, role) ?? ''));
    found.set(role, all);
  }
  return found;
}

/** Weak, student and ceiling side by side; null where one is missing, or they were scored on other rows. */
function compare(seeds: readonly ExperimentRoles[], lines: BySeed): Comparison | null {
  const rows = new Set<string | undefined>();
  for (const { models } of seeds) for (const role of COMPARED) rows.add(models[role]?.rows);
  const groups = groupsOf(lines.get('ceiling')?.[0] ?? []);
  const sameItems = COMPARED.every((role) =>
    (lines.get(role) ?? []).every((one) => one.length === groups.length),
  );
  if (rows.size > 1 || rows.has(undefined) || !sameItems) return null;
  const of = (role: (typeof COMPARED)[number], i: number) => outcome(lines.get(role)?.[i] ?? []);
  return compareModels({
    seeds: seeds.map((_, i) => ({
      weak: of('weak', i),
      student: of('student', i),
      ceiling: of('ceiling', i),
    })),
    groups,
    labels: binaryLabels(lines.get('ceiling')?.[0] ?? []),
  });
}

const groupsOf = (lines: Lines): string[] => lines.map(groupOf);

async function modelScores(
  store: Store,
  plan: ExperimentPlan,
  config: RunConfig,
  lines: BySeed,
  compared: Comparison | null,
): Promise<Record<string, ModelScore>> {
  const scores: Record<string, ModelScore> = {};
  for (const [role, bySeed] of lines) {
    const isCompared = COMPARED.some((one) => one === role);
    const summary =
      compared !== null && isCompared ? compared[role as (typeof COMPARED)[number]] : summaryOf(bySeed);
    const evaluated = plan.seeds.flatMap(({ models }) => models[role] ?? []);
    const hashes = evaluated.flatMap(({ trained, test }) => (trained ? [trained, test] : [test]));
    const { seconds } = await sumTimings(store, withFoundations(plan, hashes));
    const { accuracy, ci95, auroc: ranked, aurocCi95, n } = summary;
    const model = modelNames(config)[evaluated[0]?.model ?? 'strong'];
    scores[role] = { model, accuracy, ci95, auroc: ranked, aurocCi95, n, seconds };
  }
  return scores;
}

/** One model alone: seeds that a model does not depend on count once; on rows of each seed's own, all rows are items. */
function summaryOf(bySeed: readonly Lines[]): ScoreSummary {
  const items = new Set(bySeed.map((lines) => JSON.stringify(lines.map(({ id }) => id))));
  const distinct =
    items.size === 1
      ? [...new Map(bySeed.map((one) => [JSON.stringify(one), one])).values()]
      : [bySeed.flatMap((lines, i) => lines.map((line) => ({ ...line, group: `${i} ${groupOf(line)}` })))];
  const [first = []] = distinct;
  const { accuracy, ci95 } = accuracyWithInterval(
    distinct.map((one) => outcome(one).correct),
    groupsOf(first),
  );
  const truth = binaryLabels(first);
  const ranked =
    truth === null ? [] : distinct.map((one) => auroc(outcome(one).scores ?? new Float64Array(), truth));
  const all = ranked.filter((value) => value !== null);
  const mean = all.length === 0 ? null : all.reduce((sum, value) => sum + value, 0) / all.length;
  return { accuracy, ci95, auroc: mean, aurocCi95: null, n: first.length };
}

/** Hashes of one seed's steps by role; a step that seeds share belongs to the first. */
function stepsOfSeed({ steps, seeds }: ExperimentPlan, seed: number): Record<string, StepHash> {
  const roles = seeds.find((one) => one.seed === seed);
  const own = steps
    .filter((step: PlanStep) => step.seed === seed)
    .map(({ role, hash }) => [role, hash] as const);
  const reported = Object.entries(roles?.models ?? {}).map(
    ([role, { test }]) => [`${role}Test`, test] as const,
  );
  return Object.fromEntries([...own, ...reported]);
}
