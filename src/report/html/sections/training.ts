/** Loss and accuracy over the optimizer steps. */

import type { StepMetrics } from '../../../store/index.js';
import { type CurveRole, curveChart, type Point } from '../../charts/index.js';
import { decimals, NONE, percent } from '../../format.js';
import { type Html, html } from '../markup.js';
import { chartFigure, section, table } from '../page.js';
import type { CurveRoleName, RunRecord } from '../runRecord.js';

const ROLES: readonly (Omit<CurveRole, 'seeds'> & { name: CurveRoleName })[] = [
  { name: 'weak', colour: 'weak', dash: [7, 3] },
  { name: 'student', colour: 'student' },
  { name: 'ceiling', colour: 'ceiling', dash: [2, 2.5] },
];

export async function trainingSection({ curves }: RunRecord): Promise<Html | null> {
  const losses = rolesOf(curves, (line) => line.loss);
  if (losses.length === 0) return null;
  // Stores of older versions hold no accuracy.
  const accuracies = rolesOf(curves, (line) => line.accuracy ?? null);
  const several = losses.some(({ seeds }) => seeds.length > 1);
  return section({
    title: 'Training curves',
    words: html`
<p>Loss is what training makes small. Compare a line with itself, not with the others: each model learns from its own
labels${losses.some(({ name }) => name === 'weak') ? ', and the supervisor is another model' : ''}.</p>
${
  accuracies.length > 0 &&
  html`<p>Accuracy here is on the rows being learnt, against the labels being learnt: the
student’s is how often it answers as its supervisor, not how often it is right.</p>`
}
<p>${several ? 'Bold: the mean over seeds; faint: single seeds. All are' : 'Faint: single batches. Bold: the same,'} smoothed over an eighth of the training.</p>`,
    content: html`${await lossChart(losses)}${accuracies.length > 0 && (await accuracyChart(accuracies))}${endTable(losses, accuracies)}`,
  });
}

function rolesOf(curves: RunRecord['curves'], value: (line: StepMetrics) => number | null): CurveRole[] {
  return ROLES.flatMap((role) => {
    const seeds = curves[role.name]
      .map((metrics) => metrics.flatMap((line): Point[] => point(line.step + 1, value(line))))
      .filter((points) => points.length > 0);
    return seeds.length === 0 ? [] : [{ ...role, seeds }];
  });
}

const point = (x: number, y: number | null): Point[] => (y === null || !Number.isFinite(y) ? [] : [{ x, y }]);

function lossChart(roles: readonly CurveRole[]): Promise<Html> {
  return chartFigure(
    (width) => curveChart(roles, { width, format: '.2~f', xTitle: 'optimizer step', kind: 'loss' }),
    `Training loss by optimizer step. ${endings(roles, decimals)}`,
    html`<strong>Loss</strong> of each batch, before its update`,
  );
}

function accuracyChart(roles: readonly CurveRole[]): Promise<Html> {
  return chartFigure(
    (width) => curveChart(roles, { width, format: '.0%', xTitle: 'optimizer step', kind: 'share' }),
    `Accuracy on training batches by optimizer step. ${endings(roles, percent)}`,
    html`<strong>Accuracy</strong> on each batch, against the labels it is taught with`,
  );
}

function endings(roles: readonly CurveRole[], shown: (value: number) => string): string {
  return `${roles.map((role) => `${role.name}: from ${shown(firstOf(role))} to ${shown(lastOf(role))}`).join('; ')}.`;
}

/** Means of the first and the last tenth, over all seeds. */
const firstOf = ({ seeds }: CurveRole): number =>
  meanOf(seeds.flatMap((points) => points.slice(0, tenth(points))));
const lastOf = ({ seeds }: CurveRole): number =>
  meanOf(seeds.flatMap((points) => points.slice(-tenth(points))));
const tenth = (points: readonly Point[]): number => Math.ceil(points.length / 10);
const meanOf = (points: readonly Point[]): number =>
  points.reduce((sum, { y }) => sum + y, 0) / points.length;

function endTable(losses: readonly CurveRole[], accuracies: readonly CurveRole[]): Html {
  const columns = ['', 'steps', 'loss', ...(accuracies.length > 0 ? ['accuracy'] : [])];
  const change = (role: CurveRole | undefined, shown: (value: number) => string): string =>
    role === undefined ? NONE : `${shown(firstOf(role))} → ${shown(lastOf(role))}`;
  const rows = losses.map((role) => [
    html`<span class="${role.colour}">${role.name}</span>`,
    `${role.seeds[0]?.length ?? 0}`,
    change(role, (value) => decimals(value, 3)),
    ...(accuracies.length > 0
      ? [
          change(
            accuracies.find(({ name }) => name === role.name),
            percent,
          ),
        ]
      : []),
  ]);
  return table(
    'From the mean over the first tenth of the steps to that over the last.',
    columns.map((title, c) => ({ title, number: c > 0 })),
    rows,
  );
}
