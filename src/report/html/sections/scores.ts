/** The headline numbers: PGR on its scale, accuracies with their intervals. */

import type { TrainDocument } from '../../../metrics/index.js';
import { gapChart, type IntervalRow, intervalChart } from '../../charts/index.js';
import {
  decimalInterval,
  decimals,
  gapText,
  NONE,
  percent,
  percentInterval,
  unbroken,
} from '../../format.js';
import { measureFacts } from '../../measured.js';
import { type Html, html, isolated } from '../markup.js';
import type { Names } from '../names.js';
import { chartFigure, section, table } from '../page.js';

export async function gapSection(document: TrainDocument): Promise<Html> {
  const { pgr, weak, student, ceiling } = document;
  return section({
    title: 'How much of the gap was recovered',
    words: html`
<p><strong>PGR</strong>, the performance gap recovered, is the share of the way from the weak supervisor to the
ceiling that the student went: 0 means no better than its supervisor, 1 as good as if it had learnt from true
labels.</p>
${pgr.value !== null && html`<p>${unbroken(`(${percent(student.accuracy)} − ${percent(weak.accuracy)}) / (${percent(ceiling.accuracy)} − ${percent(weak.accuracy)})`)} = <strong>${decimals(pgr.value)}</strong></p>`}
${pgr.value !== null && html`<p>The shaded band is the 95 % interval: what these test items${document.seeds.length > 1 ? ' and seeds' : ''} leave plausible.</p>`}`,
    content: html`${await scale(document)}${gapTable(document)}`,
  });
}

async function scale(document: TrainDocument): Promise<Html> {
  const { pgr, weak, student, ceiling, zeroShot, perSeed } = document;
  if (pgr.value === null || pgr.ci95 === null) {
    return html`<p class="note"><strong>PGR is not defined here</strong>: ${pgr.reason ?? 'no reason was given'}.
A share of a gap can only be given where there is a gap beyond doubt.</p>`;
  }
  const { value, ci95 } = pgr;
  const size = ceiling.accuracy - weak.accuracy;
  const scale = {
    value,
    ci95,
    weak: percent(weak.accuracy),
    ceiling: percent(ceiling.accuracy),
    student: `student ${percent(student.accuracy)}: PGR ${gapText(pgr)}`,
    studentShort: `PGR ${gapText(pgr)}`,
    zeroShot: zeroShot === null ? null : (zeroShot.accuracy - weak.accuracy) / size,
    seeds: perSeed.length > 1 ? perSeed.flatMap(({ pgr: one }) => (one === null ? [] : [one])) : [],
  };
  return chartFigure(
    (width) => gapChart(scale, { width }),
    `Scale from the weak supervisor (0, ${scale.weak}) to the ceiling (1, ${scale.ceiling}). The student stands at ${gapText(pgr)}.`,
  );
}

function gapTable({ pgr, pgrAuroc, gap, perSeed }: TrainDocument): Html {
  const rows: [string, string, string][] = [];
  if (pgr.value !== null) rows.push(['PGR', decimals(pgr.value), decimalInterval(pgr.ci95)]);
  if (pgrAuroc.value !== null) {
    rows.push(['PGR of AUROC', decimals(pgrAuroc.value), decimalInterval(pgrAuroc.ci95)]);
  }
  if (gap !== undefined) {
    const ends = [gap.ci95[0] * 100, gap.ci95[1] * 100] as const;
    rows.push(['ceiling − weak', `${decimals(gap.value * 100, 1)} points`, decimalInterval(ends, 1)]);
  }
  const seeds = perSeed.length > 1 ? ' Small dots on the scale: single seeds.' : '';
  return table(
    `Performance gap recovered.${seeds}`,
    [{ title: '' }, { title: 'value', number: true }, { title: '95 % interval' }],
    rows,
  );
}

export async function accuracySection(document: TrainDocument, names: Names, classes: number): Promise<Html> {
  const { weak, student, ceiling, zeroShot } = document;
  const measured = measureFacts(Object.entries({ weak, student, ceiling }));
  return section({
    title: 'Accuracy on the test set',
    words: html`
<p>Each bar is the share of test items that a model answers right; the thin line across its end is the 95 %
interval. Where two of these lines do not overlap, the difference is more than chance.</p>
${classes > 1 && html`<p>Guessing is right ${Math.round(100 / classes)} % of the time, as the test set is balanced.</p>`}
${zeroShot !== null && html`<p><em>Zero-shot</em> is the strong model before any fine-tuning: what the student knew already.</p>`}
${weak.on === 'transfer' && html`<p>The supervision brings no answers for the test set: its bar is its accuracy on the transfer half.</p>`}
${measured.map(([name, fact]) => html`<p>${unbroken(`${name.charAt(0).toUpperCase()}${name.slice(1)}: ${fact}.`)}</p>`)}`,
    content: html`${await accuracyBars(document, classes)}${accuracyTable(document, names)}`,
  });
}

async function accuracyBars(
  { weak, student, ceiling, zeroShot }: TrainDocument,
  classes: number,
): Promise<Html> {
  const row = (
    label: string,
    { accuracy, ci95 }: { accuracy: number; ci95: readonly [number, number] },
    colour: IntervalRow['colour'],
  ): IntervalRow => ({ label, value: accuracy, ci95, shown: percent(accuracy), colour });
  const rows = [
    row('weak', weak, 'weak'),
    row('student', student, 'student'),
    row('ceiling', ceiling, 'ceiling'),
    ...(zeroShot === null ? [] : [row('zero-shot', zeroShot, 'zero')]),
  ];
  const highest = Math.max(...rows.map(({ ci95 }) => ci95?.[1] ?? 0));
  const step = highest > 0.6 ? 0.2 : highest > 0.25 ? 0.1 : highest > 0.1 ? 0.05 : 0.02;
  // One step at least: where nothing was answered right, the scale still needs a length.
  const steps = Math.max(1, Math.ceil(highest / step));
  const ticks = Array.from({ length: steps + 1 }, (_, i) => i * step);
  const end = steps * step;
  const draw = (width: number) =>
    intervalChart(rows, {
      width,
      // Room for the number beside the longest bar.
      domain: [0, Math.max(end, highest + (end * 80) / (width - 80))],
      // A phone has no room for them all.
      ticks: ticks.filter((_, i) => width > 500 || ticks.length < 6 || i % 2 === 0),
      format: '.0%',
      mark: 'bar',
      labelWidth: 64,
      references: classes > 1 ? [{ at: 1 / classes, text: 'guessing' }] : [],
    });
  const words = rows.map(({ label, shown, ci95 }) => `${label} ${shown} ${percentInterval(ci95)}`).join(', ');
  return chartFigure(draw, `Accuracy with 95 % intervals: ${words}.`);
}

function accuracyTable({ weak, student, ceiling, zeroShot }: TrainDocument, names: Names): Html {
  const hasAuroc = [weak, student, ceiling].some(({ auroc }) => auroc !== null);
  const cells = (
    role: string,
    colour: string,
    model: string,
    { accuracy, ci95 }: { accuracy: number; ci95: readonly [number, number] },
    auroc: number | null,
    n: number,
  ) => [
    html`<span class="${colour}">${role}</span><br><small>${isolated(model)}</small>`,
    percent(accuracy),
    percentInterval(ci95),
    ...(hasAuroc ? [decimals(auroc, 3)] : []),
    `${n}`,
  ];
  const where = weak.on === 'transfer' ? ' (transfer half)' : '';
  const rows = [
    cells(`weak${where}`, 'weak', names.weak, weak, weak.auroc, weak.n),
    cells('student', 'student', names.strong, student, student.auroc, student.n),
    cells('ceiling', 'ceiling', names.strong, ceiling, ceiling.auroc, ceiling.n),
  ];
  if (zeroShot !== null) rows.push(cells('zero-shot', 'zero', names.strong, zeroShot, null, student.n));
  return table(
    hasAuroc
      ? 'Accuracy, with 95 % intervals in percent; AUROC is 0.5 for guessing, 1 for perfect ranking.'
      : 'Accuracy, with 95 % intervals in percent.',
    [
      { title: '' },
      { title: 'accuracy', number: true },
      { title: '95 % interval', number: true },
      ...(hasAuroc ? [{ title: 'AUROC', number: true }] : []),
      { title: 'items', number: true },
    ],
    rows,
  );
}

export function seedsSection({ perSeed }: TrainDocument): Html | null {
  if (perSeed.length < 2) return null;
  return section({
    title: 'Seed by seed',
    words: html`<p>A seed decides which rows go to which half, their order, and how fresh weights start. If the
rows differ much, believe the interval more than any one of them.</p>`,
    content: table(
      'Accuracy and PGR of each seed; the numbers above are means over these.',
      ['seed', 'weak', 'student', 'ceiling', 'PGR'].map((title, c) => ({ title, number: c > 0 })),
      perSeed.map(({ seed, weak, student, ceiling, pgr }) => [
        `${seed}`,
        percent(weak),
        percent(student),
        percent(ceiling),
        pgr === null ? NONE : decimals(pgr),
      ]),
    ),
  });
}
