import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeOf, type LoadedExamples, loadSplit, resolveDataset } from '../../src/data/index.js';
import type { Example, Judge, SplitPart } from '../../src/data/types.js';

/** The puzzles of lichess.org as they are published: `lichess-puzzles/puzzles.csv` in the folder W2S_REAL_DATA. */
const folder = process.env.W2S_REAL_DATA ?? '';

describe.skipIf(folder === '')('lichess-puzzles on the published file', () => {
  const part = async (which: SplitPart, sizes = {}): Promise<LoadedExamples> => {
    const data = join(folder, 'lichess-puzzles/puzzles.csv');
    const { spec, task, locations } = await resolveDataset({ dataset: 'lichess-puzzles', data });
    const split = { dataset: spec, part: which, seed: 0, dataSeed: 0, trainSize: null, testSize: null };
    return loadSplit({ ...split, ...sizes }, task, locations, { labels: true });
  };
  let all: LoadedExamples;
  let judge: Judge;
  beforeAll(async () => {
    all = await part('all-train');
    const found = await judgeOf('lichess-puzzles');
    if (found === undefined) throw new Error('no judge');
    judge = found;
  });
  const byId = (id: string): Example => {
    const found = all.rows.find((row) => row.id === id);
    if (found === undefined) throw new Error(`no ${id}`);
    return found;
  };

  it('reads every row', () => {
    expect([all.rows.length, all.skipped, all.task]).toEqual([20001, 0, 'completion']);
    expect(new Set(all.rows.map(({ id }) => id)).size).toBe(20001);
    expect(byId('00008')).toMatchObject({
      prompt: 'FEN: r6k/pp2r2p/4Rp1Q/3p4/8/1N1P2b1/PqP3PP/7K w - - 0 25\nMove:\n',
      completions: ['e6e7'],
      rating: 1784,
      group: '787zsVup',
    });
  });

  it('finds every answer right and legal, and the same one with another last square not', () => {
    for (const row of all.rows) {
      const [answer = ''] = row.completions ?? [];
      expect(judge(row, answer), row.id).toEqual({ correct: true, measures: { legal: true } });
      expect(judge(row, answer.slice(0, 2) + answer.slice(0, 2)).measures?.legal, row.id).toBe(false);
    }
  });

  it('has halves and a test set that share no game', async () => {
    const sizes = { trainSize: 1200, testSize: 400 };
    const parts = await Promise.all([part('weak', sizes), part('transfer', sizes), part('test', sizes)]);
    expect(parts.map(({ rows }) => rows.length)).toEqual([600, 600, 400]);
    const groups = parts.flatMap(({ rows }) => [...new Set(rows.map(({ group }) => group))]);
    expect(new Set(groups).size).toBe(groups.length);
  });
});
