import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type TrainDocument, weakToStrong } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';

/** The published files end to end with the models of bytes, a few rows of each; see data.test.ts for the folder. */
const folder = process.env.W2S_REAL_DATA ?? '';

const FILES: readonly [dataset: string, data: string, testData?: string][] = [
  ['sciq', 'sciq/train.json', 'sciq/test.json'],
  ['sciq-support', 'sciq/train.json', 'sciq/test.json'],
  ['boolq', 'boolq/validation.jsonl'],
  ['ethics-justice', 'ethics/justice_train.csv', 'ethics/justice_test.csv'],
  ['ethics-deontology', 'ethics/deontology_train.csv', 'ethics/deontology_test.csv'],
  ['ethics-utilitarianism', 'ethics/util_train.csv', 'ethics/util_test.csv'],
  ['sst2', 'sst2/train.tsv', 'sst2/dev.tsv'],
  ['hh', 'hh-single-turn/harmless_train_gt.jsonl', 'hh-single-turn/harmless_test.jsonl'],
  ['lichess-puzzles', 'lichess-puzzles/puzzles.csv'],
];

describe.skipIf(folder === '')('train on the published files', { timeout: 240_000 }, () => {
  const { folder: results, cleanUp } = temporaryFolder();
  afterAll(cleanUp);

  it.each(FILES)('%s', async (dataset, data, testData) => {
    const document: TrainDocument = await weakToStrong({
      ...{ dataset, data: join(folder, data), out: results, device: 'cpu', threads: 1 },
      ...(testData === undefined ? {} : { testData: join(folder, testData) }),
      ...{ weak: 'tiny-xs', strong: 'tiny-s', maxContext: 1024, epochs: 1, lr: 1e-3, batchSize: 8 },
      ...{ trainSize: 32, testSize: 16 },
      // Some of the published transcripts end in a blank answer, some answers are longer than a kilobyte.
      ...(dataset === 'hh' ? { skipBadRows: true, maxContext: 4096 } : {}),
    });
    expect(document.labels.n).toBe(16);
    for (const { n, accuracy } of [document.weak, document.student, document.ceiling]) {
      expect(n).toBe(16);
      expect(accuracy).toBeGreaterThanOrEqual(0);
    }
  });
});
