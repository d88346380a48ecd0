/** The result of `analyse` as text for a terminal. */

import type { AnalysisColumn, AnalysisDocument, AnalysisUnit, Measure } from '../metrics/index.js';
import { decimalInterval, decimals, NONE, percent, percentInterval } from './format.js';
import { type Column, type Paint, PLAIN, textTable, withoutEmpty } from './textTable.js';
import { wrap } from './trainReport.js';

/** A table, the facts over all of it, what it says and how to read it. No newline at the end. */
export function analysisReport(document: AnalysisDocument, paint: Paint = PLAIN): string {
  const { rows, columns, facts, says, reading } = document;
  const titles: Column[] = [
    { title: document.rowTitle },
    ...columns.map(({ title }) => ({ title, align: 'right' as const })),
  ];
  const cells = rows.map(({ name, values }) => [
    name,
    ...columns.map(({ key, unit }) => measureText(values[key] ?? null, unit)),
  ]);
  const notes = rows.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
  return [
    paint.bold(analysisTitle(document)),
    '',
    textTable(...withoutEmpty(titles, cells), paint),
    ...facts.map(({ name, unit, measure }) => `${name}: ${measureText(measure, unit)}`),
    ...notes,
    '',
    wrap(says, 100),
    '',
    paint.dim(wrap(reading, 100)),
  ].join('\n');
}

/** `Agreement: chess-legal, chess-xs → chess-s, chess-m, seeds 0, 1`. */
export function analysisTitle({ analysis, config, seeds }: AnalysisDocument): string {
  const students = Array.isArray(config.students) ? config.students.join(', ') : String(config.strong);
  const supervisor = config.weakLabels ?? config.weak;
  const shownSeeds = `seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`;
  const name = analysis.charAt(0).toUpperCase() + analysis.slice(1);
  return `${name}: ${String(config.dataset)}, ${String(supervisor)} → ${students}, ${shownSeeds}`;
}

/** A measure with its interval, as its unit wants it. */
export function measureText(measure: Measure | null, unit: AnalysisUnit): string {
  if (measure === null) return NONE;
  const { value, ci95 } = measure;
  if (unit === 'count') return value.toLocaleString('en-US');
  return unit === 'share'
    ? `${percent(value)} ${percentInterval(ci95)}`.trimEnd()
    : `${decimals(value, 3)} ${decimalInterval(ci95, 3)}`.trimEnd();
}

export const columnOf = (columns: readonly AnalysisColumn[], key: string): AnalysisColumn | undefined =>
  columns.find((column) => column.key === key);
