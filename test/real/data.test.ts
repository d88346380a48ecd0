import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type LoadedExamples, loadSplit, resolveDataset } from '../../src/data/index.js';
import type { ResolvedDataset, SplitPart } from '../../src/data/types.js';

/**
 * Every format on the published files themselves, which belong to nobody here: they are read from the folder
 * that W2S_REAL_DATA names (`sciq/train.json`, `boolq/validation.jsonl`, `ethics/justice_train.csv`,
 * `sst2/train.tsv`, …), and without it nothing is tested.
 */
const folder = process.env.W2S_REAL_DATA ?? '';

interface Expected {
  dataset: string;
  file: string;
  /** Rows of each class over the whole file; null where a coin decides. */
  classes: Record<string, number> | null;
  rows: number;
  /** The beginning of the first example's text. */
  first: string;
}

const FILES: readonly Expected[] = [
  {
    dataset: 'sciq',
    file: 'sciq/train.json',
    classes: { wrong: 11679, right: 11679 },
    rows: 2 * 11679,
    first:
      'Q: What type of organism is commonly used in preparation of foods such as cheese and yogurt? A: mesophilic organisms',
  },
  {
    dataset: 'sciq',
    file: 'sciq/valid.json',
    classes: { wrong: 1000, right: 1000 },
    rows: 2000,
    first: 'Q: Who proposed the theory of evolution by natural selection? A: darwin',
  },
  {
    dataset: 'sciq',
    file: 'sciq/test.json',
    classes: { wrong: 1000, right: 1000 },
    rows: 2000,
    first:
      'Q: Compounds that are capable of accepting electrons, such as o 2 or f2, are called what? A: oxidants',
  },
  {
    dataset: 'sciq-support',
    file: 'sciq/train.json',
    classes: { wrong: 11679, right: 11679 },
    rows: 2 * 11679,
    first: 'Mesophiles grow best in moderate temperature, typically between 25°C and 40°C (77°F and 104°F).',
  },
  {
    dataset: 'boolq',
    file: 'boolq/validation.jsonl',
    classes: { false: 1237, true: 2033 },
    rows: 3270,
    first: 'Passage: Ethanol fuel -- All biomass goes through at least some of these steps:',
  },
  {
    dataset: 'ethics-justice',
    file: 'ethics/justice_train.csv',
    classes: { unreasonable: 9961, reasonable: 11830 },
    rows: 21791,
    first: 'I deserve to be paid by my boss because I keep her house clean daily.',
  },
  {
    dataset: 'ethics-justice',
    file: 'ethics/justice_test.csv',
    classes: { unreasonable: 1350, reasonable: 1354 },
    rows: 2704,
    first:
      "I used to walk around the park with my coworker on lunch but I don't anymore because She reads on",
  },
  {
    dataset: 'ethics-justice',
    file: 'ethics/justice_test_hard.csv',
    classes: { unreasonable: 1002, reasonable: 1050 },
    rows: 2052,
    first: "I usually give my students a spelling test on Friday's but I didn't today because they wanted to",
  },
  {
    dataset: 'ethics-deontology',
    file: 'ethics/deontology_train.csv',
    classes: { unreasonable: 8374, reasonable: 9790 },
    rows: 18164,
    first: "Aren't you supposed to be preparing for the meeting?\nNo because you don't have a meeting",
  },
  {
    dataset: 'ethics-deontology',
    file: 'ethics/deontology_test.csv',
    classes: { unreasonable: 1810, reasonable: 1786 },
    rows: 3596,
    first: "Aren't you supposed to be painting the house?\nNo because the paint already peeled off.",
  },
  {
    dataset: 'ethics-deontology',
    file: 'ethics/deontology_test_hard.csv',
    classes: { unreasonable: 1773, reasonable: 1763 },
    rows: 3536,
    first:
      "Aren't you supposed to take the dog to the groomers tomorrow?\nNo because the groomer is closed today",
  },
  { dataset: 'ethics-utilitarianism', file: 'ethics/util_train.csv', classes: null, rows: 13738, first: '' },
  { dataset: 'ethics-utilitarianism', file: 'ethics/util_test.csv', classes: null, rows: 4808, first: '' },
  {
    dataset: 'ethics-utilitarianism',
    file: 'ethics/util_test_hard.csv',
    classes: null,
    rows: 4272,
    first: '',
  },
  {
    dataset: 'sst2',
    file: 'sst2/train.tsv',
    classes: { negative: 26786, positive: 33828 },
    rows: 60614,
    first: 'when are bears bears and ',
  },
  {
    dataset: 'sst2',
    file: 'sst2/dev.tsv',
    classes: { negative: 2994, positive: 3741 },
    rows: 6735,
    first: 'the expressive power of the camera ',
  },
];

const part = (
  { spec, task, locations }: ResolvedDataset,
  which: SplitPart,
  sizes: { trainSize?: number; testSize?: number; seed?: number } = {},
): Promise<LoadedExamples> =>
  loadSplit(
    { dataset: spec, part: which, seed: 0, dataSeed: 0, trainSize: null, testSize: null, ...sizes },
    task,
    locations,
    { labels: true },
  );

function countClasses({ rows, classes }: LoadedExamples): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { label } of rows) {
    const name = classes[label?.indexOf(1) ?? -1] ?? 'none';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe.skipIf(folder === '')('the published files', () => {
  it.each(FILES)('$dataset of $file: every row', async ({ dataset, file, classes, rows, first }) => {
    const loaded = await part(await resolveDataset({ dataset, data: join(folder, file) }), 'all-train');
    expect(loaded.rows.length).toBe(rows);
    expect(loaded.skipped).toBe(0);
    if (classes !== null) expect(countClasses(loaded)).toEqual(classes);
    expect(loaded.rows[0]?.text?.slice(0, first.length)).toBe(first);
    expect(new Set(loaded.rows.map(({ id }) => id)).size).toBe(rows);
    expect(loaded.rows.every(({ text }) => (text ?? '').trim() !== '')).toBe(true);
  });

  it('ethics-utilitarianism shows the better scenario first in half of the pairs', async () => {
    const data = join(folder, 'ethics/util_test.csv');
    const { rows } = await part(
      await resolveDataset({ dataset: 'ethics-utilitarianism', data }),
      'all-train',
    );
    const better = 'I applied to adopt the child I was fostering and was quickly approved.';
    const isFirst = rows[0]?.text?.startsWith(`Which is more pleasant?\n1) ${better}\n2) `);
    expect(rows[0]?.label).toEqual(isFirst ? [1, 0] : [0, 1]);
    const share = rows.filter(({ label }) => label?.[0] === 1).length / rows.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.03);
  });
});

describe.skipIf(folder === '')('hh', () => {
  it.each([
    ['harmless_train_gt.jsonl', 4],
    ['harmless_train_w2s.jsonl', 5],
    ['harmless_test.jsonl', 8],
  ])('%s: every conversation but those with a blank answer', async (name, blank) => {
    const data = join(folder, 'hh-single-turn', name);
    const loaded = await part(await resolveDataset({ dataset: 'hh', data, skipBadRows: true }), 'all-train');
    expect([loaded.rows.length, loaded.skipped]).toEqual([4000 - blank, blank]);
    for (const { prompt, completions } of loaded.rows) {
      expect(prompt?.startsWith('\n\nHuman: ') && prompt.endsWith('\n\nAssistant:')).toBe(true);
      expect(completions).toHaveLength(2);
    }
    const share = loaded.rows.filter(({ label }) => label?.[0] === 1).length / loaded.rows.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.03);
  });

  it('has halves and a test set of the sizes that are asked for, no prompt in two of them', async () => {
    const data = join(folder, 'hh-single-turn/harmless_train_gt.jsonl');
    const found = await resolveDataset({ dataset: 'hh', data, skipBadRows: true });
    const parts = await Promise.all(
      (['weak', 'transfer', 'test'] as const).map((which) =>
        part(found, which, { trainSize: 1201, testSize: 400 }),
      ),
    );
    expect(parts.map(({ rows }) => rows.length)).toEqual([600, 601, 400]);
    const prompts = parts.map(({ rows }) => new Set(rows.map(({ prompt }) => prompt)));
    expect(new Set(prompts.flatMap((set) => [...set])).size).toBe(
      prompts.reduce((n, set) => n + set.size, 0),
    );
  });
});

describe.skipIf(folder === '').each([
  ['sciq', 'sciq/train.json', 'sciq/test.json'],
  ['sciq-support', 'sciq/train.json', 'sciq/test.json'],
  ['boolq', 'boolq/validation.jsonl', undefined],
  ['ethics-justice', 'ethics/justice_train.csv', 'ethics/justice_test.csv'],
  ['ethics-deontology', 'ethics/deontology_train.csv', undefined],
  ['ethics-utilitarianism', 'ethics/util_train.csv', 'ethics/util_test.csv'],
  ['sst2', 'sst2/train.tsv', 'sst2/dev.tsv'],
])('an experiment on %s', (dataset, train, test) => {
  let found: ResolvedDataset;
  let parts: LoadedExamples[];
  beforeAll(async () => {
    const testData = test === undefined ? {} : { testData: join(folder, test) };
    found = await resolveDataset({ dataset, data: join(folder, train), ...testData });
    parts = [];
    for (const which of ['weak', 'transfer', 'test'] as const) {
      parts.push(await part(found, which, { trainSize: 1200, testSize: 400 }));
    }
  });

  it('has balanced parts of the sizes that are asked for', () => {
    expect(parts.map(({ rows }) => rows.length)).toEqual([600, 600, 400]);
    for (const loaded of parts) {
      const counts = Object.values(countClasses(loaded));
      expect(counts).toEqual([loaded.rows.length / 2, loaded.rows.length / 2]);
    }
  });

  it('keeps groups whole', () => {
    const drawn = test === undefined ? parts : parts.slice(0, 2);
    const groups = drawn.map(({ rows }) => new Set(rows.map(({ group }) => group)));
    const all = new Set(groups.flatMap((group) => [...group]));
    expect(all.size).toBe(groups.reduce((sum, group) => sum + group.size, 0));
  });

  it('has the same test set for every seed, and other halves', async () => {
    const sizes = { trainSize: 1200, testSize: 400, seed: 1 };
    const texts = ({ rows }: LoadedExamples) => rows.map(({ id, text }) => [id, text]);
    const [weak, , testSet] = parts;
    if (weak === undefined || testSet === undefined) throw new Error('no parts');
    expect(texts(await part(found, 'test', sizes))).toEqual(texts(testSet));
    expect(texts(await part(found, 'weak', sizes))).not.toEqual(texts(weak));
  });
});
