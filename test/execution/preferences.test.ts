/** Preferences, reward models and best-of-n, end to end on the tiny world. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type BestOfDocument,
  bestOf,
  evaluate,
  finetune,
  label,
  type RewardDocument,
  reward,
  weakToStrong,
  writeReport,
} from '../../src/index.js';
import { bestOfReport } from '../../src/report/bestOfReport.js';
import { writeBestOfPage } from '../../src/report/html/bestOfPage.js';
import { rewardReport } from '../../src/report/rewardReport.js';
import { sortRuns } from '../../src/report/runs/index.js';
import { openStore } from '../../src/store/index.js';
import { possibleScores, preferences } from '../support/preferences.js';
import { temporaryFolder } from '../support/results.js';
import { type TinyWorld, tinySettings, writeJsonl, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
let files: { weakData: string; transferData: string; testData: string };

beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
  const scored = preferences(120, 3, 'c').map((row) => ({ ...row, scores: possibleScores() }));
  files = {
    weakData: writeJsonl(join(folder, 'a.jsonl'), preferences(160, 1, 'a')),
    transferData: writeJsonl(join(folder, 'b.jsonl'), preferences(240, 2, 'b')),
    testData: writeJsonl(join(folder, 'c.jsonl'), scored),
  };
});
afterAll(cleanUp);

const machine = { device: 'cpu', threads: 1, dataset: 'pairs' } as const;
const settings = (out: string) => ({ ...tinySettings(world, join(folder, out)), ...files, dataset: 'pairs' });
const read = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('train on preferences', () => {
  test.each(['scalar', 'likelihood'] as const)('by a %s head', async (head) => {
    const document = await weakToStrong({ ...settings(`train-${head}`), head });
    expect(document.ceiling.accuracy).toBeGreaterThan(0.75);
    expect(document.ceiling.n).toBe(120);
    expect(document.labels.n).toBe(240);
    // A language model has preferences before any training, a fresh scalar head has none.
    expect(document.zeroShot === null).toBe(head === 'scalar');
    const { steps } = document;
    const store = openStore(join(folder, `train-${head}`));
    const [first] = (await store.readMetrics(steps.student ?? '')) ?? [];
    expect(first).toMatchObject({ examples: 16 });
    const [line] = (await store.readPredictions(steps.labels ?? '')) ?? [];
    expect(line?.logits).toHaveLength(2);
    expect(line?.label).toBeUndefined();
    const page = readFileSync(await writeReport(document), 'utf8');
    expect(page).toMatch(
      /<ol class="text" dir="auto"><li><bdi>w\d+<\/bdi><\/li><li><bdi>w\d+<\/bdi><\/li><\/ol>/,
    );
    expect(page).toContain('npx w2s-native train <span class="flag">--dataset</span> pairs');
  });

  test('takes the labels that label has exported, in whichever order it showed a pair', async () => {
    const out = join(folder, 'exported');
    const trained = await finetune({
      ...machine,
      model: world.weak,
      data: files.weakData,
      out,
      lr: 1e-2,
      batchSize: 16,
      epochs: 3,
    });
    const model = join(out, 'steps', trained.step, 'model');
    const file = join(folder, 'labels.jsonl');
    await label({ ...machine, model, data: files.transferData, out, export: file });
    const rows = read(file);
    expect(rows).toHaveLength(240);
    expect(rows[0]).toMatchObject({
      id: expect.stringMatching(/^b0:(chosen|rejected)$/),
      prompt: expect.any(String),
      first: expect.stringMatching(/^w\d+$/),
      second: expect.stringMatching(/^w\d+$/),
      label: [expect.any(Number), expect.any(Number)],
    });
    // Another seed tosses other coins for the transfer half.
    const { weak: _, weakData: __, weakLr: ___, weakEpochs: ____, ...rest } = settings('imported');
    const document = await weakToStrong({ ...rest, weakLabels: file, seed: 4 });
    const accuracy = rows.filter(({ id, label: p }) => {
      const [first = 0, second = 0] = p as number[];
      return String(id).endsWith(':chosen') === first > second;
    }).length;
    expect(document.labels.accuracy).toBeCloseTo(accuracy / 240, 12);
    // What label writes, finetune takes as well.
    expect((await finetune({ ...machine, model: world.strong, data: file, out })).n).toBe(240);
    // The folder of a reward is read as one.
    const scored = await evaluate({ ...machine, model, testData: files.testData, out });
    expect(scored.accuracy).toBeGreaterThan(0.6);
  });

  test('a model that prefers nothing is half right', async () => {
    const out = join(folder, 'ties');
    const scored = await evaluate({ ...machine, model: world.strong, testData: files.testData, out });
    expect(scored.accuracy).toBe(0.5);
    const lines = (await openStore(out).readPredictions(scored.step)) ?? [];
    expect(lines.every(({ correct, logits }) => correct === 0.5 && logits?.[0] === logits?.[1])).toBe(true);
  });

  test('lm and completion learn both completions of a pair', async () => {
    const out = join(folder, 'generative');
    const trained = await finetune({
      ...machine,
      model: world.strong,
      data: files.transferData,
      out,
      loss: 'completion',
      lr: 1e-2,
      batchSize: 16,
    });
    expect(trained.n).toBe(480);
    const metrics = await openStore(out).readMetrics(trained.step);
    expect(metrics.at(-1)?.loss).toBeLessThan(metrics[0]?.loss ?? 0);
  });

  test('refuses losses of tokens', async () => {
    await expect(weakToStrong({ ...settings('refused'), loss: 'lm' })).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('reward and best-of', () => {
  const asked = () => ({ ...settings('reward'), generativeFinetune: true, generativeLr: 1e-2 });
  let document: RewardDocument;
  let chosen: BestOfDocument;

  beforeAll(async () => {
    document = await reward(asked());
    chosen = await bestOf({ ...asked(), n: [4, 1, 2], maxNewTokens: 1 });
  });

  test('both gaps are of the tuned student, one against each ceiling', () => {
    const { generative, weak, ceiling } = document;
    if (generative === null) throw new Error('no generative fine-tuning');
    expect(document.schema).toBe('w2s-native/reward@1');
    for (const [gap, top] of [
      [generative.pgrPlainCeiling, ceiling.accuracy],
      [generative.pgrTunedCeiling, generative.ceiling.accuracy],
    ] as const) {
      if (gap.value === null) expect(gap.reason).not.toBeNull();
      else
        expect(gap.value).toBeCloseTo(
          (generative.student.accuracy - weak.accuracy) / (top - weak.accuracy),
          12,
        );
    }
    const text = rewardReport(document);
    expect(text).toMatch(/PGR, plain ceiling/);
    expect(text).toMatch(/PGR, tuned ceiling/);
    expect(text).toMatch(/flatters the method.*honest/s);
  });

  test('report counts it as an experiment', async () => {
    const runs = await openStore(join(folder, 'reward')).readRuns();
    const { experiments, problems } = sortRuns(runs.map(({ record }) => record));
    expect(experiments).toHaveLength(1);
    expect(problems).toEqual([]);
    expect(experiments[0]?.document.pgr).toEqual(document.pgr);
  });

  test('choosing from one is chance, from more the oracle’s is the most and grows', () => {
    expect(chosen.n).toEqual([1, 2, 4]);
    expect([chosen.prompts, chosen.samples, chosen.policy]).toEqual([120, 4, world.strong]);
    const { random, oracle } = chosen;
    for (const role of ['weak', 'student', 'ceiling'] as const) {
      const scores = chosen[role]?.scores ?? [];
      expect(scores[0]?.value).toBeCloseTo(random.value, 10);
      for (const [i, { value }] of scores.entries())
        expect(value).toBeLessThanOrEqual((oracle[i]?.value ?? 0) + 1e-9);
    }
    expect(oracle[2]?.value).toBeGreaterThan(oracle[1]?.value ?? 0);
    expect(oracle[1]?.value).toBeGreaterThan(random.value);
    expect(chosen.ceiling.scores[2]?.value).toBeGreaterThan(random.value);
    expect(chosen.pgr).toEqual(document.generative?.pgrTunedCeiling);
  });

  test('is what every choice of two from the stored pool gives on average', async () => {
    const store = openStore(join(folder, 'reward'));
    const candidates = (await store.readPredictions(chosen.steps.candidates ?? '')) ?? [];
    const ranks = (await store.readPredictions(chosen.steps.studentRank ?? '')) ?? [];
    const worth = (text = '') => possibleScores()[text.trim()] ?? -1;
    let sum = 0;
    let pairs = 0;
    for (let prompt = 0; prompt < 120; prompt++) {
      for (let i = 0; i < 4; i++) {
        for (let j = i + 1; j < 4; j++) {
          const [a, b] = [4 * prompt + i, 4 * prompt + j];
          const [ra, rb] = [a, b].map((k) => ranks[k]?.logits?.[0] ?? Number.NEGATIVE_INFINITY) as [
            number,
            number,
          ];
          const [ta, tb] = [worth(candidates[a]?.text), worth(candidates[b]?.text)];
          sum += ra === rb ? (ta + tb) / 2 : ra > rb ? ta : tb;
          pairs += 1;
        }
      }
    }
    expect(chosen.student.scores[1]?.value).toBeCloseTo(sum / pairs, 9);
  });

  test('text and page show every chooser against n', async () => {
    expect(bestOfReport(chosen)).toMatch(/n\s+KL ≤\s+random\s+weak\s+student\s+ceiling\s+oracle/);
    const page = readFileSync(await writeBestOfPage(chosen, join(folder, 'reward')), 'utf8');
    expect(page).toContain('completions to choose from (n)');
    expect(page).toMatch(/npx w2s-native best-of .*--generative-finetune .*--n 1,2,4 --max-new-tokens 1/);
  });

  test('refuses data that does not say what completions are worth, before any training', async () => {
    await expect(bestOf({ ...asked(), dataset: 'hh' })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('any completion is worth'),
    });
  });

  test('refuses data without preferences', async () => {
    await expect(reward({ dataset: 'chess-legal' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('Expected preferences'),
    });
    await expect(reward({ ...asked(), generativeFinetune: false })).rejects.toThrow(/generative-finetune/i);
  });
});
