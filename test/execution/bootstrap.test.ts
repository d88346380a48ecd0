/** Chains of models, and students of students, end to end on the tiny world. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bootstrap, type RunEvent, weakToStrong } from '../../src/index.js';
import { bootstrapReport } from '../../src/report/bootstrapReport.js';
import { writeBootstrapPage } from '../../src/report/html/bootstrapPage.js';
import { sortRuns } from '../../src/report/runs/index.js';
import { trainReport } from '../../src/report/trainReport.js';
import { openStore } from '../../src/store/index.js';
import { temporaryFolder } from '../support/results.js';
import {
  balancedSentences,
  riddles,
  type TinyWorld,
  tinySettings,
  writeJsonl,
  writeTinyModel,
  writeTinyWorld,
} from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
let middle: string;
let data: string;

beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
  middle = writeTinyModel(join(folder, 'middle'), { hidden: 12, layers: 1, seed: 3 });
  data = writeJsonl(join(folder, 'all.jsonl'), balancedSentences(600, 5, 'd'));
});
afterAll(cleanUp);

const settings = (out: string) => ({
  data,
  testData: world.testData,
  trainSize: 450,
  out: join(folder, out),
  device: 'cpu',
  threads: 1,
  lr: 1e-2,
  batchSize: 16,
  epochs: 2,
  weakLr: 1e-3,
  weakEpochs: 1,
});

describe('a chain of three', () => {
  test('is compared with direct labels and the ceiling, in a document, a table, a page and a picture', async () => {
    const document = await bootstrap({ ...settings('three'), chain: [world.weak, middle, world.strong] });
    const { models, arms, ceiling, perSeed } = document;
    expect(document.schema).toBe('w2s-native/bootstrap@1');
    expect(models.map(({ model }) => model)).toEqual([world.weak, middle, world.strong]);
    expect(models.map(({ labels }) => labels?.n ?? null)).toEqual([150, 150, null]);
    expect(arms.union.labels.n).toBe(300);
    expect(models[2]?.accuracy).toBe(arms.chain.student.accuracy);
    expect(models[1]?.labels).toEqual(arms.chain.labels);
    for (const { student, pgr } of Object.values(arms)) {
      const share =
        (student.accuracy - (models[0]?.accuracy ?? 0)) / (ceiling.accuracy - (models[0]?.accuracy ?? 0));
      if (pgr.value !== null) expect(pgr.value).toBeCloseTo(share, 10);
      expect(student.n).toBe(400);
    }
    expect(perSeed[0]?.models).toEqual(models.map(({ accuracy }) => accuracy));

    const events: RunEvent['type'][] = [];
    const again = await bootstrap(
      { ...settings('three'), chain: [world.weak, middle, world.strong] },
      { onEvent: ({ type }) => events.push(type) },
    );
    expect(again).toEqual(document);
    expect(events).not.toContain('step-start');

    const report = bootstrapReport(document);
    for (const word of [
      'M1',
      'M2',
      'M3 chain',
      'M3 direct, all sets',
      'M3 ceiling',
      'truth of D2',
      'M1 on D1–D2',
    ]) {
      expect(report).toContain(word);
    }
    const drawn = await writeBootstrapPage(document, join(folder, 'three'));
    expect(dirname(drawn.page)).toBe(join(folder, 'three', 'reports'));
    const page = readFileSync(drawn.page, 'utf8');
    expect(page).toContain('npx w2s-native bootstrap --chain');
    expect(page).not.toContain('<script');
    expect(readFileSync(drawn.svg, 'utf8')).toMatch(/^<svg [\s\S]*M3 ceiling/);

    // A folder of results with a chain in it can be reported on.
    const runs = (await openStore(join(folder, 'three')).readRuns()).map(({ record }) => record);
    expect(sortRuns(runs)).toMatchObject({ experiments: [], problems: [] });
  });

  test('of completions hands on answers, with two seeds', async () => {
    const document = await bootstrap({
      ...settings('riddles'),
      data: writeJsonl(join(folder, 'riddles.jsonl'), riddles(300, 1, 'r')),
      testData: writeJsonl(join(folder, 'riddles-test.jsonl'), riddles(200, 2, 't')),
      trainSize: 240,
      chain: `${world.weak},${middle},${world.strong}`,
      epochs: 1,
      weakEpochs: 1,
      seed: [0, 1],
    });
    expect(document.perSeed.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(document.zeroShot).not.toBeNull();
    const mean = document.perSeed.reduce((sum, { arms }) => sum + arms.union.accuracy / 2, 0);
    expect(document.arms.union.student.accuracy).toBeCloseTo(mean, 12);
  });
});

test('a chain of two is an experiment of train: nothing is done twice', async () => {
  const { weak, strong } = world;
  const chain = await bootstrap({ ...settings('two'), chain: [weak, strong] });
  expect(chain.arms.direct).toEqual(chain.arms.chain);
  expect(chain.arms.union).toEqual(chain.arms.chain);
  const started: string[] = [];
  const train = await weakToStrong(
    { ...settings('two'), weak, strong },
    { onEvent: (event) => event.type === 'step-start' && started.push(event.role) },
  );
  expect(started).toEqual([]);
  expect(train.pgr).toEqual(chain.arms.chain.pgr);
  expect(train.student).toEqual(chain.arms.chain.student);
});

test('the built-in data set runs with built-in models, early stopping among them', async () => {
  const document = await bootstrap({
    chain: 'chess-xs,chess-xs,chess-xs',
    trainSize: 90,
    testSize: 60,
    epochs: 1,
    earlyStop: 'labels',
    threads: 1,
    out: join(folder, 'chess'),
  });
  const { config, models, arms } = document;
  expect(config).toMatchObject({ dataset: 'chess-puzzles', earlyStop: 'labels' });
  expect(models.map(({ n }) => n)).toEqual([60, 60, 60]);
  expect(arms.union.labels.n).toBe(60);
  expect(arms.chain.student.measures?.legal).toBeGreaterThan(0);
  const store = openStore(join(folder, 'chess'));
  // 27 of 30 rows are one batch; M1, which learns the truth as ever, holds nothing out.
  expect(await store.readResult(document.steps.M3 ?? '')).toMatchObject({
    examples: 27,
    earlyStop: { step: 1, against: 'labels', curve: [{ step: 1 }] },
  });
  expect(await store.readResult(document.steps.M1 ?? '')).not.toHaveProperty('earlyStop');
});

test('an unknown model is answered with the nearest name', async () => {
  await expect(bootstrap({ chain: 'chess-xs,chess-ss', out: join(folder, 'none') })).rejects.toMatchObject({
    code: 'ERR_NOT_FOUND',
    hint: expect.stringContaining('chess-s'),
  });
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

test('rounds: each student starts afresh from what the one before it says; the last is the student', async () => {
  const out = join(folder, 'rounds');
  const document = await weakToStrong({ ...tinySettings(world, out), rounds: 3 });
  const { rounds = [], student, pgr, labels, steps } = document;
  expect(rounds.map(({ round }) => round)).toEqual([1, 2, 3]);
  expect(rounds[2]).toMatchObject({ accuracy: student.accuracy, ci95: student.ci95, pgr });
  expect(rounds[0]?.labels).toEqual(labels);
  const store = openStore(out);
  const specOf = async (role: string) =>
    (await store.readStep(steps[role] ?? ''))?.spec as { model: unknown; labels: unknown };
  expect(await specOf('student1')).toMatchObject({ labels: { step: steps.labels } });
  expect(await specOf('student')).toMatchObject({
    labels: { step: steps.student2Labels },
    model: { from: 'folder' },
  });
  // The first round is the experiment without rounds.
  const plain = await weakToStrong(tinySettings(world, out));
  expect(plain.steps.student).toBe(steps.student1);
  expect(plain.student.accuracy).toBe(rounds[0]?.accuracy);
  expect(plain).not.toHaveProperty('rounds');
  expect(trainReport(document)).toMatch(/rounds {2,}1: /);
});
