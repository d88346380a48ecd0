/** Analyses and chains in the report of a folder: their sentences in the table, their charts and numbers on the page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runsReport } from '../../../src/report/index.js';
import { sortRuns, writeRunsPage } from '../../../src/report/runs/index.js';
import { openStore } from '../../../src/store/index.js';
import { temporaryFolder } from '../../support/results.js';
import { analysis, chain, experiment, run } from './documents.js';

const ofAnalyse = (document: unknown, time?: string) =>
  run(document, { command: 'analyse', ...(time === undefined ? {} : { time }) });
const ofBootstrap = (document: unknown) => run(document, { command: 'bootstrap' });

describe('sorted runs', () => {
  test('have each analysis once, and those of another corpus beside it', () => {
    const one = analysis();
    const other = { ...one, config: { ...one.config, corpus: 'other.txt' } };
    const again = { ...one, says: 'again', config: { ...one.config, out: 'elsewhere' } };
    const { studies, problems } = sortRuns([
      ofAnalyse(one, '2026-01-01T10:00:00.000Z'),
      ofAnalyse(other, '2026-01-02T10:00:00.000Z'),
      ofAnalyse(again, '2026-01-03T10:00:00.000Z'),
    ]);
    expect(studies.map(({ document }) => document)).toEqual([other, again]);
    expect(problems).toEqual([]);
  });

  test('name what is of another version or not whole', () => {
    const { says, ...broken } = analysis();
    const { studies, problems } = sortRuns([
      ofAnalyse(broken),
      ofBootstrap({ ...chain(), schema: 'w2s-native/bootstrap@2' }),
    ]);
    expect(studies).toEqual([]);
    expect(problems).toEqual([
      expect.stringMatching(/analyse at .* has no complete result/),
      expect.stringMatching(/bootstrap at .* results of another version \(w2s-native\/bootstrap@2;/),
    ]);
  });
});

describe('the report', () => {
  const { folder, cleanUp } = temporaryFolder();
  afterAll(cleanUp);
  const records = [run(experiment()), ofAnalyse(analysis()), ofBootstrap(chain())];

  test('as text says what each found', () => {
    const text = runsReport(records);
    expect(text).toContain(
      'Agreement: chess-legal, chess-xs → chess-s, chess-m, seed 0\nLarger students take over fewer errors.',
    );
    expect(text).toMatch(
      /Bootstrapping: chess-puzzles: small → medium → large, seed 0\n.*0\.80 \[0\.75, 0\.85\]/,
    );
    expect(runsReport([ofAnalyse(analysis())])).not.toContain('No finished experiment');
  });

  test('as a page has words, charts and numbers of each, and leads to a page of its own', async () => {
    const page = await writeRunsPage(sortRuns(records), { store: openStore(folder) });
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('2 comparisons');
    for (const words of [
      'Larger students take over fewer errors.',
      'How this is to be read.',
      'chess-m: a note of its own',
      '62.0\u00a0% [57.0, 67.0]',
      'M1 labels the last set',
    ]) {
      expect(text.replaceAll(' ', '\u00a0')).toContain(words.replaceAll(' ', '\u00a0'));
    }
    const [, own = ''] = /href="(reports\/analyse-agreement-[^"]+)"/.exec(text) ?? [];
    expect(readFileSync(join(folder, decodeURIComponent(own)), 'utf8')).toContain('Repeat it');
    expect(text).not.toMatch(/<script|NaN|undefined/);
  });

  test('leaves out what cannot be drawn, and warns', async () => {
    const told: string[] = [];
    const runs = sortRuns([...records, ofAnalyse(analysis({ config: { dataset: 'x' } }))]);
    const page = await writeRunsPage(runs, { store: openStore(folder), warn: (text) => told.push(text) });
    expect(readFileSync(page, 'utf8')).toContain('M1 labels the last set');
    expect(told).toEqual([expect.stringContaining('one comparison could not be drawn, Agreement: x')]);
  });
});
