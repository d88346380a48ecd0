/** Results as CSV (RFC 4180): a row per experiment, then one per evaluated model; numbers unrounded. */
import type { Interval, ModelScore, TrainDocument } from '../../metrics/index.js';
import { strongOf } from '../format.js';
import { lossOf } from '../trainReport.js';
import type { Evaluation, Experiment, SortedRuns } from './records.js';

type Value = string | number | null | undefined;

interface Column {
  name: string;
  /** What it holds; empty where a row has no such thing. */
  about: string;
  experiment?: (document: TrainDocument, time: string) => Value;
  evaluation?: (evaluation: Evaluation) => Value;
}

const ends = (name: string, about: string, of: (document: TrainDocument) => Interval | null | undefined) => [
  { name: `${name}_low`, about: `${about}: lower end of the 95 % interval`, experiment: low(of) },
  { name: `${name}_high`, about: `${about}: upper end`, experiment: high(of) },
];
const low = (of: (document: TrainDocument) => Interval | null | undefined) => (document: TrainDocument) =>
  of(document)?.[0];
const high = (of: (document: TrainDocument) => Interval | null | undefined) => (document: TrainDocument) =>
  of(document)?.[1];

function scoreColumns(role: 'weak' | 'student' | 'ceiling', about: string): Column[] {
  const score = (document: TrainDocument): ModelScore => document[role];
  return [
    { name: `${role}_accuracy`, about: `${about}: accuracy, 0 to 1`, experiment: (d) => score(d).accuracy },
    ...ends(`${role}_accuracy`, about, (d) => score(d).ci95),
    { name: `${role}_auroc`, about: `${about}: AUROC of a binary task`, experiment: (d) => score(d).auroc },
    {
      name: `${role}_seconds`,
      about: `${about}: training and scoring, all seeds`,
      experiment: (d) => score(d).seconds,
    },
  ];
}

function setting(name: string, about: string, of: (document: TrainDocument) => unknown): Column {
  return { name, about, experiment: (document) => plain(of(document)) };
}

/** Every column in order. New ones are only ever added at the end. */
export const CSV_COLUMNS: readonly Column[] = [
  {
    name: 'kind',
    about: '`experiment` or `evaluation`',
    experiment: () => 'experiment',
    evaluation: () => 'evaluation',
  },
  {
    name: 'time',
    about: 'when the latest run ended, ISO 8601',
    experiment: (_, time) => time,
    evaluation: ({ time }) => time,
  },
  {
    name: 'dataset',
    about: 'built-in data set, or format of the file',
    experiment: ({ config }) => config.dataset,
    evaluation: ({ document }) => text(document.config.dataset),
  },
  {
    name: 'data',
    about: 'the file, where there is one',
    experiment: ({ config }) => text(config.data ?? config.transferData),
    evaluation: ({ document }) => text(document.config.testData ?? document.config.data),
  },
  { name: 'weak_model', about: 'supervisor, or the file of labels', experiment: ({ weak }) => weak.model },
  {
    name: 'strong_model',
    about: 'student and ceiling; of an evaluation, the model',
    experiment: strongOf,
    evaluation: ({ document }) => document.model,
  },
  { name: 'loss', about: "the student's loss", experiment: ({ config }) => lossOf(config) },
  { name: 'seeds', about: 'seeds, with blanks between', experiment: ({ seeds }) => seeds.join(' ') },
  {
    name: 'items',
    about: 'test items',
    experiment: ({ student }) => student.n,
    evaluation: ({ document }) => document.n,
  },
  {
    name: 'pgr',
    about: 'performance gap recovered; empty where it is not defined',
    experiment: ({ pgr }) => pgr.value,
  },
  ...ends('pgr', 'PGR', ({ pgr }) => pgr.ci95),
  { name: 'pgr_reason', about: 'why PGR is not defined', experiment: ({ pgr }) => pgr.reason },
  { name: 'gap', about: 'ceiling − weak, in accuracy', experiment: ({ gap }) => gap?.value },
  ...ends('gap', 'ceiling − weak', ({ gap }) => gap?.ci95),
  { name: 'pgr_auroc', about: 'PGR of AUROC', experiment: ({ pgrAuroc }) => pgrAuroc.value },
  ...ends('pgr_auroc', 'PGR of AUROC', ({ pgrAuroc }) => pgrAuroc.ci95),
  ...scoreColumns('weak', 'weak supervisor'),
  ...scoreColumns('student', 'student'),
  ...scoreColumns('ceiling', 'ceiling'),
  {
    name: 'zero_shot_accuracy',
    about: 'the strong model before any fine-tuning',
    experiment: ({ zeroShot }) => zeroShot?.accuracy,
  },
  ...ends('zero_shot_accuracy', 'zero-shot', ({ zeroShot }) => zeroShot?.ci95),
  {
    name: 'labels_accuracy',
    about: 'labels learned from that are right',
    experiment: ({ labels }) => labels.accuracy,
  },
  { name: 'labels_n', about: 'labels learned from', experiment: ({ labels }) => labels.n },
  {
    name: 'agreement',
    about: 'test items that student and supervisor answer alike',
    experiment: ({ agreement }) => agreement?.overall,
  },
  {
    name: 'agreement_supervisor_right',
    about: 'the same where the supervisor is right',
    experiment: ({ agreement }) => agreement?.supervisorRight,
  },
  {
    name: 'agreement_supervisor_wrong',
    about: 'the same where it is wrong',
    experiment: ({ agreement }) => agreement?.supervisorWrong,
  },
  setting('train_size', 'rows of both halves; empty: all', ({ config }) => config.trainSize),
  setting('test_size', 'test rows asked for; empty: all', ({ config }) => config.testSize),
  setting('weak_epochs', "the supervisor's", ({ config }) => field(config.forWeak, 'epochs')),
  setting('weak_lr', "the supervisor's learning rate", ({ config }) => field(config.forWeak, 'lr')),
  setting('strong_epochs', "student's and ceiling's", ({ config }) => field(config.forStrong, 'epochs')),
  setting('strong_lr', "student's and ceiling's learning rate", ({ config }) =>
    field(config.forStrong, 'lr'),
  ),
  { name: 'accuracy', about: 'of an evaluation', evaluation: ({ document }) => document.accuracy },
  {
    name: 'accuracy_low',
    about: 'of an evaluation: lower end',
    evaluation: ({ document }) => document.ci95[0],
  },
  {
    name: 'accuracy_high',
    about: 'of an evaluation: upper end',
    evaluation: ({ document }) => document.ci95[1],
  },
  { name: 'auroc', about: 'of an evaluation', evaluation: ({ document }) => document.auroc },
];

/** One line of titles and one per result, each ended by CR LF. */
export function runsCsv({ experiments, evaluations }: SortedRuns): string {
  const rows = [
    CSV_COLUMNS.map(({ name }) => name),
    ...experiments.map(experimentRow),
    ...evaluations.map((evaluation) => CSV_COLUMNS.map((column) => column.evaluation?.(evaluation))),
  ];
  return rows.map((row) => `${row.map(quotedField).join(',')}\r\n`).join('');
}

const experimentRow = ({ document, time }: Experiment): Value[] =>
  CSV_COLUMNS.map((column) => column.experiment?.(document, time));

function quotedField(value: Value): string {
  if (value === null || value === undefined) return '';
  const shown = String(value);
  return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const plain = (value: unknown): Value => (typeof value === 'number' ? value : text(value));

const field = (settings: unknown, name: string): unknown =>
  typeof settings === 'object' && settings !== null ? (settings as Record<string, unknown>)[name] : undefined;
