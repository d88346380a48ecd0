import { describe, expect, test } from 'vitest';
import { resolveTrainConfig, type TrainRaw } from '../../src/config/train.js';
import type { TrainDocument } from '../../src/metrics/index.js';
import { commandOf } from '../../src/report/html/command.js';
import { meaningOf, trainReport } from '../../src/report/index.js';
import { experiment } from './runs/documents.js';

const document = (changes: Partial<TrainDocument>): TrainDocument => ({
  ...experiment({ dataset: 'chess-legal', forStrong: { loss: 'xent' } }),
  ...changes,
});

describe('the text report', () => {
  test('tells what a filter kept, and how right labels were before', () => {
    const text = trainReport(
      document({
        labels: { accuracy: 0.802, n: 750 },
        relabel: { method: 'knn', kept: 750, n: 1500, accuracyBefore: 0.713, accuracyAfter: 0.802 },
      }),
    );
    expect(text).toContain('chess-xs → chess-m, xent, filter knn, seed 0');
    expect(text).toContain(
      'weak labels     80.2 % right of 750 (knn kept 750 of 1500; of all 1500, 71.3 % were right)',
    );
  });

  test('tells each supervisor of an ensemble', () => {
    const members = [
      { model: 'chess-xs', accuracy: 0.61, weight: 0.45 },
      { model: 'chess-s', accuracy: 0.5, weight: 0 },
    ];
    const text = trainReport(document({ ensemble: { members } }));
    expect(text).toContain('chess-m, xent, 2 supervisors, seed 0');
    expect(text).toContain('supervisors     2, by themselves 61.0 % (weight 0.45), 50.0 % (weight 0.00)');
  });

  test('never says weak labels of labels that no supervisor gave', () => {
    const own = document({
      labelledBy: 'mutual',
      labels: { accuracy: 0.6, n: 1500 },
      relabel: { method: 'mutual', kept: 1500, n: 1500, accuracyBefore: 0.55, accuracyAfter: 0.6 },
      zeroShot: null,
    });
    const text = trainReport(own);
    expect(text).toContain('own labels      60.0 % right of 1500 (mutual; before it 55.0 % were right)');
    expect(text).toContain('xent, mutual labels, seed 0');
    expect(text).not.toMatch(/weak labels/);
    expect(meaningOf(own)).toContain(
      'Trained on its own labels, the student gets 60 % of the way from the weak supervisor',
    );
  });
});

describe('the command that repeats it', () => {
  test.each<[TrainRaw, string]>([
    [{ ensemble: 3 }, '--ensemble 3'],
    [
      { weak: 'chess-xs,chess-s', ensembleWeights: 'adaboost' },
      '--weak chess-xs,chess-s --ensemble-weights adaboost',
    ],
    [{ supervisor: 'mutual', filter: 'confident' }, '--supervisor mutual --filter confident'],
    [
      { filter: 'knn', filterKeep: 0.8, filterNeighbours: 10 },
      '--filter knn --filter-keep 0.8 --filter-neighbours 10',
    ],
    [{ filter: 'topological' }, '--filter topological'],
  ])('%j', (settings, flags) => {
    const config = resolveTrainConfig({ dataset: 'chess-legal', ...settings });
    expect(commandOf(config)).toBe(`npx w2s-native train --dataset chess-legal ${flags}`);
  });
});
