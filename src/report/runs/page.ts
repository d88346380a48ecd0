/** The page over many runs. */
import { type IntervalRow, intervalChart } from '../charts/index.js';
import { fitted } from '../charts/text.js';
import { decimalInterval, decimals, NONE, percent, percentInterval, plural, unbroken } from '../format.js';
import { type Html, html, isolated } from '../html/markup.js';
import { scoredName } from '../html/names.js';
import { chartFigure, pageText, section, table } from '../html/page.js';
import { drawSection, type ResultSection } from '../html/resultPage.js';
import { meaningParts } from '../meaning.js';
import { type ComparisonRow, comparisonChart, type Panel } from './chart.js';
import { type NamedExperiment, order } from './labels.js';
import { type Evaluation, type Experiment, shownTime } from './records.js';

/** An experiment with what it is called and where its own page lies. */
export interface ListedExperiment extends Experiment, NamedExperiment {
  /** Relative to the page; null where there is none. */
  href: string | null;
}

/** A result that holds experiments beside each other. */
export interface StudySection {
  section: ResultSection;
  /** Below its words: where its own page lies. */
  more: Html;
}

export interface RunsPageParts {
  /** What the results folder is called. */
  folder: string;
  /** In the order in which they are shown. */
  experiments: readonly ListedExperiment[];
  evaluations: readonly Evaluation[];
  studies?: readonly StudySection[];
  version: string;
}

/** The same runs give the same text. */
export async function drawRunsPage(parts: RunsPageParts): Promise<string> {
  const { folder, experiments, evaluations, studies = [], version } = parts;
  const rows = comparisonRows(experiments);
  const sections = [
    experiments.length > 0 && (await gapSection(rows)),
    experiments.length > 0 && (await accuracySection(rows)),
    experiments.length > 0 && experimentsSection(experiments),
    ...(await Promise.all(studies.map(({ section: one, more }) => drawSection(one, more)))),
    evaluations.length > 0 && (await evaluationsSection(evaluations)),
  ];
  return pageText({
    title: `Results in ${folder}`,
    header: headerOf(parts),
    sections: sections.filter((one) => one !== false),
    footer: html`<p>Drawn by w2s-native ${version}. This page is one file: it asks the network for nothing and runs no script. <code>npx w2s-native report ${folder}</code> draws it again; with <code>--csv</code> the numbers come unrounded as a table, with <code>--svg</code> the charts as a picture.</p>`,
  });
}

/** Rows of the charts, grouped by data; where each has data of its own, these name it. */
export function comparisonRows(
  experiments: readonly Pick<ListedExperiment, 'document' | 'data' | 'label'>[],
): ComparisonRow[] {
  const isGrouped = new Set(experiments.map(({ data }) => data)).size < experiments.length;
  // What all have in common stands above the charts.
  const isOneLabel = new Set(experiments.map(({ label }) => label)).size === 1;
  return experiments.map(({ document, data, label }) => {
    const { weak, student, ceiling, zeroShot, pgr } = document;
    const { value, ci95 } = pgr;
    return {
      ...(isGrouped ? { group: data, label } : { group: '', label: isOneLabel ? data : `${data}: ${label}` }),
      weak,
      student,
      ceiling,
      zeroShot,
      pgr: value === null || ci95 === null ? null : { value, ci95 },
    };
  });
}

function headerOf({ folder, experiments, evaluations, studies = [] }: RunsPageParts): Html {
  const sets = new Set(experiments.map(({ data }) => data)).size;
  const counts = [
    ...(experiments.length > 0
      ? [`${plural(experiments.length, 'experiment')} on ${plural(sets, 'data set')}`]
      : []),
    ...(studies.length > 0 ? [plural(studies.length, 'comparison')] : []),
    ...(evaluations.length > 0 ? [plural(evaluations.length, 'evaluation')] : []),
  ];
  return html`<p class="eyebrow">Weak-to-strong generalization · ${counts.join(' · ')}</p>
<h1>Results in ${isolated(folder)}</h1>
${experiments.length > 0 && html`<p class="lede">${unbroken(findings(experiments))}</p>`}${common(experiments)}`;
}

/** What all experiments have in common: labels leave it out. */
function common(experiments: readonly ListedExperiment[]): Html | false {
  const [first, ...others] = experiments;
  if (first === undefined) return false;
  const { pair, settings, data } = first;
  if (others.length === 0) {
    return html`<p class="remarks">${isolated([data, pair, settings].filter((text) => text !== '').join(' · '))}</p>`;
  }
  if (others.some((other) => other.pair !== pair)) return false;
  const all = others.some((other) => other.settings !== settings) ? pair : `${pair}, ${settings}`;
  return html`<p class="remarks">All of them: ${isolated(all)}.</p>`;
}

/** How many students are better than their supervisors, and how many short of their ceilings, beyond doubt. */
export function findings(experiments: readonly Experiment[]): string {
  const [only, ...others] = experiments;
  if (only === undefined) return '';
  if (others.length === 0) return meaningParts(only.document)[0] ?? '';
  const gaps = experiments.flatMap(({ document: { pgr } }) => (pgr.ci95 === null ? [] : [pgr.ci95]));
  const better = gaps.filter(([low]) => low > 0).length;
  const worse = gaps.filter(([, high]) => high < 0).length;
  const short = gaps.filter(([low, high]) => low > 0 && high < 1).length;
  const without = experiments.length - gaps.length;
  const said: string[] = [];
  if (gaps.length > 0) {
    const shortToo = `; ${amount(short, better)} of these ${short === 0 || short === 1 ? 'is' : 'are'} clearly short of the ceiling`;
    said.push(
      `${inSome(better, gaps.length)} with a certain gap between weak supervisor and ceiling the student is clearly better than its supervisor, by 95 % intervals${better > 0 ? shortToo : ''}.`,
    );
  }
  if (worse > 0) said.push(`In ${worse} it is clearly worse.`);
  if (without === experiments.length) {
    said.push(
      `None of the ${without} experiments has a certain gap between weak supervisor and ceiling, so that PGR is not defined.`,
    );
  } else if (without > 0) {
    said.push(
      `${without} more ${without === 1 ? 'has' : 'have'} no certain gap, so that PGR is not defined there.`,
    );
  }
  return said.join(' ');
}

const inSome = (count: number, all: number): string =>
  `In ${amount(count, all)} of ${all} ${all === 1 ? 'experiment' : 'experiments'}`;

const amount = (count: number, all: number): string =>
  count === 0 ? 'none' : count === all && all > 1 ? 'all' : String(count);

async function gapSection(rows: readonly ComparisonRow[]): Promise<Html> {
  const words = rows.map(({ group, label, pgr }) => {
    const value = pgr === null ? 'not defined' : `${decimals(pgr.value)} ${decimalInterval(pgr.ci95)}`;
    return `${nameOf(group, label)}: ${value}`;
  });
  return section({
    title: 'How much of the gap was recovered',
    full: true,
    words: html`<p><strong>PGR</strong>, the performance gap recovered, is the share of the way from the weak supervisor
(0) to the ceiling (1) that the student went. A line that crosses 0 means that the student cannot be told apart from its
supervisor; one that crosses 1, that it cannot be told apart from its ceiling.</p>`,
    content: await comparison(rows, 'pgr', `PGR with 95 % intervals. ${words.join('; ')}.`),
  });
}

async function accuracySection(rows: readonly ComparisonRow[]): Promise<Html> {
  const words = rows.map(
    ({ group, label, weak, student, ceiling }) =>
      `${nameOf(group, label)}: weak ${percent(weak.accuracy)}, student ${percent(student.accuracy)}, ceiling ${percent(ceiling.accuracy)}`,
  );
  return section({
    title: 'Accuracy of the three models',
    full: true,
    words: html`<p>Each row reaches from the weak supervisor to the ceiling. The bands are 95\u00a0% intervals.</p>`,
    content: await comparison(rows, 'accuracy', `Accuracies. ${words.join('; ')}.`),
  });
}

const nameOf = (group: string, label: string): string => (group === '' ? label : `${group}, ${label}`);

const comparison = (rows: readonly ComparisonRow[], panel: Panel, alt: string): Promise<Html> =>
  chartFigure((width) => comparisonChart(rows, { width, panels: [panel] }), alt);

function experimentsSection(experiments: readonly ListedExperiment[]): Html {
  const hasZeroShot = experiments.some(({ document }) => document.zeroShot !== null);
  const rows = experiments.map(({ document, time, data, label, href }) => {
    const { seeds, weak, student, ceiling, zeroShot, pgr } = document;
    const name = href === null ? isolated(label) : html`<a href="${href}">${isolated(label)}</a>`;
    return [
      html`${name}<br><small>${isolated(data)}</small>`,
      `${seeds.length}`,
      scoreCell(weak),
      scoreCell(student),
      scoreCell(ceiling),
      ...(hasZeroShot ? [zeroShot === null ? NONE : scoreCell(zeroShot)] : []),
      pgr.value === null
        ? html`<span title="${pgr.reason ?? ''}">${NONE}</span>`
        : html`${decimals(pgr.value)}<br><small>${decimalInterval(pgr.ci95)}</small>`,
      html`<small>${shownTime(time)}</small>`,
    ];
  });
  const number = (title: string) => ({ title, number: true });
  const hasPages = experiments.some(({ href }) => href !== null);
  return section({
    title: 'Experiments',
    full: true,
    words: html`<p>Each by its latest run.${hasPages && ' A name leads to the page of that experiment.'} Accuracies and
PGR with their 95\u00a0% intervals.</p>`,
    content: table(
      'Experiments by data set; times are UTC.',
      [
        { title: 'experiment' },
        number('seeds'),
        number('weak'),
        number('student'),
        number('ceiling'),
        ...(hasZeroShot ? [number('zero-shot')] : []),
        number('PGR'),
        number('run'),
      ],
      rows,
    ),
  });
}

const scoreCell = ({ accuracy, ci95 }: { accuracy: number; ci95: readonly [number, number] }): Html =>
  html`${percent(accuracy)}<br><small>${percentInterval(ci95)}</small>`;

async function evaluationsSection(evaluations: readonly Evaluation[]): Promise<Html> {
  const sorted = [...evaluations].sort(
    (a, b) => order(dataOf(a), dataOf(b)) || order(a.document.model, b.document.model),
  );
  const bars: IntervalRow[] = sorted.map((evaluation) => {
    const { model, accuracy, ci95 } = evaluation.document;
    return {
      label: `${model} · ${dataOf(evaluation)}`,
      value: accuracy,
      ci95,
      shown: percent(accuracy),
      colour: 'student',
    };
  });
  const rows = sorted.map((evaluation) => {
    const { model, accuracy, ci95, auroc, n } = evaluation.document;
    return [
      isolated(model),
      isolated(dataOf(evaluation)),
      percent(accuracy),
      html`<span class="range">${percentInterval(ci95)}</span>`,
      decimals(auroc, 3),
      `${n}`,
    ];
  });
  const words = bars.map(({ label, shown, ci95 }) => `${label}: ${shown} ${percentInterval(ci95)}`);
  return section({
    title: 'Evaluated models',
    full: true,
    words: html`<p>Accuracy of single models on every row of a test file, with 95 % intervals.</p>`,
    content: html`${await chartFigure((width) => evaluationChart(bars, width), words.join('; '))}${table(
      'Evaluations by data set.',
      [
        { title: 'model' },
        { title: 'data' },
        { title: 'accuracy', number: true },
        { title: '95 % interval' },
        { title: 'AUROC', number: true },
        { title: 'items', number: true },
      ],
      rows,
    )}`,
  });
}

const EVALUATION_LABELS = 240;

function evaluationChart(rows: readonly IntervalRow[], width: number) {
  const above = width < 560;
  const labels = above ? width : EVALUATION_LABELS;
  const fitting = rows.map((row) => ({ ...row, label: fitted(row.label, labels * 0.9) }));
  return intervalChart(fitting, {
    width,
    // Room for the number beside a bar that reaches the end.
    domain: [0, 1 + 80 / (width * (above ? 0.9 : 0.6))],
    ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    format: '.0%',
    mark: 'bar',
    labelWidth: above ? 0 : EVALUATION_LABELS,
  });
}

const dataOf = ({ document: { config } }: Evaluation): string => scoredName(config);
