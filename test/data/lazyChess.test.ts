import { expect, it, vi } from 'vitest';
import { loadSplit, resolveDataset } from '../../src/data/index.js';
import { temporaryFolder } from './support.js';

vi.mock('../../src/data/chess/position.js', () => {
  throw new Error('the rules of chess were loaded');
});

const { write } = temporaryFolder();
const ALL = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;

async function load(dataset: string, name: string, content: string) {
  const found = await resolveDataset({ dataset, data: write(name, content) });
  return loadSplit({ ...ALL, dataset: found.spec }, found.task, found.locations, { labels: true });
}

it('leaves the rules of chess alone where no chess is read', async () => {
  expect((await load('columns', 'a.csv', 'text,label\nx,0\ny,1\n')).rows).toHaveLength(2);
  const { spec, task, locations } = await resolveDataset({ dataset: 'chess-puzzles' });
  const shipped = { ...ALL, dataset: spec, part: 'all-test' } as const;
  expect((await loadSplit(shipped, task, locations, { labels: true })).rows.length).toBeGreaterThan(1000);
  const row = 'FEN,Moves\n4k3/8/8/8/8/8/8/R3K3 w - - 0 1,a1a7 e8d8\n';
  await expect(load('lichess-puzzles', 'c.csv', row)).rejects.toThrow('error when mocking a module');
});
