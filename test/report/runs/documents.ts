/** Documents of commands for tests of reports. */
import { resolveAnalyseConfig } from '../../../src/config/analyse.js';
import { resolveBootstrapConfig } from '../../../src/config/bootstrap.js';
import type {
  AnalysisDocument,
  BootstrapArm,
  BootstrapDocument,
  TrainDocument,
} from '../../../src/metrics/index.js';

/** A model's score, two points to either side, on 2,000 items. */
export const score = (model: string, accuracy: number) => ({
  model,
  accuracy,
  ci95: [accuracy - 0.02, accuracy + 0.02] as const,
  auroc: null,
  n: 2000,
  seconds: 1,
});

let made = 0;

/** A document of its own steps; PGR 0.60 [0.41, 0.80]. */
export function experiment(
  config: Readonly<Record<string, unknown>> = {},
  changes: Partial<TrainDocument> = {},
): TrainDocument {
  made++;
  return {
    schema: 'w2s-native/train@1',
    config: {
      weak: 'chess-xs',
      strong: 'chess-m',
      dataset: 'chess-legal',
      out: 'results',
      trainSize: null,
      testSize: null,
      forWeak: { loss: 'xent', epochs: 2, lr: 1e-4 },
      forStrong: { loss: 'xent', epochs: 2, lr: 1e-4 },
      ...config,
    },
    seeds: [0],
    weak: score('chess-xs', 0.24),
    student: score('chess-m', 0.3),
    ceiling: score('chess-m', 0.34),
    labels: { accuracy: 0.241, n: 3000 },
    agreement: { overall: 0.5, supervisorRight: 0.9, supervisorWrong: 0.37 },
    gap: { value: 0.1, ci95: [0.08, 0.12] },
    pgr: { value: 0.6, ci95: [0.41, 0.8], reason: null },
    pgrAuroc: { value: null, ci95: null, reason: 'AUROC exists for binary tasks only' },
    perSeed: [
      { seed: 0, weak: 0.24, student: 0.3, ceiling: 0.34, pgr: 0.6, steps: { weak: `step-${made}` } },
    ],
    zeroShot: { accuracy: 0.2, ci95: [0.18, 0.22] },
    throughput: { tokensPerSecond: 1, examplesPerSecond: 1 },
    store: 'results',
    steps: { weak: `step-${made}` },
    ...changes,
  };
}

export const noGap = {
  value: null,
  ci95: null,
  reason: 'the 95 % interval of ceiling − weak, [-0.0200, 0.0300], includes zero',
} as const;

/** The document of `evaluate`. */
export function evaluation(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  made++;
  return {
    schema: 'w2s-native/evaluate@1',
    config: { dataset: 'columns', testData: 'data/my test.csv' },
    model: './my-model',
    n: 800,
    step: `step-${made}`,
    store: 'results',
    accuracy: 0.9,
    ci95: [0.88, 0.92],
    auroc: 0.95,
    ...changes,
  };
}

/** The document of `analyse agreement` with two students and a trend. */
export function analysis(changes: Partial<AnalysisDocument> = {}): AnalysisDocument {
  made++;
  const row = (name: string, wrong: number) => ({
    name,
    values: { wrong: { value: wrong, ci95: [wrong - 0.05, wrong + 0.05] as const } },
  });
  const settings = { dataset: 'chess-legal', students: 'chess-s,chess-m' };
  const { train, students } = resolveAnalyseConfig('agreement', settings);
  return {
    schema: 'w2s-native/analyse@1',
    analysis: 'agreement',
    config: { ...train, students },
    seeds: [0],
    rowTitle: 'student',
    columns: [{ key: 'wrong', title: 'where wrong', unit: 'share' }],
    rows: [row('chess-s', 0.62), { ...row('chess-m', 0.51), note: 'a note of its own' }],
    charted: ['wrong'],
    facts: [{ name: 'trend', unit: 'number', measure: { value: -0.125, ci95: [-0.2, -0.05] } }],
    reading: 'How this is to be read.',
    says: 'Larger students take over fewer errors.',
    store: 'results',
    steps: { student: `step-${made}` },
    ...changes,
  };
}

/** The document of `bootstrap`, a chain of three. */
export function chain(changes: Partial<BootstrapDocument> = {}): BootstrapDocument {
  made++;
  const arm = (accuracy: number, value: number): BootstrapArm => ({
    student: score('large', accuracy),
    labels: { accuracy: 0.4, n: 100 },
    agreement: null,
    pgr: { value, ci95: [value - 0.05, value + 0.05], reason: null },
    pgrAuroc: { value: null, ci95: null, reason: 'not binary' },
  });
  return {
    schema: 'w2s-native/bootstrap@1',
    config: { ...resolveBootstrapConfig({ dataset: 'chess-puzzles', chain: ['small', 'medium', 'large'] }) },
    seeds: [0],
    models: [
      { ...score('small', 0.3), labels: { accuracy: 0.31, n: 100 } },
      { ...score('medium', 0.4), labels: { accuracy: 0.41, n: 100 } },
      { ...score('large', 0.46), labels: null },
    ],
    arms: { chain: arm(0.46, 0.8), direct: arm(0.4, 0.5), union: arm(0.45, 0.75) },
    ceiling: score('large', 0.5),
    gap: { value: 0.2, ci95: [0.15, 0.25] },
    perSeed: [],
    zeroShot: null,
    throughput: { tokensPerSecond: 1, examplesPerSecond: 1 },
    store: 'results',
    steps: { weak: `step-${made}` },
    ...changes,
  };
}

export const run = (summary: unknown, { command = 'train', time = '2026-01-01T10:00:00.000Z' } = {}) => ({
  command,
  time,
  config: {},
  plan: [],
  steps: {},
  summary,
});
