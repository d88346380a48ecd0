import type { BootstrapArms, BootstrapDocument, ModelScore } from '../metrics/index.js';
import { decimals, gapText, NONE, percent, percentInterval } from './format.js';
import { measureFacts } from './measured.js';
import { type Column, type Paint, PLAIN, textTable, withoutEmpty } from './textTable.js';
import { wrap } from './trainReport.js';

/** One line of the comparison: a model, and what it learned from. */
export interface BootstrapRow {
  role: string;
  model: string;
  /** Whose answers it learned, and of which sets. */
  learned: string;
  score: Pick<ModelScore, 'accuracy' | 'ci95' | 'measures'>;
  /** Share of what it learned that is right; null of the truth. */
  labels: number | null;
  /** PGR with its interval; empty where it has none by definition. */
  pgr: string;
  arm: keyof BootstrapArms | null;
}

/** What the arms are called in words. */
export const ARM_NAMES: Readonly<Record<keyof BootstrapArms, string>> = {
  chain: 'chain',
  direct: 'direct',
  union: 'direct, all sets',
};

/** Every model of the comparison, from the first of the chain to the ceiling. */
export function bootstrapRows({ models, arms, ceiling, zeroShot }: BootstrapDocument): BootstrapRow[] {
  const last = models.length - 1;
  const sets = last === 1 ? 'D1' : `D1–D${last}`;
  const before = models.slice(0, -1).map(
    (model, i): BootstrapRow => ({
      role: `M${i + 1}`,
      model: model.model,
      learned: i === 0 ? 'truth of D0' : `M${i} on D${i}`,
      score: model,
      labels: models[i - 1]?.labels?.accuracy ?? null,
      pgr: '',
      arm: null,
    }),
  );
  const arm = (name: keyof BootstrapArms, learned: string): BootstrapRow => {
    const { student, labels, pgr } = arms[name];
    return {
      role: `M${last + 1} ${ARM_NAMES[name]}`,
      model: student.model,
      learned,
      score: student,
      labels: labels.accuracy,
      pgr: gapText(pgr),
      arm: name,
    };
  };
  const rest = { labels: null, pgr: '', arm: null, model: ceiling.model };
  return [
    ...before,
    arm('chain', `M${last} on D${last}`),
    arm('direct', `M1 on D${last}`),
    arm('union', `M1 on ${sets}`),
    { ...rest, role: `M${last + 1} ceiling`, learned: `truth of D${last}`, score: ceiling },
    ...(zeroShot === null
      ? []
      : [{ ...rest, role: `M${last + 1} zero-shot`, learned: 'nothing', score: zeroShot }]),
  ];
}

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'model' },
  { title: 'learned from' },
  { title: 'labels right', align: 'right' },
  { title: 'accuracy', align: 'right' },
  { title: '95 % interval', align: 'right' },
  { title: 'PGR', align: 'right' },
];

/** The table's cells, as terminal and page show them. */
export function bootstrapCells(document: BootstrapDocument): string[][] {
  return bootstrapRows(document).map(({ role, model, learned, labels, score, pgr }) => [
    role,
    model,
    learned,
    percent(labels),
    percent(score.accuracy),
    percentInterval(score.ci95),
    pgr === '' ? NONE : pgr,
  ]);
}

/** The result of `bootstrap` as text for a terminal. No newline at the end. */
export function bootstrapReport(document: BootstrapDocument, paint: Paint = PLAIN): string {
  const rows = bootstrapCells(document);
  const table = textTable(...withoutEmpty(COLUMNS, rows), paint);
  const measured = measuredOf(document).map(([name, fact]) => wrap(`${name}: ${fact}`, 100));
  return [
    ...[paint.bold(bootstrapTitle(document)), '', table, ''],
    ...(measured.length > 0 ? [...measured, ''] : []),
    wrap(bootstrapMeaning(document), 100),
  ].join('\n');
}

/** What the data set measures of answers besides, of every model of the table. */
export function measuredOf(document: BootstrapDocument): [name: string, fact: string][] {
  return measureFacts(bootstrapRows(document).map(({ role, score }) => [role, score]));
}

/** `chess-puzzles: chess-xs → chess-s → chess-m, seed 0`. */
export function bootstrapTitle({ config, seeds }: BootstrapDocument): string {
  return `${config.dataset}: ${config.chain.join(' → ')}, seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`;
}

/** What the comparison means, and no more than the intervals allow. */
export function bootstrapMeaning(document: BootstrapDocument): string {
  const { arms, models, ceiling, gap, seeds } = document;
  const said: string[] = [];
  if (arms.chain.pgr.value === null) {
    const difference = decimals(gap.value * 100, 1);
    said.push(
      `PGR is not defined here: ${arms.chain.pgr.reason ?? 'no reason was given'} (ceiling − M1 is ${difference} points).`,
    );
  } else {
    const shown = (arm: keyof BootstrapArms) => `${gapText(arms[arm].pgr)} (${ARM_NAMES[arm]})`;
    said.push(
      `Of the way from M1 (${percent(models[0]?.accuracy)}) to the ceiling (${percent(ceiling.accuracy)}) M${models.length} goes ${shown('chain')}, ${shown('direct')}, ${shown('union')}.`,
      models.length === 2 ? 'With two models all three are the same.' : verdict(arms),
    );
  }
  if (seeds.length === 1) {
    said.push('This is one seed: the intervals are for other test items, not for another training run.');
  }
  return said.join(' ');
}

/** The chain beside the two direct ways; intervals that meet tell nothing apart. */
function verdict({ chain, direct, union }: BootstrapArms): string {
  const against = (
    [
      ['direct', direct],
      ['union', union],
    ] as const
  ).map(([name, arm]) => {
    const [low, high] = chain.pgr.ci95 ?? [0, 0];
    const [otherLow, otherHigh] = arm.pgr.ci95 ?? [0, 0];
    if (low > otherHigh) return `better than ${ARM_NAMES[name]}`;
    if (high < otherLow) return `worse than ${ARM_NAMES[name]}`;
    return `not told apart from ${ARM_NAMES[name]}`;
  });
  return `The chain is ${against.join(', and ')} by their intervals.`;
}
