import type { TrainDocument } from '../metrics/index.js';
import { gapText, percent, percentInterval, shownModels, strongOf } from './format.js';
import { dataName, scoredName } from './html/names.js';
import { nameExperiments } from './runs/labels.js';
import { type Evaluation, type Experiment, type ReportedRun, shownTime, sortRuns } from './runs/records.js';
import { studyMeaning, studyTitle } from './runs/studies.js';
import { type Column, lineWidth, type Paint, PLAIN, textTable } from './textTable.js';
import { wrap } from './trainReport.js';

export interface RunsReportOptions {
  paint?: Paint;
  /** Cells of a line; columns that have no room are left out and named. Any width unless given. */
  width?: number;
}

/** A column, and how soon it goes where room is scarce: the highest first, 0 never. */
interface RankedColumn extends Column {
  rank: number;
}

/** Cells of a line of prose. */
const WORDS_WIDTH = 100;

const TRAIN_COLUMNS: readonly RankedColumn[] = [
  { title: 'dataset', rank: 0 },
  { title: 'weak', rank: 3 },
  { title: 'strong', rank: 3 },
  { title: 'loss', rank: 2 },
  { title: 'seeds', align: 'right', rank: 7 },
  { title: 'weak %', align: 'right', rank: 5 },
  { title: 'student %', align: 'right', rank: 1 },
  { title: 'ceiling %', align: 'right', rank: 4 },
  { title: 'zero-shot %', align: 'right', rank: 6 },
  { title: 'PGR [95 %]', rank: 0 },
  { title: 'run (UTC)', rank: 8 },
];

const EVALUATE_COLUMNS: readonly RankedColumn[] = [
  { title: 'dataset', rank: 1 },
  { title: 'model', rank: 0 },
  { title: 'accuracy', align: 'right', rank: 0 },
  { title: '95 % interval', align: 'right', rank: 0 },
  { title: 'items', align: 'right', rank: 2 },
  { title: 'run (UTC)', rank: 3 },
];

/**
 * One table over the runs of a store: every experiment once, by its latest run, oldest first; then the
 * what analyses, chains and best of n say; then the evaluated models. No newline at the end.
 */
export function runsReport(
  runs: readonly ReportedRun[],
  { paint = PLAIN, width = Number.POSITIVE_INFINITY }: RunsReportOptions = {},
): string {
  const { experiments, evaluations, studies } = sortRuns(runs);
  const parts: string[] = [];
  if (experiments.length > 0) {
    const names = nameExperiments(experiments.map(({ document }) => document));
    const rows = experiments.map((experiment, i) => trainRow(experiment, names[i]?.settings ?? ''));
    parts.push(fittingTable(TRAIN_COLUMNS, rows, paint, width));
  }
  for (const { document } of studies) {
    parts.push(
      `${paint.bold(studyTitle(document))}\n${wrap(studyMeaning(document), Math.min(width, WORDS_WIDTH))}`,
    );
  }
  if (evaluations.length > 0) {
    parts.push(fittingTable(EVALUATE_COLUMNS, evaluations.map(evaluateRow), paint, width));
  }
  return parts.length === 0 ? 'No finished experiment here yet.' : parts.join('\n\n');
}

/** The table, without the columns that the width has no room for; which they are stands below. */
function fittingTable(
  columns: readonly RankedColumn[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  width: number,
): string {
  let kept = columns.map((column, at) => ({ column, at }));
  const cellsOf = (row: readonly string[]): string[] => kept.map(({ at }) => row[at] ?? '');
  const titles = columns.map(({ title }) => title);
  const tooWide = (): boolean => lineWidth([titles, ...rows].map(cellsOf)) > width;
  while (tooWide() && kept.some(({ column }) => column.rank > 0)) {
    const most = Math.max(...kept.map(({ column }) => column.rank));
    kept = kept.filter(({ column }) => column.rank !== most);
  }
  const table = textTable(
    kept.map(({ column }) => column),
    rows.map(cellsOf),
    paint,
  );
  const left = columns.filter((column) => !kept.some((one) => one.column === column));
  if (left.length === 0) return table;
  return `${table}\n${paint.dim(`no room for: ${left.map(({ title }) => title).join(', ')}`)}`;
}

function trainRow({ document, time }: Experiment, settings: string): string[] {
  const { seeds, weak, student, ceiling, zeroShot, pgr } = document;
  // Supervision from outside has a name only beside its score.
  const names = shownModels({ weak: weak.model, strong: strongOf(document) });
  return [
    dataName(document),
    names.weak,
    names.strong,
    settings,
    `${seeds.length}`,
    withInterval(weak),
    withInterval(student),
    withInterval(ceiling),
    zeroShot === null ? '–' : withInterval(zeroShot),
    gapText(pgr),
    shownTime(time),
  ];
}

function evaluateRow({ document, time }: Evaluation): string[] {
  const { config, model, accuracy, ci95, n } = document;
  return [scoredName(config), model, percent(accuracy), percentInterval(ci95), `${n}`, shownTime(time)];
}

const withInterval = ({ accuracy, ci95 }: Pick<TrainDocument['weak'], 'accuracy' | 'ci95'>): string =>
  `${(accuracy * 100).toFixed(1)} ${percentInterval(ci95)}`;
