/** The runs of a store, as far as a report can use them. */
import {
  ANALYSIS_SCHEMA,
  BEST_OF_SCHEMA,
  BOOTSTRAP_SCHEMA,
  REWARD_SCHEMA,
  TRAIN_SCHEMA,
  type TrainDocument,
} from '../../metrics/index.js';
import { isStudyDocument, type Study, studyKey } from './studies.js';

/** A run as the store keeps it; only what is shown. */
export interface ReportedRun {
  command: string;
  /** ISO 8601. */
  time: string;
  summary: unknown;
}

export interface Experiment {
  document: TrainDocument;
  time: string;
}

/** The document of `evaluate`, as far as reports show it. */
export interface EvaluateSummary {
  model: string;
  accuracy: number;
  ci95: readonly [number, number];
  auroc?: number | null;
  n: number;
  step?: unknown;
  config: { readonly [key: string]: unknown };
}

export interface Evaluation {
  document: EvaluateSummary;
  time: string;
}

export interface SortedRuns {
  /** Each once, by its latest run, oldest first. */
  experiments: Experiment[];
  evaluations: Evaluation[];
  /** Analyses, chains and best of n. */
  studies: Study[];
  /** Sentences about runs that cannot be shown. */
  problems: string[];
}

/**
 * Takes the runs apart. Runs of commands that have no result to compare (`finetune`, `label`) are left out
 * silently; those that a report should show and cannot are named in `problems`.
 */
export function sortRuns(runs: readonly ReportedRun[]): SortedRuns {
  const experiments: Experiment[] = [];
  const evaluations: Evaluation[] = [];
  const studies: Study[] = [];
  const problems: string[] = [];
  for (const run of runs) {
    const { time } = run;
    const summary = withoutReward(run.summary);
    if (isTrainDocument(summary)) experiments.push({ document: summary, time });
    else if (isEvaluateSummary(summary)) evaluations.push({ document: summary, time });
    else if (isStudyDocument(summary)) studies.push({ document: summary, time });
    else problems.push(...problemOf(run));
  }
  return {
    experiments: latest(experiments, stepsOf),
    evaluations: latest(evaluations, stepsOf),
    studies: latest(studies, studyKey),
    problems,
  };
}

/** A reward experiment is one of `train` on preferences. */
function withoutReward(summary: unknown): unknown {
  return isRecord(summary) && summary.schema === REWARD_SCHEMA
    ? { ...summary, schema: TRAIN_SCHEMA }
    : summary;
}

/** Schemas that have results, by the command that writes them, in the version that is understood here. */
const KNOWN: Readonly<Record<string, string>> = {
  train: TRAIN_SCHEMA,
  evaluate: 'w2s-native/evaluate@1',
  analyse: ANALYSIS_SCHEMA,
  bootstrap: BOOTSTRAP_SCHEMA,
  'best-of': BEST_OF_SCHEMA,
};

function problemOf({ command, time, summary }: ReportedRun): string[] {
  const known = KNOWN[command];
  if (known === undefined) return [];
  const schema = isRecord(summary) && typeof summary.schema === 'string' ? summary.schema : undefined;
  const about = `the run of ${command} at ${shownTime(time)}`;
  return schema === undefined || schema === known
    ? [`${about} has no complete result and is left out`]
    : [`${about} has results of another version (${schema}; known here: ${known}) and is left out`];
}

/** `2026-01-02 10:00`, in UTC. */
export const shownTime = (time: string): string => time.slice(0, 16).replace('T', ' ');

/** The last run of each; those of one key are one, such as experiments of the same steps. */
function latest<D, R extends { document: D }>(runs: readonly R[], keyOf: (document: D) => string): R[] {
  const bySteps = new Map<string, R>();
  for (const run of runs) {
    const key = keyOf(run.document);
    bySteps.delete(key);
    bySteps.set(key, run);
  }
  return [...bySteps.values()];
}

function stepsOf(document: TrainDocument | EvaluateSummary): string {
  return JSON.stringify(
    'perSeed' in document ? document.perSeed.map(({ steps }) => steps) : [document.step, document.model],
  );
}

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isInterval = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);

const isScore = (value: unknown): boolean =>
  isRecord(value) && Number.isFinite(value.accuracy) && isInterval(value.ci95);

const isModelScore = (value: unknown): boolean =>
  isScore(value) && isRecord(value) && typeof value.model === 'string' && Number.isFinite(value.n);

const isGap = (value: unknown): boolean =>
  isRecord(value) && (value.value === null || (Number.isFinite(value.value) && isInterval(value.ci95)));

/** Whether everything is there that tables, charts and pages read. */
function isTrainDocument(value: unknown): value is TrainDocument {
  if (!isRecord(value) || value.schema !== TRAIN_SCHEMA) return false;
  const { config, seeds, perSeed, labels, agreement, zeroShot } = value;
  return (
    isRecord(config) &&
    typeof config.dataset === 'string' &&
    typeof config.strong === 'string' &&
    Array.isArray(seeds) &&
    Array.isArray(perSeed) &&
    perSeed.every((seed) => isRecord(seed) && isRecord(seed.steps)) &&
    ['weak', 'student', 'ceiling'].every((role) => isModelScore(value[role])) &&
    isGap(value.pgr) &&
    isGap(value.pgrAuroc) &&
    isRecord(labels) &&
    Number.isFinite(labels.accuracy) &&
    (agreement === null || isRecord(agreement)) &&
    (zeroShot === null || isScore(zeroShot))
  );
}

function isEvaluateSummary(value: unknown): value is EvaluateSummary {
  return isModelScore(value) && isRecord(value) && value.schema === KNOWN.evaluate && isRecord(value.config);
}
