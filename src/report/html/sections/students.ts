/** Students that came one after another, and the steps at which weights were kept. */

import type { SeedScore, TrainDocument } from '../../../metrics/index.js';
import { type CurveRole, curveChart } from '../../charts/index.js';
import { gapText, percent, percentInterval, unbroken } from '../../format.js';
import { type Html, html } from '../markup.js';
import { chartFigure, section, table } from '../page.js';

/** Null where there is one round. */
export function roundsSection({ rounds }: TrainDocument): Html | null {
  if (rounds === undefined) return null;
  return section({
    title: 'Round by round',
    words: html`
<p>The first student learns the weak labels; each later one starts afresh from the same pre-trained weights and learns
what the student before it says of the same rows. Weak supervisor and ceiling are the same for all.</p>`,
    content: table(
      'Students by round, with 95 % intervals.',
      [
        { title: 'round' },
        { title: 'labels right', number: true },
        { title: 'accuracy', number: true },
        { title: '95 % interval', number: true },
        { title: 'PGR', number: true },
      ],
      rounds.map(({ round, labels, accuracy, ci95, pgr }) => [
        `${round}`,
        percent(labels.accuracy),
        percent(accuracy),
        percentInterval(ci95),
        gapText(pgr),
      ]),
    ),
  });
}

type Stopped = NonNullable<SeedScore['earlyStop']>;

/** Null where the last weights were kept. */
export async function earlyStopSection({ perSeed }: TrainDocument): Promise<Html | null> {
  const seeds = perSeed.flatMap(({ seed, earlyStop }) => (earlyStop ? [{ seed, ...earlyStop }] : []));
  const [first] = seeds;
  if (first === undefined) return null;
  const isOracle = first.student.against === 'truth';
  const roles = rolesOf(seeds, isOracle);
  return section({
    title: 'Early stopping',
    words: html`
<p>A tenth of the groups that student and ceiling learn from was held out of their training. The curves are accuracy on
these rows: of the student against weak labels, of the ceiling against true ones.</p>
<p>Training went to its end; the weights that were kept are those of the earliest step with the best held-out
accuracy.</p>
${isOracle && html`<p><strong>An oracle chose the student’s step</strong>, by the truth of the held-out rows. No weak supervisor has it: this is for analysis alone.</p>`}`,
    content: html`${await chartFigure(
      (width) => curveChart(roles, { width, format: '.0%', xTitle: 'optimizer step', kind: 'share' }),
      `Accuracy on held-out rows by optimizer step. ${seeds.map(words).join(' ')}`,
      html`<strong>Held-out accuracy</strong> over training`,
    )}${keptTable(seeds)}`,
  });
}

function rolesOf(seeds: readonly Stopped[], isOracle: boolean): CurveRole[] {
  const points = (of: (one: Stopped) => Stopped['student'], value: 'labels' | 'truth') =>
    seeds.map((one) => of(one).curve.map((point) => ({ x: point.step, y: point[value] ?? 0 })));
  return [
    { name: 'student', colour: 'student', seeds: points(({ student }) => student, 'labels') },
    ...(isOracle
      ? [
          {
            name: 'oracle',
            colour: 'weak' as const,
            dash: [7, 3],
            seeds: points(({ student }) => student, 'truth'),
          },
        ]
      : []),
    { name: 'ceiling', colour: 'ceiling', dash: [2, 2.5], seeds: points(({ ceiling }) => ceiling, 'labels') },
  ];
}

function words({ seed, student, ceiling }: Stopped & { seed: number }): string {
  return `Seed ${seed}: student kept at step ${student.step} of ${student.steps}, ceiling at ${ceiling.step} of ${ceiling.steps}.`;
}

function keptTable(seeds: readonly (Stopped & { seed: number })[]): Html {
  return table(
    'Steps whose weights were kept, and the held-out accuracy there.',
    [
      { title: 'seed' },
      { title: 'student', number: true },
      { title: 'held-out', number: true },
      { title: 'ceiling', number: true },
      { title: 'held-out', number: true },
    ],
    seeds.map(({ seed, student, ceiling }) => [
      `${seed}`,
      ...[student, ceiling].flatMap((model) => [
        `${model.step} of ${model.steps}`,
        unbroken(percent(bestOf(model))),
      ]),
    ]),
  );
}

function bestOf({ step, against, curve }: Stopped['student']): number | null {
  const point = curve.find((one) => one.step === step);
  return (against === 'truth' ? point?.truth : point?.labels) ?? null;
}
