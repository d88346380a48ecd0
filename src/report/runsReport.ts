import { TRAIN_SCHEMA, type TrainDocument } from '../metrics/index.js';
import { gapText, percent, percentInterval, shownModels } from './format.js';
import { type Column, type Paint, PLAIN, textTable } from './textTable.js';
import { lossOf } from './trainReport.js';

/** A run as the store keeps it; only what is shown here. */
export interface ReportedRun {
  command: string;
  /** ISO 8601. */
  time: string;
  summary: unknown;
}

/** The document of `evaluate`, as far as a table shows it. */
interface EvaluateSummary {
  model: string;
  accuracy: number;
  ci95: readonly [number, number];
  n: number;
  config: { dataset?: unknown };
}

const TRAIN_COLUMNS: readonly Column[] = [
  { title: 'dataset' },
  { title: 'weak' },
  { title: 'strong' },
  { title: 'loss' },
  { title: 'seeds', align: 'right' },
  { title: 'weak %', align: 'right' },
  { title: 'student %', align: 'right' },
  { title: 'ceiling %', align: 'right' },
  { title: 'zero-shot %', align: 'right' },
  { title: 'PGR [95 %]' },
  { title: 'run (UTC)' },
];

const EVALUATE_COLUMNS: readonly Column[] = [
  { title: 'dataset' },
  { title: 'model' },
  { title: 'accuracy', align: 'right' },
  { title: '95 % interval', align: 'right' },
  { title: 'items', align: 'right' },
  { title: 'run (UTC)' },
];

/**
 * One table over the runs of a store: every experiment once, by its latest run, oldest first; then the
 * evaluated models. No newline at the end.
 */
export function runsReport(runs: readonly ReportedRun[], paint: Paint = PLAIN): string {
  const experiments = latest(runs.filter(({ summary }) => isTrainDocument(summary)));
  const evaluations = latest(runs.filter(({ summary }) => isEvaluateSummary(summary)));
  const parts: string[] = [];
  if (experiments.length > 0) parts.push(textTable(TRAIN_COLUMNS, experiments.map(trainRow), paint));
  if (evaluations.length > 0) parts.push(textTable(EVALUATE_COLUMNS, evaluations.map(evaluateRow), paint));
  return parts.length === 0 ? 'No finished experiment here yet.' : parts.join('\n\n');
}

function trainRow({ summary, time }: ReportedRun): string[] {
  const { config, seeds, weak, student, ceiling, zeroShot, pgr } = summary as TrainDocument;
  // Supervision from outside has a name only beside its score.
  const names = shownModels({ weak: weak.model, strong: config.strong });
  return [
    config.dataset,
    names.weak,
    names.strong,
    lossOf(config) ?? '',
    `${seeds.length}`,
    withInterval(weak),
    withInterval(student),
    withInterval(ceiling),
    zeroShot === null ? '–' : withInterval(zeroShot),
    gapText(pgr),
    shownTime(time),
  ];
}

function evaluateRow({ summary, time }: ReportedRun): string[] {
  const { config, model, accuracy, ci95, n } = summary as EvaluateSummary;
  const dataset = typeof config.dataset === 'string' ? config.dataset : '';
  return [dataset, model, percent(accuracy), percentInterval(ci95), `${n}`, shownTime(time)];
}

const withInterval = ({ accuracy, ci95 }: { accuracy: number; ci95: readonly [number, number] }): string =>
  `${(accuracy * 100).toFixed(1)} ${percentInterval(ci95)}`;

const shownTime = (time: string): string => time.slice(0, 16).replace('T', ' ');

/** The last run of each experiment; two runs are one experiment when they came from the same steps. */
function latest(runs: readonly ReportedRun[]): ReportedRun[] {
  const bySteps = new Map<string, ReportedRun>();
  for (const run of runs) {
    const key = stepsOf(run.summary);
    bySteps.delete(key);
    bySteps.set(key, run);
  }
  return [...bySteps.values()];
}

function stepsOf(summary: unknown): string {
  const { perSeed, step } = summary as { perSeed?: readonly { steps: unknown }[]; step?: unknown };
  return JSON.stringify(perSeed?.map(({ steps }) => steps) ?? step);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isScore = (value: unknown): boolean =>
  isRecord(value) && typeof value.accuracy === 'number' && Array.isArray(value.ci95);

function isTrainDocument(value: unknown): boolean {
  return (
    isRecord(value) &&
    value.schema === TRAIN_SCHEMA &&
    isRecord(value.config) &&
    Array.isArray(value.seeds) &&
    Array.isArray(value.perSeed) &&
    isRecord(value.pgr) &&
    ['weak', 'student', 'ceiling'].every((role) => isScore(value[role]))
  );
}

function isEvaluateSummary(value: unknown): boolean {
  return (
    isRecord(value) &&
    value.schema !== TRAIN_SCHEMA &&
    isScore(value) &&
    isRecord(value.config) &&
    typeof value.model === 'string'
  );
}
