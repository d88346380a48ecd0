import { parse } from 'csv-parse/sync';
import { afterAll, describe, expect, test } from 'vitest';
import { runsReport } from '../../../src/report/index.js';
import { comparisonChart } from '../../../src/report/runs/chart.js';
import { CSV_COLUMNS, runsCsv, runsSvg, sortRuns, writeRunsPage } from '../../../src/report/runs/index.js';
import { nameExperiments } from '../../../src/report/runs/labels.js';
import { comparisonRows, drawRunsPage, findings } from '../../../src/report/runs/page.js';
import { accuracyScale, gapScale } from '../../../src/report/runs/scales.js';
import { openStore } from '../../../src/store/index.js';
import { temporaryFolder } from '../../support/results.js';
import { evaluation, experiment, noGap, run } from './documents.js';

describe('sortRuns', () => {
  test('keeps each experiment once, by its latest run', () => {
    const [one, two] = [experiment(), experiment()];
    const { experiments } = sortRuns([
      run(one, { time: '2026-01-01T10:00:00.000Z' }),
      run(two, { time: '2026-01-02T10:00:00.000Z' }),
      run(one, { time: '2026-01-03T10:00:00.000Z' }),
    ]);
    expect(experiments.map(({ document, time }) => [document, time])).toEqual([
      [two, '2026-01-02T10:00:00.000Z'],
      [one, '2026-01-03T10:00:00.000Z'],
    ]);
  });

  test('names what it cannot show, and is silent about what has nothing to show', () => {
    const whole = experiment();
    const { experiments, evaluations, problems } = sortRuns([
      run({ ...whole, schema: 'w2s-native/train@2' }),
      run({ ...evaluation(), schema: 'w2s-native/evaluate@7' }, { command: 'evaluate' }),
      run(null),
      run({ ...whole, weak: { model: 'x' } }),
      run({ ...whole, pgr: { value: 0.5, ci95: ['low', 'high'], reason: null } }),
      run({ schema: 'w2s-native/finetune@1' }, { command: 'finetune' }),
      run({ schema: 'w2s-native/label@1' }, { command: 'label' }),
    ]);
    expect([experiments, evaluations]).toEqual([[], []]);
    expect(problems).toEqual([
      expect.stringMatching(
        /train at 2026-01-01 10:00 has results of another version \(w2s-native\/train@2;/,
      ),
      expect.stringContaining('w2s-native/evaluate@7'),
      ...Array.from({ length: 3 }, () => expect.stringMatching(/no complete result and is left out/)),
    ]);
  });
});

describe('names', () => {
  const labels = (...documents: Parameters<typeof nameExperiments>[0]) =>
    nameExperiments(documents).map(({ label }) => label);
  const strong = { loss: 'xent', epochs: 2, lr: 1e-4 };

  test('say all of an experiment that stands alone, and leave a pair out that all have', () => {
    expect(labels(experiment())).toEqual(['chess-xs → chess-m, xent']);
    const confidence = experiment({ forStrong: { ...strong, loss: 'confidence' } });
    expect(labels(experiment(), confidence)).toEqual(['xent', 'confidence']);
    expect(labels(experiment(), experiment({ strong: 'other' }))).toEqual([
      'chess-xs → chess-m, xent',
      'chess-xs → other, xent',
    ]);
  });

  test('say in what those of one name differ', () => {
    expect(
      labels(
        experiment(),
        experiment({ forStrong: { ...strong, lr: 1e-5 } }),
        experiment({ trainSize: 600 }, { seeds: [0, 1] }),
      ),
    ).toEqual([
      'xent, seeds 0, strong lr 1e-4',
      'xent, seeds 0, strong lr 1e-5',
      'xent, seeds 0,1, train-size 600, strong lr 1e-4',
    ]);
  });

  test('say once what both models have in common', () => {
    const both = (lr: number) => ({ forWeak: { loss: 'xent', lr }, forStrong: { loss: 'xent', lr } });
    expect(labels(experiment(both(1e-4)), experiment(both(1e-5)))).toEqual([
      'xent, lr 1e-4',
      'xent, lr 1e-5',
    ]);
  });

  test('count those that differ in nothing that is said', () => {
    expect(labels(experiment(), experiment(), experiment())).toEqual(['xent', 'xent (2)', 'xent (3)']);
  });

  test('say of code of the user’s its name and parameters', () => {
    const relabel = { name: 'blend', source: 'abc', params: { keepAbove: 0.6 } };
    const template = 'Q: {text}\nA:';
    expect(labels(experiment(), experiment({ relabel, forStrong: { ...strong, template } }))).toEqual([
      'xent',
      'xent, relabel blend keep-above 0.6, strong template Q: {text}\\nA:',
    ]);
  });

  test('name data by their file', () => {
    const own = experiment({ dataset: 'columns', data: 'data/reviews.csv' });
    expect(nameExperiments([own])[0]?.data).toBe('reviews.csv');
  });
});

describe('CSV', () => {
  const parsed = (...runs: Parameters<typeof sortRuns>[0]) =>
    parse(runsCsv(sortRuns(runs)), { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[];

  test('has unrounded numbers, and nothing where there is nothing', () => {
    const third = experiment({}, { pgr: { value: 1 / 3, ci95: [0.1, 2 / 3], reason: null } });
    const [first, second] = parsed(
      run(third),
      run(experiment({}, { pgr: noGap, zeroShot: null, agreement: null })),
    );
    expect(first).toMatchObject({
      kind: 'experiment',
      dataset: 'chess-legal',
      weak_model: 'chess-xs',
      strong_model: 'chess-m',
      loss: 'xent',
      seeds: '0',
      pgr: String(1 / 3),
      pgr_high: String(2 / 3),
      weak_accuracy: '0.24',
      weak_auroc: '',
      strong_lr: '0.0001',
      accuracy: '',
    });
    expect(second).toMatchObject({
      pgr: '',
      pgr_reason: noGap.reason,
      zero_shot_accuracy: '',
      agreement: '',
    });
  });

  test('quotes what would break it, and ends every line with CR LF', () => {
    const odd = 'a "model", with\na line break';
    const text = runsCsv(sortRuns([run(evaluation({ model: odd }), { command: 'evaluate' })]));
    expect(text).toContain('"a ""model"", with\na line break"');
    expect(text.endsWith('\r\n')).toBe(true);
    expect(parsed(run(evaluation({ model: odd }), { command: 'evaluate' }))[0]).toMatchObject({
      kind: 'evaluation',
      strong_model: odd,
      accuracy: '0.9',
      accuracy_low: '0.88',
      auroc: '0.95',
      items: '800',
      pgr: '',
    });
  });

  test('has columns of distinct names, each with words on it', () => {
    const names = CSV_COLUMNS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, about } of CSV_COLUMNS) {
      expect(name).toMatch(/^[a-z_]+$/);
      expect(about).not.toBe('');
    }
  });
});

describe('scales', () => {
  const scored = (low: number, high: number) => ({ accuracy: (low + high) / 2, ci95: [low, high] as const });

  test('hold every interval between round shares', () => {
    const rows = [
      { weak: scored(0.32, 0.36), student: scored(0.4, 0.44), ceiling: scored(0.5, 0.61), zeroShot: null },
    ];
    expect(accuracyScale(rows)).toMatchObject({ domain: [expect.closeTo(0.3), expect.closeTo(0.7)] });
    const narrow = [
      { weak: scored(0.5, 0.5), student: scored(0.5, 0.5), ceiling: scored(0.5, 0.5), zeroShot: null },
    ];
    expect(accuracyScale(narrow).ticks.length).toBeGreaterThan(1);
    const whole = [
      { weak: scored(0, 0.1), student: scored(0.4, 0.5), ceiling: scored(0.9, 1), zeroShot: null },
    ];
    expect(accuracyScale(whole).ticks.map(({ shown }) => shown)).toEqual([
      '0 %',
      '20 %',
      '40 %',
      '60 %',
      '80 %',
      '100 %',
    ]);
  });

  test('of PGR hold 0 and 1, and stop at −1 and 2', () => {
    const domain = (...gaps: (readonly [number, number])[]) =>
      gapScale(gaps.map((ci95) => ({ pgr: { ci95 } }))).domain;
    expect(domain([0.4, 0.8])).toEqual([0, 1]);
    expect(domain([-0.2, 0.8])).toEqual([-0.5, 1]);
    expect(domain([-40, 50])).toEqual([-1, 2]);
    expect(gapScale([{ pgr: null }]).domain).toEqual([0, 1]);
  });
});

describe('the chart', () => {
  const rows = (count: number) =>
    comparisonRows(
      Array.from({ length: count }, (_, i) => ({
        document: experiment({}, i % 5 === 0 ? { pgr: noGap } : {}),
        data: `data ${i % 3}`,
        label: `experiment ${i}`,
      })),
    );

  test.each([1, 2, 60])('has a row for each of %i experiments', async (count) => {
    const svg = await runsSvg({
      experiments: Array.from({ length: count }, () => ({ document: experiment(), time: '' })),
      evaluations: [],
      studies: [],
      problems: [],
    });
    expect(svg.match(/0\.60 \[0\.41, 0\.80\]/g)).toHaveLength(count);
    expect(svg).not.toMatch(/var\(|<script|NaN|undefined/);
    expect(svg).toContain('#fbfaf7');
  });

  test('groups rows by data, where there are several on the same', () => {
    expect(rows(2).map(({ group, label }) => [group, label])).toEqual([
      ['', 'data 0: experiment 0'],
      ['', 'data 1: experiment 1'],
    ]);
    expect(rows(4).at(-1)).toMatchObject({ group: 'data 0', label: 'experiment 3' });
  });

  test('is as wide as asked for', () => {
    for (const width of [350, 720, 1000]) {
      expect(comparisonChart(rows(4), { width, panels: ['pgr'] })).toMatchObject({ width });
    }
  });
});

describe('pages of single experiments', () => {
  const { folder, cleanUp } = temporaryFolder();
  afterAll(cleanUp);

  test('are drawn where the store has the steps, however many others it has not', async () => {
    const experiments = Array.from({ length: 15 }, (_, i) => ({
      document: experiment(
        { dataset: `data-${String(i).padStart(2, '0')}` },
        { perSeed: [{ ...experiment().perSeed[0]!, steps: { student: i === 14 ? 'there' : `gone-${i}` } }] },
      ),
      time: '2026-01-02T10:00:00.000Z',
    }));
    const store = openStore(folder);
    await store.writeResult('there', { kind: 'label' });
    const told: [number, number][] = [];
    await writeRunsPage(
      { experiments, evaluations: [], studies: [], problems: [] },
      { store, onPage: (...progress) => told.push(progress), warn: () => {} },
    );
    expect(told).toEqual([[0, 1]]);
  });
});

describe('the page', () => {
  const listed = (...documents: ReturnType<typeof experiment>[]) =>
    nameExperiments(documents).map((name, i) => ({
      ...name,
      document: documents[i]!,
      time: '2026-01-02T10:00:00.000Z',
      href: i === 0 ? 'reports/a%20page.html' : null,
    }));
  const page = (experiments: ReturnType<typeof listed>, evaluations: unknown[] = []) =>
    drawRunsPage({
      folder: 'my <results>',
      experiments,
      evaluations: sortRuns(evaluations.map((summary) => run(summary, { command: 'evaluate' }))).evaluations,
      version: '0.0.0',
    });

  test('compares experiments and leads to their pages', async () => {
    const text = await page(listed(experiment(), experiment({ dataset: 'sst2' }, { pgr: noGap })));
    expect(text).toContain('<h1>Results in <bdi>my &lt;results&gt;</bdi></h1>');
    expect(text).toContain('<a href="reports/a%20page.html">');
    expect(text).toContain('2 experiments on 2 data sets');
    expect(text).not.toMatch(/<script|NaN|undefined|null/);
  });

  test('shows evaluations alone', async () => {
    const text = await page([], [evaluation(), evaluation({ model: 'other', auroc: null })]);
    expect(text).toContain('Evaluated models');
    expect(text).toContain('my test.csv');
    expect(text).not.toContain('How much of the gap');
  });

  test('says no more than the intervals allow', () => {
    const gaps = (...pgrs: readonly (readonly [number, number] | null)[]) =>
      findings(
        pgrs.map((ci95) => ({
          document: experiment(
            {},
            { pgr: ci95 ? { value: (ci95[0] + ci95[1]) / 2, ci95, reason: null } : noGap },
          ),
          time: '',
        })),
      );
    expect(gaps([0.4, 0.8])).toMatch(/^Trained on the weak labels/);
    expect(gaps([0.4, 0.8], [0.2, 1.2], [-0.1, 0.3], [-0.5, -0.1], null)).toBe(
      'In 2 of 4 experiments with a certain gap between weak supervisor and ceiling the student is clearly better than its supervisor, by 95 % intervals; 1 of these is clearly short of the ceiling. In 1 it is clearly worse. 1 more has no certain gap, so that PGR is not defined there.',
    );
    expect(gaps([0.4, 0.8], [0.2, 0.9])).toMatch(
      /^In all of 2 experiments .*; all of these are clearly short/,
    );
    expect(gaps([-0.1, 0.8], [-0.2, 0.9])).toMatch(/^In none of 2 experiments .* by 95 % intervals\.$/);
    expect(gaps(null, null)).toBe(
      'None of the 2 experiments has a certain gap between weak supervisor and ceiling, so that PGR is not defined.',
    );
  });
});

describe('the table', () => {
  const runs = [run(experiment({ dataset: 'chess-puzzles' })), run(experiment())];

  test('leaves columns out that have no room, and says which', () => {
    const whole = runsReport(runs);
    expect(whole).not.toContain('no room');
    for (const width of [140, 100, 80, 60]) {
      const lines = runsReport(runs, { width }).split('\n');
      for (const line of lines.slice(0, -1)) expect(line.length).toBeLessThanOrEqual(width);
      expect(lines[0]).toMatch(/dataset .*PGR/);
    }
    expect(runsReport(runs, { width: 80 })).toMatch(
      /no room for: seeds, weak %, ceiling %, zero-shot %, run \(UTC\)/,
    );
  });
});
