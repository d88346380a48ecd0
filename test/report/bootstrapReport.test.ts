import { describe, expect, test } from 'vitest';
import type { BootstrapArm, BootstrapDocument, GapRecovered, ModelScore } from '../../src/metrics/index.js';
import { bootstrapMeaning, bootstrapReport, bootstrapRows } from '../../src/report/bootstrapReport.js';
import { renderSvg } from '../../src/report/charts/index.js';
import { accuracyChart } from '../../src/report/html/bootstrapPage.js';

const score = (model: string, accuracy: number): ModelScore => ({
  model,
  accuracy,
  ci95: [accuracy - 0.02, accuracy + 0.02],
  auroc: null,
  n: 500,
  seconds: 1,
});

const gap = (value: number, half = 0.05): GapRecovered => ({
  value,
  ci95: [value - half, value + half],
  reason: null,
});

const arm = (accuracy: number, pgr: GapRecovered): BootstrapArm => ({
  student: score('large', accuracy),
  labels: { accuracy: 0.4, n: 100 },
  agreement: null,
  pgr,
  pgrAuroc: { value: null, ci95: null, reason: 'not binary' },
});

function document(change: Partial<BootstrapDocument> = {}): BootstrapDocument {
  return {
    schema: 'w2s-native/bootstrap@1',
    config: { chain: ['small', 'medium', 'large'], dataset: 'chess-puzzles', out: 'results' },
    seeds: [0],
    models: [
      { ...score('small', 0.3), labels: { accuracy: 0.31, n: 100 } },
      { ...score('medium', 0.4), labels: { accuracy: 0.41, n: 100 } },
      { ...score('large', 0.46), labels: null },
    ],
    arms: { chain: arm(0.46, gap(0.8)), direct: arm(0.4, gap(0.5)), union: arm(0.45, gap(0.75)) },
    ceiling: score('large', 0.5),
    gap: { value: 0.2, ci95: [0.15, 0.25] },
    perSeed: [],
    zeroShot: null,
    throughput: { tokensPerSecond: 1, examplesPerSecond: 1 },
    store: 'results',
    steps: {},
    ...change,
  };
}

test('what the data set measures of answers stands below, model by model', () => {
  const measured = { ...score('large', 0.5), measures: { legal: 0.875, firstMove: 0.5, score: -12.25 } };
  const text = bootstrapReport(document({ ceiling: measured }))
    .replaceAll('\u00a0', ' ')
    .replaceAll('\n', ' ');
  expect(text).toContain(
    'legal moves: M1 –; M2 –; M3 chain –; M3 direct –; M3 direct, all sets –; M3 ceiling 87.5 %',
  );
  expect(text).toContain('M3 ceiling 50.0 %');
  expect(text).toMatch(/ score: M1 –.*M3 ceiling -12\.[23]/);
  expect(bootstrapReport(document())).not.toContain('legal');
});

test('each model says what it learned from, and of the arms what they recovered', () => {
  const rows = bootstrapRows(document()).map(({ role, learned, pgr }) => [role, learned, pgr]);
  expect(rows).toEqual([
    ['M1', 'truth of D0', ''],
    ['M2', 'M1 on D1', ''],
    ['M3 chain', 'M2 on D2', '0.80 [0.75, 0.85]'],
    ['M3 direct', 'M1 on D2', '0.50 [0.45, 0.55]'],
    ['M3 direct, all sets', 'M1 on D1–D2', '0.75 [0.70, 0.80]'],
    ['M3 ceiling', 'truth of D2', ''],
  ]);
});

describe('what it means', () => {
  test('a chain is called better only where the intervals do not meet', () => {
    expect(bootstrapMeaning(document())).toContain(
      'The chain is better than direct, and not told apart from direct, all sets by their intervals.',
    );
  });

  test('one seed is said to be one', () => {
    expect(bootstrapMeaning(document())).toContain('This is one seed');
    expect(bootstrapMeaning(document({ seeds: [0, 1] }))).not.toContain('one seed');
  });

  test('without a gap there is no PGR, and why', () => {
    const none: GapRecovered = { value: null, ci95: null, reason: 'the interval includes zero' };
    const arms = { chain: arm(0.3, none), direct: arm(0.3, none), union: arm(0.3, none) };
    const text = bootstrapReport(document({ arms }));
    expect(text).toContain('PGR is not defined here: the interval includes zero');
    expect(text).not.toContain('PGR\n');
  });

  test('of two models all three ways are one', () => {
    const { models } = document();
    const two = document({ models: [models[0], models[2]].flatMap((model) => model ?? []) });
    expect(bootstrapMeaning(two)).toContain('With two models all three are the same.');
    expect(bootstrapRows(two).map(({ learned }) => learned)).toEqual([
      'truth of D0',
      ...['M1 on D1', 'M1 on D1', 'M1 on D1', 'truth of D1'],
    ]);
  });
});

test.each([720, 340])('the chart names every model at a width of %i', async (width) => {
  const svg = await renderSvg(accuracyChart(document(), width));
  for (const word of ['M1', 'M2', 'M3 chain', 'M3 ceiling', '46.0']) expect(svg).toContain(word);
});
