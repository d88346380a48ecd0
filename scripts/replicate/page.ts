/** docs/replication.md: every sentence about results is made from the documents. */

import type { AnalysisDocument } from '../../src/metrics/analysisDocument.js';
import type { BootstrapDocument } from '../../src/metrics/bootstrapDocument.js';
import type { TrainDocument } from '../../src/metrics/document.js';
import type { Measure } from '../../src/metrics/ratio.js';
import type { RewardDocument } from '../../src/metrics/rewardDocument.js';
import { measureText } from '../../src/report/analysisReport.js';
import { type IntervalRow, intervalChart, renderSvg } from '../../src/report/charts/index.js';
import { decimals, gapText, percent, percentInterval } from '../../src/report/format.js';
import { openStore, type Store } from '../../src/store/index.js';
import { pairedDifference } from './paired.js';
import type { Environment, Finished, Page } from './types.js';

type Of<D> = Omit<Finished, 'document'> & { document: D };

/** The page for whatever was run; sections without a result are left out. */
export async function replicationPage(
  all: readonly Finished[],
  environment: Environment,
  folder: string,
): Promise<Page> {
  const store = openStore(folder);
  const of = <D>(command: string) =>
    all.filter(({ name }) => name.split('-')[0] === command) as unknown as Of<D>[];
  const sections = [
    await methods(of<TrainDocument>('train'), store),
    await bootstrapping(of<BootstrapDocument>('bootstrap')),
    await rewards(of<RewardDocument>('reward')),
    ...(await Promise.all(of<AnalysisDocument>('analyse').map(analysis))),
  ].filter((section) => section !== null);
  const charts = Object.assign({}, ...sections.map((section) => section.charts)) as Record<string, string>;
  const text = [
    '# Replication on the chess world',
    '',
    'What every method gives on the built-in models and data. This page is written by `npm run replicate`; the settings are the files of ' +
      '[experiments/](../experiments). Accuracies and PGR are means over seeds with 95 % intervals: test items and seeds are resampled together. ' +
      'The world is small (the strong model has about a million parameters), so what helps here need not help elsewhere, and the reverse.',
    '',
    machineLines(all, environment),
    ...sections.map(({ text: section }) => `\n${section}`),
    '',
  ].join('\n');
  return { text, charts };
}

function machineLines(all: readonly Finished[], { machine, date, versions, seeds }: Environment): string {
  const minutes = all.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  return table(
    ['', ''],
    [
      ['machine', machine],
      ['date', date],
      ['commit', [...new Set(all.map(({ commit }) => commit))].join(', ')],
      ['versions', versions],
      ['seeds', seeds.replaceAll(',', ', ')],
      ['wall time, all experiments', `${minutes.toFixed(0)} min`],
    ],
  );
}

interface Section {
  text: string;
  charts: Record<string, string>;
}

const labelOf = (name: string): string => name.replace(/^train-/, '');

async function methods(runs: readonly Of<TrainDocument>[], store: Store): Promise<Section | null> {
  const [naive] = runs;
  if (!naive) return null;
  const differences = new Map<string, Measure | null>();
  for (const { name, document } of runs.slice(1)) {
    differences.set(name, await pairedDifference(store, document, naive.document));
  }
  const rows = runs.map(({ name, about, document: { student, pgr, labels } }) => [
    `[${labelOf(name)}](../experiments/${name}.yaml)`,
    about,
    percent(labels.accuracy),
    `${percent(student.accuracy)} ${percentInterval(student.ci95)}`,
    gapText(pgr),
    pointsText(differences.get(name) ?? null),
  ]);
  const { weak, ceiling, zeroShot, config } = naive.document;
  const svg = await drawn(
    runs.map(({ name, document: { pgr } }) => ({
      label: labelOf(name),
      value: pgr.value,
      ci95: pgr.ci95,
      shown: gapText(pgr),
      colour: 'student',
    })),
    [
      { at: 0, text: 'weak' },
      { at: 1, text: 'ceiling' },
    ],
  );
  return {
    charts: { 'replication-methods.svg': svg },
    text: [
      '## Losses and methods',
      '',
      `Data ${config.dataset}, ${config.weak} → ${config.strong}. Weak supervisor ${percent(weak.accuracy)} ${percentInterval(weak.ci95)}, ceiling ` +
        `${percent(ceiling.accuracy)} ${percentInterval(ceiling.ci95)}${zeroShot ? `, strong model before training ${percent(zeroShot.accuracy)} ${percentInterval(zeroShot.ci95)}` : ''}. ` +
        'Ensembles have a supervisor, early stopping a ceiling, and the probe a data set of their own, against which their PGR is taken.',
      '',
      '![PGR of each method with its interval](images/replication-methods.svg)',
      '',
      table(['method', 'what', 'labels right', 'student', 'PGR', 'student − naive, points'], rows),
      '',
      againstNaive(differences),
    ].join('\n'),
  };
}

/** Which students differ from the plain method's beyond chance. */
function againstNaive(differences: ReadonlyMap<string, Measure | null>): string {
  const names = (which: (ci95: readonly [number, number]) => boolean) =>
    [...differences].flatMap(([name, measure]) =>
      measure?.ci95 && which(measure.ci95) ? [labelOf(name)] : [],
    );
  const better = names(([low]) => low > 0);
  const worse = names(([, high]) => high < 0);
  const said = [
    'The last column holds each student against the plain method’s on the same test items and seeds, so its interval is far narrower than that of either accuracy.',
    better.length > 0 ? `Better beyond chance: ${better.join(', ')}.` : 'None is better beyond chance.',
    worse.length > 0 ? `Worse: ${worse.join(', ')}.` : 'None is worse.',
    'With so many comparisons one in twenty looks so by chance alone.',
  ];
  return said.join(' ');
}

/** `0.8 [0.1, 1.5]`, in points. */
function pointsText(measure: Measure | null): string {
  if (measure === null) return '';
  const points = (share: number) => decimals(100 * share, 1);
  return `${points(measure.value)} ${measure.ci95 ? `[${measure.ci95.map(points).join(', ')}]` : ''}`.trim();
}

async function bootstrapping([run]: readonly Of<BootstrapDocument>[]): Promise<Section | null> {
  if (!run) return null;
  const { models, arms, ceiling, config } = run.document;
  const rows = [
    ...models.map(({ model, accuracy, ci95, labels }, i) => [
      `M${i + 1} of the chain, ${model}`,
      labels === null ? '' : percent(labels.accuracy),
      `${percent(accuracy)} ${percentInterval(ci95)}`,
      '',
    ]),
    ...(['chain', 'direct', 'union'] as const).map((arm) => [
      { chain: 'chain', direct: 'direct: M1 labels the last set', union: 'direct: M1 labels all sets' }[arm],
      percent(arms[arm].labels.accuracy),
      `${percent(arms[arm].student.accuracy)} ${percentInterval(arms[arm].student.ci95)}`,
      gapText(arms[arm].pgr),
    ]),
    [
      'ceiling: truth on the last set',
      '',
      `${percent(ceiling.accuracy)} ${percentInterval(ceiling.ci95)}`,
      '',
    ],
  ];
  const svg = await drawn(
    (['chain', 'direct', 'union'] as const).map((arm) => ({
      label: arm,
      value: arms[arm].pgr.value,
      ci95: arms[arm].pgr.ci95,
      shown: gapText(arms[arm].pgr),
      colour: 'student',
    })),
    [
      { at: 0, text: 'M1' },
      { at: 1, text: 'ceiling' },
    ],
  );
  return {
    charts: { 'replication-bootstrap.svg': svg },
    text: [
      '## Bootstrapping',
      '',
      `Data ${config.dataset}, chain ${config.chain.join(' → ')}; a fresh set of rows for each step. [Settings](../experiments/${run.name}.yaml).`,
      '',
      '![PGR of the chain and of direct supervision](images/replication-bootstrap.svg)',
      '',
      table(['model', 'its labels right', 'accuracy', 'PGR'], rows),
      '',
      compared(
        'The chain',
        arms.chain.pgr.ci95,
        'direct supervision on the same last set',
        arms.direct.pgr.ci95,
      ),
    ].join('\n'),
  };
}

async function rewards(runs: readonly Of<RewardDocument>[]): Promise<Section | null> {
  const plain = runs.find(({ document }) => document.generative === null);
  const tuned = runs.find(({ document }) => document.generative !== null);
  const { document } = plain ?? tuned ?? {};
  if (!document) return null;
  const score = ({ accuracy, ci95 }: { accuracy: number; ci95: readonly [number, number] }) =>
    `${percent(accuracy)} ${percentInterval(ci95)}`;
  const generative = tuned?.document.generative ?? null;
  const rows = [
    ['weak supervisor', score(document.weak), ''],
    ['student', score(document.student), gapText(document.pgr)],
    ['ceiling', score(document.ceiling), ''],
    ...(generative === null
      ? []
      : [
          [
            'student, generatively fine-tuned first, against the plain ceiling',
            score(generative.student),
            gapText(generative.pgrPlainCeiling),
          ],
          [
            'the same against the ceiling below (the honest one)',
            score(generative.student),
            gapText(generative.pgrTunedCeiling),
          ],
          ['ceiling, generatively fine-tuned first', score(generative.ceiling), ''],
        ]),
  ];
  return {
    charts: {},
    text: [
      '## Reward modelling',
      '',
      `Data ${document.config.dataset}: which of two moves the engine prefers; ${document.config.weak} → ${document.config.strong}. ` +
        'Generative fine-tuning reads both completions of each pair of the transfer half, and no preference.',
      '',
      table(['model', 'pairs right', 'PGR'], rows),
      '',
      generative === null
        ? ''
        : compared(
            'With generative fine-tuning (against its own ceiling) the student',
            generative.pgrTunedCeiling.ci95,
            'the plain student',
            document.pgr.ci95,
          ),
    ].join('\n'),
  };
}

async function analysis({ name, document }: Of<AnalysisDocument>): Promise<Section> {
  const { columns, rows, rowTitle, facts, says, reading } = document;
  return {
    charts: {},
    text: [
      `## Analysis: ${document.analysis}`,
      '',
      `${reading} [Settings](../experiments/${name}.yaml).`,
      '',
      table(
        [rowTitle, ...columns.map(({ title }) => title)],
        rows.map((row) => [
          row.name,
          ...columns.map(({ key, unit }) => measureText(row.values[key] ?? null, unit)),
        ]),
      ),
      '',
      [...facts.map((fact) => `${fact.name}: ${measureText(fact.measure, fact.unit)}.`), says].join(' '),
    ].join('\n'),
  };
}

/** A sentence that says no more than two intervals allow. */
function compared(
  one: string,
  ci95: readonly [number, number] | null,
  other: string,
  otherCi95: readonly [number, number] | null,
): string {
  if (ci95 === null || otherCi95 === null)
    return `${one} cannot be held against ${other}: PGR is not defined for both.`;
  const shown = `(PGR ${interval(ci95)} against ${interval(otherCi95)})`;
  if (ci95[0] > otherCi95[1]) return `${one} recovers more than ${other} ${shown}.`;
  if (ci95[1] < otherCi95[0]) return `${one} recovers less than ${other} ${shown}.`;
  return `${one} cannot be told from ${other} by their intervals ${shown}.`;
}

const interval = ([low, high]: readonly [number, number]): string => `[${decimals(low)}, ${decimals(high)}]`;

async function drawn(
  rows: readonly IntervalRow[],
  references: readonly { at: number; text: string }[],
): Promise<string> {
  const ends = rows.flatMap(({ ci95, value }) => [value ?? 0, ...(ci95 ?? [])]);
  const low = Math.min(-0.1, ...ends);
  const high = Math.max(1.1, ...ends);
  const spec = intervalChart(rows, {
    width: 720,
    domain: [low, high + (high - low) * 0.35],
    format: '.1f',
    mark: 'dot',
    labelWidth: 170,
    references,
  });
  return renderSvg(spec, { theme: 'light' });
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}
