/** `relabel` steps on predictions that are written here by hand: no model runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hashFile } from '../../src/config/fileHash.js';
import type { SplitSpec } from '../../src/data/types.js';
import type { LabelSpec, RelabelMethod, RelabelSpec } from '../../src/experiments/plan.js';
import type { StepContext } from '../../src/steps/context.js';
import { grade } from '../../src/steps/grade.js';
import { relabel } from '../../src/steps/relabel.js';
import { lessonRows, unlabelledRows } from '../../src/steps/rows.js';
import { openStore, type Prediction } from '../../src/store/index.js';
import { bindRelabel, defineRelabel, type RelabelRow } from '../../src/tasks/relabel.js';
import { temporaryFolder } from '../support/results.js';
import { writeJsonl } from '../support/tinyWorld.js';

const { folder, cleanUp } = temporaryFolder();
afterAll(cleanUp);

const store = openStore(join(folder, 'out'));
let steps = 0;
const nextHash = () => (++steps).toString(16).padStart(16, '0');

/** A finished step with these predictions. */
async function step(lines: readonly Prediction[]): Promise<LabelSpec & { from: 'step' }> {
  const hash = nextHash();
  await store.writePredictions(hash, lines);
  return { from: 'step', step: hash };
}

interface Given {
  context: StepContext;
  data: SplitSpec;
  ids: readonly string[];
}

async function given(
  format: string,
  rows: readonly object[],
  part: 'all-train' | 'transfer' = 'all-train',
): Promise<Given> {
  const file = writeJsonl(join(folder, `${nextHash()}.jsonl`), rows);
  const sha256 = await hashFile(file);
  const role = part === 'transfer' ? 'transfer' : 'train';
  const data: SplitSpec = {
    dataset: { format, columns: {}, classes: ['0', '1'], files: { [role]: sha256 } },
    part,
    seed: 0,
    dataSeed: 0,
    trainSize: null,
    testSize: null,
  };
  const context = {
    store,
    locations: { [sha256]: file },
    onData: () => {},
    onProgress: () => {},
    engine: () => Promise.reject(new Error('no model runs here')),
  } as unknown as StepContext;
  const { rows: read } = await unlabelledRows(context, data, 'classification');
  return { context, data, ids: read.map(({ id }) => id) };
}

const texts = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, text: `row ${i}`, label: i % 2 }));

const line = (id: string, p: number, more: Partial<Prediction> = {}): Prediction => ({
  id,
  split: 'all-train',
  logits: [Math.log(1 - p), Math.log(p)],
  ...more,
});

async function run(
  { context, data }: Given,
  method: RelabelMethod,
  labels: readonly LabelSpec[],
  more: Partial<RelabelSpec> = {},
) {
  const hash = nextHash();
  const spec: RelabelSpec = {
    kind: 'relabel',
    engineRevision: 0,
    task: 'classification',
    classes: 2,
    data,
    method,
    labels,
    seed: 0,
    ...more,
  };
  const { result } = await relabel(context, spec, hash);
  const lines = readFileSync(join(store.stepFolder(hash), 'predictions.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Prediction);
  return { result, lines, labels: { from: 'step', step: hash } as const };
}

const pOf = ({ logits = [] }: Prediction) =>
  Math.exp(logits[1]!) / (Math.exp(logits[0]!) + Math.exp(logits[1]!));

describe('keep and weight', () => {
  const rows = texts(4);

  test('a filter leaves labels as they are; who learns reads the kept rows alone', async () => {
    const data = await given('columns', rows);
    const weak = await step([line('r0', 0.9), line('r1', 0.6), line('r2', 0.2), line('r3', 0.4)]);
    const { result, lines, labels } = await run(data, { name: 'confident', keep: 0.5 }, [weak]);
    expect(result).toEqual({ kind: 'relabel', n: 4, kept: 2 });
    expect(lines.map(({ keep }) => keep)).toEqual([undefined, false, undefined, false]);
    expect(lines[0]?.logits).toEqual([Math.log(1 - 0.9), Math.log(0.9)]);
    const lesson = await lessonRows(data.context, { data: data.data, labels }, 'classification');
    expect(lesson.rows.map(({ id }) => id)).toEqual(['r0', 'r2']);
    // r0 is said to be 1 and is 0; r2 is said to be 0 and is.
    const graded = await grade(
      data.context,
      { kind: 'grade', engineRevision: 0, task: 'classification', labels, data: data.data, unlessIn: null },
      nextHash(),
    );
    expect(graded.result).toEqual({ kind: 'grade', n: 2, accuracy: 0.5, leftOut: 2 });
  });

  test('what one step left out stays out for the next, and is not among its rows', async () => {
    const data = await given('columns', rows);
    const seen: string[][] = [];
    const spy = bindRelabel(
      defineRelabel({
        name: 'spy',
        apply: ({ labels, rows: told }) => {
          seen.push(told.map(({ id }) => id));
          return { labels, weights: told.map((_, i) => i + 1), keep: told.map(({ id }) => id !== 'r3') };
        },
      }),
    );
    const weak = await step([
      line('r0', 0.9),
      line('r1', 0.6, { keep: false }),
      line('r2', 0.2),
      line('r3', 0.4),
    ]);
    const { result, lines, labels } = await run(
      data,
      { name: 'custom', relabel: spy.name, source: spy.source, params: spy.params },
      [weak],
    );
    expect(seen).toEqual([['r0', 'r2', 'r3']]);
    expect(result).toMatchObject({ n: 4, kept: 2 });
    expect(lines.map(({ keep }) => keep)).toEqual([undefined, false, undefined, false]);
    const lesson = await lessonRows(data.context, { data: data.data, labels }, 'classification');
    expect(lesson.rows.map(({ id, weight }) => [id, weight])).toEqual([
      ['r0', 1],
      ['r2', 2],
    ]);
  });

  test('one of the user’s sees no name of a row that says which answer is right', async () => {
    const told: RelabelRow[] = [];
    const spy = bindRelabel(
      defineRelabel({
        name: 'spy-names',
        apply: ({ labels, rows: seen }) => {
          told.push(...seen);
          return { labels };
        },
      }),
    );
    const method = { name: 'custom', relabel: spy.name, source: spy.source, params: spy.params } as const;
    const pairs = Array.from({ length: 8 }, (_, i) => ({ baseline: `good ${i}`, less_pleasant: `bad ${i}` }));
    const data = await given('ethics-utilitarianism', pairs, 'transfer');
    const weak = await step(data.ids.map((id) => line(id, 0.6)));
    const { lines } = await run(data, method, [weak]);
    expect(data.ids.some((id) => id.endsWith(':baseline'))).toBe(true);
    expect(lines.map(({ id }) => id)).toEqual(data.ids);
    for (const { id, group } of told) expect(`${id} ${group}`).toMatch(/^\d+:[0-9a-f]{8} group \d$/);
    expect(new Set(told.map(({ id }) => id)).size).toBe(data.ids.length);
  });

  test('nothing left to learn from is an error that names what to type', async () => {
    const data = await given('columns', rows);
    const labels = await step(rows.map(({ id }) => line(id, 0.7, { keep: false })));
    await expect(lessonRows(data.context, { data: data.data, labels }, 'classification')).rejects.toThrow(
      /every row is left out/,
    );
  });

  test('a row without a label is named', async () => {
    const data = await given('columns', rows);
    const labels = await step([line('r0', 0.7), line('r2', 0.7)]);
    await expect(run(data, { name: 'confident', keep: 1 }, [labels])).rejects.toThrow(/a label for row "r1"/);
  });
});

describe('ensembles', () => {
  test('AdaBoost weighs by the errors on held-out rows, by hand', async () => {
    const data = await given('columns', texts(1));
    // 10 held-out rows of which 1, 4 and 6 are wrong.
    const graded = await Promise.all(
      [1, 4, 6].map(async (wrong) => {
        const lines = Array.from({ length: 10 }, (_, i) => line(`h${i}`, 0.8, { label: i < wrong ? 0 : 1 }));
        return (await step(lines)).step;
      }),
    );
    const members = await Promise.all([0.9, 0.2, 0.1].map((p) => step([line('r0', p)])));
    const { result, lines } = await run(data, { name: 'adaboost' }, members, { graded });
    const [a, b] = [Math.log(9), Math.log(1.5)];
    expect(result.memberWeights?.[0]).toBeCloseTo(a, 12);
    expect(result.memberWeights?.[1]).toBeCloseTo(b, 12);
    expect(result.memberWeights?.[2]).toBe(0);
    expect(pOf(lines[0]!)).toBeCloseTo((0.9 * a + 0.2 * b) / (a + b), 12);
  });
});

describe('consistent', () => {
  test('the answers of each question of a multiple choice', async () => {
    const questions = ['why', 'how'].map((question, i) => ({
      id: `q${i}`,
      question,
      correct_answer: 'yes',
      distractor1: 'no',
      distractor2: 'never',
      distractor3: 'maybe',
    }));
    const data = await given('sciq', questions);
    expect(data.ids).toHaveLength(4);
    const p = [0.8, 0.6, 0.3, 0.9];
    const own = await step(data.ids.map((id, i) => line(id, p[i]!)));
    const { lines } = await run(data, { name: 'consistent', oneRight: true }, [own]);
    const odds = p.map((value) => value / (1 - value));
    for (const [i, other] of [1, 0, 3, 2].entries()) {
      expect(pOf(lines[i]!)).toBeCloseTo(odds[i]! / (odds[i]! + odds[other]!), 10);
    }
  });

  test('answers of a question that are not in the half are read beside those that are', async () => {
    const questions = Array.from({ length: 12 }, (_, i) => ({
      id: `q${i}`,
      question: `why ${i}`,
      correct_answer: 'yes',
      distractor1: 'no',
      distractor2: 'never',
      distractor3: 'maybe',
    }));
    const whole = await given('sciq', questions, 'transfer');
    // Of the 24 rows of both halves, 12 are wanted: 6 in the transfer half.
    const file = Object.values(whole.data.dataset.files)[0] ?? '';
    const data = {
      ...whole.data,
      dataset: { ...whole.data.dataset, files: { train: file, test: file } },
      trainSize: 12,
    };
    const { rows } = await unlabelledRows(whole.context, data, 'classification');
    const siblings = await unlabelledRows(whole.context, { ...data, instead: 'siblings' }, 'classification');
    expect(rows).toHaveLength(6);
    const question = ({ id }: { id: string }) => id.split(':')[0];
    const ids = [...rows, ...siblings.rows].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const row of rows) {
      expect([...rows, ...siblings.rows].filter((one) => question(one) === question(row))).toHaveLength(2);
    }
    expect(siblings.rows.every((one) => rows.some((row) => question(row) === question(one)))).toBe(true);
    const own = await step(rows.map(({ id }) => line(id, 0.8)));
    const others = await step(siblings.rows.map(({ id, group }) => line(id, 0.6, { group })));
    const { lines } = await run({ ...whole, data }, { name: 'consistent', oneRight: true }, [own, others]);
    lines.forEach((one) => {
      const hasBoth = rows.filter((row) => question(row) === question(one)).length === 2;
      expect(pOf(one)).toBeCloseTo(hasBoth ? 0.5 : 4 / (4 + 1.5), 10);
    });
    expect(siblings.rows.length).toBeGreaterThan(0);
  });

  test('a pair and its mirror: other texts, other ids, the same rows in the same order', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => ({ baseline: `good ${i}`, less_pleasant: `bad ${i}` }));
    const data = await given('ethics-utilitarianism', rows, 'transfer');
    const mirror = { ...data.data, instead: 'mirror' } as const;
    const [drawn, other] = await Promise.all(
      [data.data, mirror].map((split) => unlabelledRows(data.context, split, 'classification')),
    );
    expect(other?.rows).toHaveLength(drawn?.rows.length ?? 0);
    drawn?.rows.forEach((row, i) => {
      const twin = other?.rows[i];
      expect(twin?.group).toBe(row.group);
      expect(twin?.id).not.toBe(row.id);
      const scenarios = (text = '') =>
        text
          .split('\n')
          .slice(1)
          .map((one) => one.slice(3));
      expect(scenarios(twin?.text)).toEqual(scenarios(row.text).reverse());
    });
    const own = await step(data.ids.map((id) => line(id, 0.9)));
    const mirrored = await step((other?.rows ?? []).map(({ id }, i) => line(id, i === 0 ? 0.1 : 0.8)));
    const { lines } = await run(data, { name: 'consistent' }, [own, mirrored]);
    expect(lines.map(({ id }) => id)).toEqual(data.ids);
    expect(pOf(lines[0]!)).toBeCloseTo((0.9 + 0.9) / 2, 12);
    expect(pOf(lines[1]!)).toBeCloseTo((0.9 + 0.2) / 2, 12);
  });
});

test("a relabelling of one's own reads the zero-shot predictions that it asked for", async () => {
  const data = await given('columns', texts(3));
  const trust = bindRelabel(
    defineRelabel({
      name: 'trust',
      params: z.object({ share: z.number().default(0.5) }),
      needs: ['zeroShot'],
      apply: ({ labels, zeroShot, params: { share } }) => ({
        labels: labels.map((p, i) => (1 - share) * p + share * (zeroShot?.[i] ?? Number.NaN)),
      }),
    }),
    { share: 0.25 },
  );
  const weak = await step(data.ids.map((id) => line(id, 0.2)));
  const own = await step(data.ids.map((id) => line(id, 0.8)));
  const { lines } = await run(
    data,
    { name: 'custom', relabel: trust.name, source: trust.source, params: trust.params },
    [weak],
    { zeroShot: own.step },
  );
  for (const one of lines) expect(pOf(one)).toBeCloseTo(0.35, 12);
});
