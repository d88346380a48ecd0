/** The analyses, end to end on the tiny world, each held against what can be computed otherwise. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ANALYSIS_NAMES } from '../../src/config/analyse.js';
import { type AnalysisDocument, analyse, type TrainDocument, weakToStrong } from '../../src/index.js';
import { argmax, softmax } from '../../src/metrics/index.js';
import { html } from '../../src/report/html/markup.js';
import { sortRuns, writeRunsPage } from '../../src/report/runs/index.js';
import { openStore } from '../../src/store/index.js';
import { predictionsOf, temporaryFolder } from '../support/results.js';
import { type TinyWorld, tinySettings, writeTinyWorld } from '../support/tinyWorld.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
let settings: ReturnType<typeof tinySettings> & { seed: readonly number[] };
let train: TrainDocument;

beforeAll(async () => {
  world = writeTinyWorld(join(folder, 'world'));
  settings = { ...tinySettings(world, join(folder, 'out')), seed: [0, 1] };
  train = await weakToStrong(settings);
});
afterAll(cleanUp);

/** Pages keep numbers and units on one line. */
const withSpaces = (text: string) => text.replaceAll('\u00a0', ' ');

const row = (document: AnalysisDocument, name: string) => {
  const found = document.rows.find((one) => one.name === name);
  if (!found) throw new Error(`no row ${name} among ${document.rows.map((one) => one.name).join(', ')}`);
  return found.values;
};

describe('analyse', () => {
  test('agreement repeats what train says of the same student, and takes no step twice', async () => {
    const started: string[] = [];
    const document = await analyse('agreement', settings, {
      onEvent: (event) => event.type === 'step-start' && started.push(event.role),
    });
    expect(started).toEqual([]);
    const values = row(document, world.strong);
    expect(values.accuracy).toEqual({ value: train.student.accuracy, ci95: train.student.ci95 });
    expect(values.right?.value).toBeCloseTo(train.agreement?.supervisorRight ?? -1, 12);
    expect(values.wrong?.value).toBeCloseTo(train.agreement?.supervisorWrong ?? -1, 12);
    expect(document.says).toContain('--students');
  });

  test('agreement of two sizes has a trend: the slope over log10 of their parameters', async () => {
    const students = `${world.weak},${world.strong}`;
    const document = await analyse('agreement', { ...settings, students });
    const [small, large] = document.rows.map(({ values }) => values);
    const x = [small, large].map((values) => Math.log10(values?.parameters?.value ?? 0));
    const rise = (large?.wrong?.value ?? 0) - (small?.wrong?.value ?? 0);
    expect(document.facts[0]?.measure.value).toBeCloseTo(rise / ((x[1] ?? 0) - (x[0] ?? 0)), 9);
  });

  test('misfit and gain are the squared distances that predictions give', async () => {
    const document = await analyse('misfit', settings);
    const values = row(document, world.strong);
    const of = async (role: string) =>
      Promise.all(train.perSeed.map(({ steps }) => predictionsOf(settings.out, { ...train, steps }, role)));
    const [students, weaks] = [await of('studentTest'), await of('weakTest')];
    let [misfit, gain, n] = [0, 0, 0];
    students.forEach((lines, s) => {
      lines.forEach((line, i) => {
        const [f, w] = [softmax(line.logits ?? []), softmax(weaks[s]?.[i]?.logits ?? [])];
        const y = [0, 1].map((k) => (k === line.label ? 1 : 0));
        const apart = (a: number[], b: number[]) =>
          a.reduce((sum, value, k) => sum + (value - (b[k] ?? 0)) ** 2, 0);
        misfit += apart(f, w);
        gain += apart(w, y) - apart(f, y);
        n++;
      });
    });
    expect(values.misfit?.value).toBeCloseTo(misfit / n, 9);
    expect(values.gain?.value).toBeCloseTo(gain / n, 9);
    expect(values.beyond?.value).toBeCloseTo((gain - misfit) / n, 9);
  });

  test('calibration: confidence − accuracy of the ceiling is what its predictions give', async () => {
    const document = await analyse('calibration', settings);
    const lines = (
      await Promise.all(
        train.perSeed.map(({ steps }) => predictionsOf(settings.out, { ...train, steps }, 'ceilingTest')),
      )
    ).flat();
    const over = lines.reduce((sum, { logits = [], label }) => {
      const p = softmax(logits);
      return sum + Math.max(...p) - (argmax(p) === label ? 1 : 0);
    }, 0);
    expect(row(document, 'ceiling').over?.value).toBeCloseTo(over / lines.length, 9);
    expect(row(document, 'student').accuracy?.value).toBe(train.student.accuracy);
  });

  test('leakage parts the test set by a corpus, compressed or not', async () => {
    const texts = readFileSync(world.testData, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text);
    const corpus = join(folder, 'corpus.txt.gz');
    writeFileSync(corpus, gzipSync(`something else\n${texts.slice(0, 90).join('\n')}\n`));
    const document = await analyse('leakage', { ...settings, corpus, ngram: 5 });
    const known = new Set(texts.slice(0, 90));
    const overlapping = texts.filter((text) => known.has(text)).length;
    expect(row(document, 'overlapping').items?.value).toBe(overlapping);
    expect(row(document, 'clean').items?.value).toBe(texts.length - overlapping);
    expect(row(document, 'all').student?.value).toBe(train.student.accuracy);
    expect(row(document, 'all').pgr?.value ?? null).toBe(train.pgr.value);
  });

  test('errors: every kind of label is right as often as the supervisor’s', async () => {
    const document = await analyse('errors', { ...settings, seed: 0 });
    const shares = document.rows.map(({ values }) => values.labels?.value);
    expect(new Set(shares).size).toBe(1);
    const lines = await predictionsOf(settings.out, train, 'labelsGrade');
    const right = lines.filter(({ logits = [], label }) => argmax(logits) === label).length;
    expect(shares[0]).toBeCloseTo(right / lines.length, 12);
    expect(row(document, 'weak').difference).toBeNull();
    expect(document.rows).toHaveLength(6);
  });

  test('saliency: fine-tuning rows are the ceiling and the student of train, few-shot the ceiling of prompts', async () => {
    const document = await analyse('saliency', { ...settings, fewShot: 2 });
    const prompted = await weakToStrong({ ...settings, strongMethod: 'prompt', shots: 2 });
    expect(row(document, 'few-shot, true labels').accuracy?.value).toBe(prompted.ceiling.accuracy);
    expect(row(document, 'fine-tune, true labels').accuracy?.value).toBe(train.ceiling.accuracy);
    expect(row(document, 'fine-tune, weak labels').accuracy?.value).toBe(train.student.accuracy);
    expect(row(document, 'fine-tune, true labels').pgr?.value).toBeCloseTo(1, 12);
    expect(document.rows.map(({ name }) => name)).toContain(
      'fine-tune on weak labels, then probe on true ones',
    );
  });

  test('overfitting: the oracle is never below the held-out truth of the last step', async () => {
    const document = await analyse('overfitting', { ...settings, seed: 0, checks: 5 });
    expect(document.rows.map(({ name }) => name)).toEqual(['final', 'weak-stopped', 'oracle']);
    const truth = document.curves?.lines.find(({ name }) => name.startsWith('truth'))?.points ?? [];
    expect(truth.length).toBeGreaterThanOrEqual(5);
    const best = Math.max(...truth.map(({ y }) => y));
    const last = truth.at(-1);
    const kept = row(document, 'oracle').kept?.value ?? 0;
    const at = truth.find(({ y }) => y === best);
    expect(kept).toBeCloseTo((at?.x ?? 0) / (last?.x ?? 1), 9);
  });

  // Of what the tests above have left in the folder.
  test('each has numbers with intervals, a chart and words, in the report of the folder too', async () => {
    const store = openStore(settings.out);
    const runs = sortRuns((await store.readRuns()).map(({ record }) => record));
    const documents = runs.studies.map(({ document }) => document as AnalysisDocument);
    expect(new Set(documents.map(({ analysis }) => analysis))).toEqual(new Set(ANALYSIS_NAMES));
    const warnings: string[] = [];
    const page = await writeRunsPage(runs, { store, warn: (text) => warnings.push(text) });
    expect(warnings).toEqual([]);
    const text = withSpaces(readFileSync(page, 'utf8'));
    for (const { analysis, charted, rows, reading, says } of documents) {
      expect(charted.length, analysis).toBeGreaterThan(0);
      for (const column of charted) {
        expect(rows.some(({ values }) => values[column]?.ci95)).toBe(true);
      }
      for (const words of [reading, says])
        expect(text).toContain(withSpaces(`<p>${html`${words}`.text}</p>`));
    }
    expect(text.match(/<svg/g)?.length).toBeGreaterThanOrEqual(2 * documents.length);
  });

  test.each([
    [
      { analysis: 'agreemnt' },
      'Expected overfitting, agreement, errors, saliency, calibration, misfit or leakage',
    ],
    [{ analysis: 'calibration', students: 'a' }, 'Expected the analysis agreement or misfit with students'],
    [{ analysis: 'leakage' }, 'Expected corpus for leakage'],
    [
      { analysis: 'leakage', corpus: 'nowhere.txt' },
      'Expected a text file for --corpus but received nowhere.txt',
    ],
    [
      { analysis: 'calibration', weak: undefined, weakLabels: 'labels.jsonl' },
      'Expected a supervisor that answers the test set (--weak) for the analysis calibration',
    ],
  ] as const)('bad input: %o', async ({ analysis, ...more }, message) => {
    await expect(analyse(analysis as 'errors', { ...settings, ...more })).rejects.toThrow(message);
  });
});
