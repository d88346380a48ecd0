/** Settings of `analyse`: those that an analysis has no use for are refused before anything is trained. */
import { describe, expect, test } from 'vitest';
import { type AnalyseSettings, resolveAnalyseConfig } from '../../src/config/analyse.js';

test('students are a list, or names between commas', () => {
  const students = (given: string | readonly string[]) =>
    resolveAnalyseConfig('agreement', { dataset: 'chess-legal', students: given }).students;
  expect(students('chess-s, chess-m')).toEqual(['chess-s', 'chess-m']);
  expect(students(['chess-s', 'chess-m'])).toEqual(['chess-s', 'chess-m']);
  expect(() => students('chess-s,')).toThrow(/models between commas for students/);
});

describe('an analysis with students of its own', () => {
  test.each<[string, AnalyseSettings, string]>([
    ['errors', { earlyStop: 'labels' }, 'earlyStop'],
    ['errors', { rounds: 2 }, 'rounds'],
    ['errors', { filter: 'confident' }, 'filter'],
    ['overfitting', { earlyStop: 'oracle' }, 'earlyStop'],
    ['overfitting', { method: 'probe' }, 'method'],
    ['saliency', { strongMethod: 'probe' }, 'strongMethod'],
    ['saliency', { strongFeatures: 'f.safetensors' }, 'strongFeatures'],
    ['agreement', { strongFeatures: 'f.safetensors' }, 'strongFeatures'],
  ])('%s refuses %j', (analysis, settings, name) => {
    expect(() => resolveAnalyseConfig(analysis, settings)).toThrow(
      `Expected plain students for the analysis ${analysis} but received ${name}.`,
    );
  });

  test.each<[string, AnalyseSettings]>([
    ['errors', { earlyStop: 'off', rounds: 1, ensemble: 2 }],
    ['errors', { supervisor: 'zero-shot' }],
    ['saliency', { method: 'finetune', weakMethod: 'probe' }],
    ['overfitting', { filter: 'confident' }],
    ['agreement', { earlyStop: 'labels', rounds: 2, method: 'probe' }],
    ['calibration', { earlyStop: 'labels', filter: 'confident' }],
  ])('%s takes %j', (analysis, settings) => {
    const classes = { dataset: 'chess-check', ...settings };
    expect(resolveAnalyseConfig(analysis, classes).analysis).toBe(analysis);
  });
});
