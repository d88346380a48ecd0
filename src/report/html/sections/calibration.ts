/** Calibration: are the models right as often as they are sure? */

import { type Calibration, calibration, softmax } from '../../../metrics/index.js';
import { type ColourName, reliabilityChart } from '../../charts/index.js';
import { decimals, percent } from '../../format.js';
import { type Html, html } from '../markup.js';
import { section, smallChart, table } from '../page.js';
import type { Lines, RunRecord } from '../runRecord.js';

const ROLES = ['weak', 'student', 'ceiling'] as const satisfies readonly ColourName[];

interface Calibrated {
  role: (typeof ROLES)[number];
  found: Calibration;
}

/** Null for answers in words, which come without probabilities. */
export async function calibrationSection({ seeds, classes }: RunRecord): Promise<Html | null> {
  const roles = ROLES.flatMap((role): Calibrated[] => {
    const found = calibrationOf(seeds.map((seed) => seed[role]));
    return found === null ? [] : [{ role, found }];
  });
  if (roles.length === 0) return null;
  const from = 1 / Math.max(2, classes.length);
  const charts = await Promise.all(roles.map((one) => diagram(one, from)));
  return section({
    title: 'Is confidence earned?',
    words: html`
<p>Answers come with a probability. Of the answers given with 80 % confidence, 80 % should be right: then dots lie on
the dashed line. Below it a model is too sure of itself, above it not sure enough. Larger dots stand for more items.</p>
<p><strong>ECE</strong>, the expected calibration error, is the mean distance from the line; 0 is perfect.</p>`,
    content: html`<div class="charts">${charts}</div>${binTable(roles)}`,
  });
}

/** Over the items of all seeds; null where a model gives no probabilities or there is none. */
function calibrationOf(seeds: readonly (Lines | null)[]): Calibration | null {
  const lines = seeds.flatMap((seed) => seed ?? []);
  const labels = lines.flatMap(({ label }) => (typeof label === 'number' ? [label] : []));
  const logits = lines.flatMap((line) => (line.logits ? [line.logits] : []));
  if (lines.length === 0 || labels.length < lines.length || logits.length < lines.length) return null;
  return calibration(logits.map(softmax), labels);
}

function diagram({ role, found }: Calibrated, from: number): Promise<Html> {
  const bins = found.bins.flatMap(({ confidence, accuracy, n }) =>
    confidence === null || accuracy === null ? [] : [{ confidence, accuracy, n }],
  );
  const words = bins.map(
    ({ confidence, accuracy }) => `${percent(confidence)} sure, ${percent(accuracy)} right`,
  );
  return smallChart(
    reliabilityChart(bins, { width: 230, from, colour: role }),
    `Reliability of the ${role} model: ${words.join('; ')}.`,
    html`<strong class="${role}">${role}</strong> ECE ${decimals(found.ece, 3)}`,
  );
}

function binTable(roles: readonly Calibrated[]): Html {
  const rows = roles.flatMap(({ role, found }) =>
    found.bins.flatMap(({ low, high, n, confidence, accuracy }) =>
      n === 0
        ? []
        : [[role, `${percent(low)} to ${percent(high)}`, `${n}`, percent(confidence), percent(accuracy)]],
    ),
  );
  const columns = ['model', 'confidence', 'items', 'mean confidence', 'right'];
  return html`<details><summary>The same in numbers</summary>${table(
    'Items by confidence in 15 bins of equal width, all seeds together; empty bins are left out.',
    columns.map((title, c) => ({ title, number: c > 1 })),
    rows,
  )}</details>`;
}
