/** Ensembles, filters, elicitation and relabellings of one's own, each from settings to the document. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineRelabel, type TrainDocument, weakToStrong } from '../../src/index.js';
import type { Prediction } from '../../src/store/index.js';
import { temporaryFolder } from '../support/results.js';
import {
  balancedSentences,
  pairs,
  riddles,
  type TinyWorld,
  tinySettings,
  writeJsonl,
  writeTinyWorld,
} from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
/** One store: supervisor and ceiling are trained once. */
const out = join(folder, 'out');

beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
  const shorter = (name: string, seed: number, prefix: string) =>
    writeJsonl(join(folder, name), balancedSentences(120, seed, prefix));
  Object.assign(world, {
    weakData: shorter('weak.jsonl', 1, 'a'),
    transferData: shorter('transfer.jsonl', 2, 'b'),
    testData: shorter('test.jsonl', 3, 'c'),
  });
});
afterAll(cleanUp);

const settings = () => tinySettings(world, out);

function predictionsOf(document: TrainDocument, role: string): Prediction[] {
  const file = join(out, 'steps', document.steps[role] ?? '', 'predictions.jsonl');
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Prediction);
}

const answerOf = ({ logits = [] }: Prediction) => logits.indexOf(Math.max(...logits));
const keptOf = (document: TrainDocument) =>
  predictionsOf(document, 'labels').filter(({ keep }) => keep !== false);

describe('filters', () => {
  test.each(['confident', 'knn', 'logistic'] as const)('%s keeps half of each class', async (filter) => {
    const plain = await weakToStrong(settings());
    const document = await weakToStrong({ ...settings(), filter });
    const before = predictionsOf(plain, 'labels').map(answerOf);
    const kept = keptOf(document).map(answerOf);
    for (const k of [0, 1]) {
      const all = before.filter((answer) => answer === k).length;
      expect(kept.filter((answer) => answer === k)).toHaveLength(Math.ceil(all / 2));
    }
    expect(document.relabel).toMatchObject({ method: filter, kept: kept.length, n: 120 });
    expect(document.relabel?.accuracyBefore).toBe(plain.labels.accuracy);
    expect(document.relabel?.accuracyAfter).toBe(document.labels.accuracy);
    expect(document.labels.n).toBe(kept.length);
    // The ceiling still learns all of the transfer half; supervisor and ceiling are those of the plain run.
    expect(document.steps.ceiling).toBe(plain.steps.ceiling);
    expect(document.weak).toEqual(plain.weak);
    expect(document.steps.student).not.toBe(plain.steps.student);
  });

  test('topological keeps a component of each class', async () => {
    const document = await weakToStrong({ ...settings(), filter: 'topological', filterNeighbours: 8 });
    const { kept = 0, n = 0 } = document.relabel ?? {};
    expect(kept).toBeGreaterThan(1);
    expect(kept).toBeLessThan(n);
  });

  test('keep everything, and the student is that of all labels', async () => {
    const plain = await weakToStrong(settings());
    const document = await weakToStrong({ ...settings(), filter: 'confident', filterKeep: 1 });
    expect(document.student.accuracy).toBe(plain.student.accuracy);
    expect(document.student.auroc).toBe(plain.student.auroc);
  });

  test('labels from a file are filtered too, and stay what the supervision is measured by', async () => {
    const labels = join(folder, 'labels.jsonl');
    const rows = balancedSentences(120, 2, 'b').map(({ id, label }, i) => ({
      id,
      label: i % 4 === 0 ? [0.45, 0.55] : label === 1 ? [0.1, 0.9] : [0.9, 0.1],
    }));
    writeJsonl(labels, rows);
    const { weak: _, weakData: __, weakLr: ___, weakEpochs: ____, ...rest } = settings();
    const document = await weakToStrong({
      ...rest,
      weakLabels: labels,
      filter: 'confident',
      filterKeep: 0.6,
    });
    const right = rows.filter(
      ({ label }, i) => (label[1]! > 0.5 ? 1 : 0) === balancedSentences(120, 2, 'b')[i]?.label,
    );
    expect(document.weak).toMatchObject({ on: 'transfer', accuracy: right.length / 120 });
    expect(document.relabel?.accuracyBefore).toBe(right.length / 120);
    expect(document.labels.accuracy).toBe(1);
  });
});

describe('ensembles', () => {
  test('the mean of three orders is what is labelled and tested', async () => {
    const document = await weakToStrong({ ...settings(), ensemble: 3 });
    const softmax = ({ logits = [] }: Prediction) => {
      const powers = logits.map(Math.exp);
      return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
    };
    for (const role of ['labels', 'weakTest']) {
      const members = [1, 2, 3].map((i) => predictionsOf(document, `${role}${i}`).map(softmax));
      predictionsOf(document, role).forEach((line, row) => {
        const mean = members.reduce((sum, one) => sum + (one[row]?.[1] ?? 0) / 3, 0);
        expect(softmax(line)[1]).toBeCloseTo(mean, 6);
      });
    }
    expect(document.ensemble?.members).toHaveLength(3);
    const plain = await weakToStrong(settings());
    // The first member is the supervisor of a plain run; the others were shuffled otherwise.
    expect(document.steps.weak).toBe(plain.steps.weak);
    expect(document.ensemble?.members[0]?.accuracy).toBe(plain.weak.accuracy);
    expect(new Set([document.steps.weak, document.steps.weak2, document.steps.weak3]).size).toBe(3);
  });

  test('models of several sizes, weighed by their errors on a held-out tenth', async () => {
    const weak = `${world.weak},${world.strong}`;
    const document = await weakToStrong({ ...settings(), weak, ensembleWeights: 'adaboost' });
    const [small, large] = document.ensemble?.members ?? [];
    expect(small?.weight).toBeGreaterThan(0);
    expect(large?.weight).toBeGreaterThan(small?.weight ?? 0);
    expect(large?.model).toBe(world.strong);
  });

  test('written answers are decided by vote', async () => {
    const file = (name: string, seed: number) =>
      writeJsonl(join(folder, `${name}.jsonl`), riddles(60, seed, name));
    const document = await weakToStrong({
      ...settings(),
      weakData: file('riddles-a', 1),
      transferData: file('riddles-b', 2),
      testData: file('riddles-c', 3),
      ensemble: 3,
      epochs: 1,
    });
    const members = [1, 2, 3].map((i) => predictionsOf(document, `labels${i}`).map(({ text }) => text));
    predictionsOf(document, 'labels').forEach(({ text }, row) => {
      const answers = members.map((one) => one[row]);
      const most = Math.max(...answers.map((one) => answers.filter((other) => other === one).length));
      expect(text).toBe(answers.find((one) => answers.filter((other) => other === one).length === most));
    });
  });
});

describe('labels of the strong model itself', () => {
  const likelihood = () => {
    const file = (name: string, seed: number) => writeJsonl(join(folder, name), pairs(80, seed, name));
    return {
      ...settings(),
      weakData: file('pairs-a.jsonl', 1),
      transferData: file('pairs-b.jsonl', 2),
      testData: file('pairs-c.jsonl', 3),
      head: 'likelihood',
      epochs: 1,
    } as const;
  };

  test('zero-shot: the supervisor is trained and tested all the same', async () => {
    const plain = await weakToStrong(likelihood());
    const document = await weakToStrong({ ...likelihood(), supervisor: 'zero-shot' });
    expect(document.labelledBy).toBe('zero-shot');
    expect(document.weak).toEqual(plain.weak);
    expect(document.relabel).toBeUndefined();
    expect(document.steps.labels).not.toBe(plain.steps.labels);
  });

  test('mutual: certain labels, graded before and after', async () => {
    const document = await weakToStrong({ ...likelihood(), supervisor: 'mutual', filter: 'confident' });
    expect(document.relabel).toMatchObject({
      method: 'mutual + confident',
      n: predictionsOf(document, 'labels').length,
    });
    for (const { logits = [] } of predictionsOf(document, 'labels')) {
      expect([...logits].sort((a, b) => a - b)).toEqual([Math.log(1e-30), 0]);
    }
  });

  test('refused with a head that has no answer yet, and where nothing contradicts', async () => {
    await expect(weakToStrong({ ...settings(), supervisor: 'zero-shot' })).rejects.toThrow(
      /answers before any training for --supervisor zero-shot.*fresh head/,
    );
    await expect(weakToStrong({ ...likelihood(), supervisor: 'consistent' })).rejects.toThrow(/stand alone/);
  });
});

describe("a relabelling of one's own", () => {
  const weigh = defineRelabel({
    name: 'weigh',
    params: z.object({ by: z.number() }),
    needs: ['hidden'],
    apply: ({ labels, hidden, rows, params: { by } }) => {
      expect(hidden?.values).toHaveLength(rows.length * (hidden?.dimension ?? 0));
      return { labels, weights: rows.map((_, i) => (i % 2 === 0 ? by : 1)) };
    },
  });

  test('weights of one change nothing, others do', async () => {
    const plain = await weakToStrong(settings());
    const same = await weakToStrong(settings(), { relabel: weigh, relabelParams: { by: 1 } });
    expect(same.relabel).toMatchObject({ method: 'weigh', kept: 120 });
    expect(same.student.auroc).toBe(plain.student.auroc);
    const other = await weakToStrong(settings(), { relabel: weigh, relabelParams: { by: 5 } });
    expect(other.steps.student).not.toBe(same.steps.student);
    expect(other.student.auroc).not.toBe(plain.student.auroc);
  });

  test('weights beside another loss are refused', async () => {
    await expect(
      weakToStrong({ ...settings(), loss: 'confidence' }, { relabel: weigh, relabelParams: { by: 5 } }),
    ).rejects.toThrow(/the loss xent for labels that a relabelling has weighed but received confidence/);
  });
});
