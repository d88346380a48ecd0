import { describe, expect, test } from 'vitest';
import { weakModelsOf } from '../../src/config/supervision.js';
import { resolveTrainConfig, type TrainSettings } from '../../src/config/train.js';

const resolve = (settings: TrainSettings) => resolveTrainConfig({ dataset: 'chess-check', ...settings });

describe('who supervises', () => {
  test('nothing said, nothing there', () => {
    const config = resolve({});
    for (const key of ['ensemble', 'ensembleWeights', 'supervisor', 'filter', 'filterKeep', 'relabel']) {
      expect(config).not.toHaveProperty(key);
    }
    expect(resolve({ supervisor: 'weak', ensemble: 1 })).toEqual(config);
  });

  test('several orders, several models', () => {
    expect(resolve({ ensemble: 3 })).toMatchObject({ ensemble: 3, ensembleWeights: 'mean' });
    const two = resolve({ weak: 'chess-xs, chess-s', ensembleWeights: 'adaboost' });
    expect(two).toMatchObject({ ensemble: 1, ensembleWeights: 'adaboost' });
    expect(weakModelsOf(two)).toEqual(['chess-xs', 'chess-s']);
    expect(weakModelsOf({ weak: '' })).toEqual([]);
  });

  test.each<[TrainSettings, RegExp]>([
    [{ ensembleWeights: 'adaboost' }, /several supervisors for ensembleWeights but received one/],
    [{ ensemble: 2, weakLabels: 'labels.jsonl' }, /either ensemble or weakLabels/],
    [{ supervisor: 'mutual', weakLabels: 'labels.jsonl' }, /either supervisor or weakLabels/],
    [{ supervisor: 'zero-shot', strongFeatures: 'f.safetensors' }, /either supervisor or strongFeatures/],
    [{ dataset: 'chess-puzzles', ensemble: 2, ensembleWeights: 'adaboost' }, /need a number of classes/],
    [{ dataset: 'chess-puzzles', supervisor: 'consistent' }, /zero-shot for supervisor on completions/],
  ])('%j is refused', (settings, message) => {
    expect(() => resolve(settings)).toThrow(message);
  });

  test('answers of their own are allowed on completions', () => {
    expect(resolve({ dataset: 'chess-puzzles', supervisor: 'zero-shot' }).supervisor).toBe('zero-shot');
  });
});

describe('which labels are kept', () => {
  test('each filter with the settings that it has', () => {
    expect(resolve({ filter: 'confident' })).toMatchObject({ filterKeep: 0.5 });
    expect(resolve({ filter: 'confident' })).not.toHaveProperty('filterNeighbours');
    expect(resolve({ filter: 'knn', filterKeep: 0.8 })).toMatchObject({
      filterKeep: 0.8,
      filterNeighbours: 20,
    });
    const topological = resolve({ filter: 'topological', filterNeighbours: 7 });
    expect(topological).toMatchObject({ filterNeighbours: 7 });
    expect(topological).not.toHaveProperty('filterKeep');
  });

  test.each<[TrainSettings, RegExp]>([
    [{ filterKeep: 0.5 }, /the filter confident, knn or logistic with filterKeep but received none/],
    [{ filter: 'topological', filterKeep: 0.5 }, /received the filter topological/],
    [{ filter: 'confident', filterNeighbours: 5 }, /the filter knn or topological with filterNeighbours/],
    [{ filter: 'knn', filterKeep: 0 }, /filterKeep/],
    [{ dataset: 'chess-puzzles', filter: 'confident' }, /no class to keep a share of/],
  ])('%j is refused', (settings, message) => {
    expect(() => resolve(settings)).toThrow(message);
  });
});
