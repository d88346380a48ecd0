/** The page of an analysis: what it says, its chart, its numbers, how to read them. */

import type { TrainConfig } from '../../config/train.js';
import type { AnalysisColumn, AnalysisDocument, AnalysisRow } from '../../metrics/index.js';
import { analysisTitle, columnOf, measureText } from '../analysisReport.js';
import { type ColourName, curveChart, intervalChart } from '../charts/index.js';
import { argumentsOf, quoted, settingsOf } from './command.js';
import { type ResultChart, type ResultPage, writeResultPage } from './resultPage.js';

/** Draws and writes the page. @returns its path */
export async function writeAnalysisPage(document: AnalysisDocument, folder: string): Promise<string> {
  return writeResultPage(analysisPage(document), folder);
}

export function analysisPage(document: AnalysisDocument): ResultPage {
  const { analysis, seeds, columns, rows, charted, facts, reading, says, config } = document;
  const charts = charted.flatMap((key) => {
    const column = columnOf(columns, key);
    return column ? [columnChart(column, rows, document.rowTitle)] : [];
  });
  return {
    name: `analyse-${analysis}-${String(config.dataset)}`,
    eyebrow: `Analysis · seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`,
    title: analysisTitle(document),
    lede: says,
    sections: [
      {
        title: 'What was found',
        words: [
          reading,
          ...facts.map(({ name, unit, measure }) => `${name}: ${measureText(measure, unit)}.`),
          ...rows.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`])),
        ],
        charts: [...charts, ...curves(document)],
        tables: [
          {
            caption: 'Values with 95 % intervals.',
            columns: [{ title: document.rowTitle }, ...columns.map(({ title }) => ({ title, number: true }))],
            rows: rows.map(({ name, values }) => [
              name,
              ...columns.map(({ key, unit }) => measureText(values[key] ?? null, unit)),
            ]),
          },
        ],
      },
    ],
    command: analysisCommand(document),
    config,
  };
}

/** The fewest flags that give this analysis again. */
function analysisCommand({ analysis, config }: AnalysisDocument): string {
  const { students, corpus, ngram, fewShot, checks, ...train } = config;
  const settings = settingsOf(train as unknown as TrainConfig) ?? {};
  const own = Object.entries({ students, corpus, ngram, 'few-shot': fewShot, checks }).flatMap(
    ([key, value]) =>
      value === undefined ? [] : [`--${key}`, Array.isArray(value) ? value.join(',') : String(value)],
  );
  return ['npx w2s-native analyse', analysis, ...[...argumentsOf(settings), ...own].map(quoted)].join(' ');
}

const COLOURS: Readonly<Record<string, ColourName>> = {
  weak: 'weak',
  ceiling: 'ceiling',
  student: 'student',
};

/** One column of the table as a chart, a row each. */
function columnChart(
  { key, title, unit }: AnalysisColumn,
  rows: readonly AnalysisRow[],
  rowTitle: string,
): ResultChart {
  const drawn = rows.map(({ name, values }) => {
    const measure = values[key] ?? null;
    return {
      label: name,
      value: measure?.value ?? null,
      ci95: measure?.ci95 ?? null,
      shown: measureText(measure, unit),
      colour: COLOURS[name] ?? 'student',
    };
  });
  const ends = drawn.flatMap(({ value, ci95 }) => (value === null ? [] : [value, ...(ci95 ?? [])]));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  // Dots need no zero; the words beside them need room.
  const spread = high - low || 0.1;
  return {
    draw: (width) =>
      intervalChart(drawn, {
        width,
        domain: [low - 0.1 * spread, high + 0.6 * spread],
        format: unit === 'share' ? '.0%' : '.2f',
        mark: 'dot',
        labelWidth: width < 500 ? 0 : 150,
      }),
    alt: `${title} of each row (${rowTitle}) with its 95 % interval: ${drawn.map(({ label, shown }) => `${label} ${shown}`).join('; ')}.`,
    caption: `${title.charAt(0).toUpperCase()}${title.slice(1)}`,
  };
}

const LINES: readonly ColourName[] = ['student', 'weak', 'ceiling', 'zero'];

function curves({ curves: drawn }: AnalysisDocument): ResultChart[] {
  if (drawn === undefined) return [];
  const roles = drawn.lines.map(({ name, points }, i) => ({
    name,
    colour: LINES[i % LINES.length] ?? 'student',
    seeds: [points],
    ...(i === 0 ? {} : { dash: [4 * i, 3] }),
  }));
  return [
    {
      draw: (width) => curveChart(roles, { width, format: '.0%', xTitle: drawn.xTitle, kind: 'share' }),
      alt: `Lines over ${drawn.xTitle}: ${roles.map(({ name }) => name).join(', ')}.`,
    },
  ];
}
