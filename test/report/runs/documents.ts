/** Documents of `train` and `evaluate` for tests of reports. */
import type { TrainDocument } from '../../../src/metrics/index.js';

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

export const run = (summary: unknown, { command = 'train', time = '2026-01-01T10:00:00.000Z' } = {}) => ({
  command,
  time,
  config: {},
  plan: [],
  steps: {},
  summary,
});
