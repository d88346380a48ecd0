/** The page of a chain of models: every model's accuracy, the gap that each way recovers, the numbers. */

import type { BootstrapConfig } from '../../config/bootstrap.js';
import type { TrainConfig } from '../../config/train.js';
import type { BootstrapArms, BootstrapDocument } from '../../metrics/index.js';
import { writeAtomically } from '../../store/index.js';
import {
  ARM_NAMES,
  bootstrapCells,
  bootstrapMeaning,
  bootstrapRows,
  bootstrapTitle,
  measuredOf,
} from '../bootstrapReport.js';
import {
  type ChartSpec,
  type ColourName,
  type IntervalRow,
  intervalChart,
  renderSvg,
  WIDE,
} from '../charts/index.js';
import { decimals, gapText, percent } from '../format.js';
import { argumentsOf, quoted, settingsOf } from './command.js';
import { type ResultChart, type ResultPage, writeResultPage } from './resultPage.js';

/**
 * Draws and writes the page, and the chart of accuracies as a picture beside it.
 * @param folder where `reports/` goes
 * @returns paths of both
 */
export async function writeBootstrapPage(
  document: BootstrapDocument,
  folder: string,
): Promise<{ page: string; svg: string }> {
  const page = await writeResultPage(bootstrapPage(document), folder);
  const svg = page.replace(/\.html$/, '.svg');
  await writeAtomically(svg, `${await renderSvg(accuracyChart(document, WIDE), { theme: 'light' })}\n`);
  return { page, svg };
}

export function bootstrapPage(document: BootstrapDocument): ResultPage {
  const { arms, config, seeds, perSeed } = document;
  return {
    name: `bootstrap-${config.dataset}`,
    eyebrow: `Bootstrapping · seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`,
    title: bootstrapTitle(document),
    lede: bootstrapMeaning(document),
    sections: [
      {
        title: 'Accuracy',
        words: [
          'Each model starts from its pre-trained weights. M1 learns the truth of the set D0; each later model of the chain learns what the one before it says of a fresh set.',
          'Direct: M1 labels the last set. Direct, all sets: M1 labels all sets after D0, so that the last model learns as many rows as the chain used. The ceiling learns the truth of the last set.',
          ...measuredOf(document).map(([name, fact]) => `${name}: ${fact}.`),
        ],
        charts: [
          {
            draw: (width) => accuracyChart(document, width),
            alt: `Accuracy on the test set: ${bootstrapRows(document)
              .map(({ role, score }) => `${role} ${percent(score.accuracy)}`)
              .join('; ')}.`,
          },
        ],
        tables: [comparisonTable(document)],
      },
      {
        title: 'Performance gap recovered',
        words: [
          '0 is as good as M1, 1 as good as the ceiling. All three ways share both, and the same draws of test items and seeds.',
          ...(arms.chain.pgr.value === null
            ? [`Here it is not defined: ${arms.chain.pgr.reason ?? 'no reason was given'}.`]
            : []),
        ],
        charts: gapCharts(document),
        ...(perSeed.length > 1 ? { tables: [seedTable(document)] } : {}),
      },
    ],
    command: commandOf(config as unknown as BootstrapConfig),
    config,
  };
}

function comparisonTable(document: BootstrapDocument) {
  return {
    caption: 'Models of the chain, and what it is compared with; accuracies with 95 % intervals.',
    columns: [
      { title: 'role' },
      { title: 'model' },
      { title: 'learned from' },
      { title: 'labels right', number: true },
      { title: 'accuracy', number: true },
      { title: '95 % interval', number: true },
      { title: 'PGR', number: true },
    ],
    rows: bootstrapCells(document),
  };
}

function seedTable({ perSeed, models }: BootstrapDocument) {
  return {
    caption: 'By seed: accuracies, and PGR where the seed’s own gap is beyond doubt.',
    columns: [
      { title: 'seed' },
      ...models.slice(0, -1).map((_, i) => ({ title: `M${i + 1}`, number: true })),
      { title: 'ceiling', number: true },
      ...NAMES.flatMap((arm) => [
        { title: ARM_NAMES[arm], number: true },
        { title: 'PGR', number: true },
      ]),
    ],
    rows: perSeed.map(({ seed, models: accuracies, ceiling, arms }) => [
      `${seed}`,
      ...accuracies.slice(0, -1).map(percent),
      percent(ceiling),
      ...NAMES.flatMap((arm) => [percent(arms[arm].accuracy), decimals(arms[arm].pgr)]),
    ]),
  };
}

const NAMES: readonly (keyof BootstrapArms)[] = ['chain', 'direct', 'union'];

/** Accuracies as bars from zero. */
export function accuracyChart(document: BootstrapDocument, width: number): ChartSpec {
  const rows = bootstrapRows(document).map(
    ({ role, model, score, arm }): IntervalRow => ({
      label: `${role} · ${model}`,
      value: score.accuracy,
      ci95: score.ci95,
      shown: percent(score.accuracy),
      colour: arm === null ? colourOf(role) : 'student',
    }),
  );
  const above = width < 560;
  const highest = Math.max(0.1, ...rows.map(({ ci95 }) => ci95?.[1] ?? 0));
  const step = highest > 0.5 ? 0.2 : highest > 0.25 ? 0.1 : 0.05;
  return intervalChart(rows, {
    width,
    // Room for the number beside a bar that reaches the end.
    domain: [0, highest * (above ? 1.25 : 1.2)],
    ticks: Array.from({ length: Math.floor(highest / step) + 1 }, (_, i) => i * step),
    format: '.0%',
    mark: 'bar',
    labelWidth: above ? 0 : 240,
  });
}

const colourOf = (role: string): ColourName =>
  role.endsWith('ceiling')
    ? 'ceiling'
    : role.endsWith('zero-shot')
      ? 'zero'
      : role === 'M1'
        ? 'weak'
        : 'student';

/** Nothing where PGR is not defined. */
function gapCharts({ arms }: BootstrapDocument): ResultChart[] {
  const rows = NAMES.map(
    (arm): IntervalRow => ({
      label: ARM_NAMES[arm],
      value: arms[arm].pgr.value,
      ci95: arms[arm].pgr.ci95,
      shown: gapText(arms[arm].pgr),
      colour: 'student',
    }),
  );
  const ends = rows.flatMap(({ ci95 }) => [...(ci95 ?? [])]);
  if (ends.length === 0) return [];
  const [low, high] = [Math.min(0, ...ends), Math.max(1, ...ends)];
  return [
    {
      draw: (width) =>
        intervalChart(rows, {
          width,
          domain: [low, high + (high - low) * 0.4],
          format: '.2~f',
          mark: 'dot',
          labelWidth: width < 560 ? 0 : 130,
          references: [
            { at: 0, text: 'M1' },
            { at: 1, text: 'ceiling' },
          ],
        }),
      alt: `PGR with 95 % intervals: ${rows.map(({ label, shown }) => `${label} ${shown}`).join('; ')}.`,
    },
  ];
}

/** The fewest flags that give this chain again. */
function commandOf({ chain, ...rest }: BootstrapConfig): string {
  const train = { ...rest, weak: chain[0] ?? '', strong: chain.at(-1) ?? '' } satisfies TrainConfig;
  const { weak: _weak, strong: _strong, ...settings } = settingsOf(train) ?? {};
  return [
    'npx w2s-native bootstrap',
    '--chain',
    chain.join(','),
    ...argumentsOf({ ...settings, trainSize: rest.trainSize ?? undefined }),
  ]
    .map((word, i) => (i < 2 ? word : quoted(word)))
    .join(' ');
}
