import { describe, expect, it } from 'vitest';
import { type DatasetRequest, loadSplit, resolveDataset } from '../../src/data/index.js';
import type { Example, SplitSpec } from '../../src/data/types.js';
import { errorOf, temporaryFolder } from './support.js';

const { write } = temporaryFolder();

const question = (i: number) => ({
  question: `question ${i}`,
  correct_answer: `right ${i}`,
  distractor1: `first ${i}`,
  distractor2: `second ${i}`,
  distractor3: `third ${i}`,
  support: i % 2 ? `passage ${i}` : '',
});

const questions = (count: number) => Array.from({ length: count }, (_, i) => question(i + 1));
const train = write('train.json', JSON.stringify(questions(300)));
const test = write('test.json', JSON.stringify(questions(60)));

/** A part of SciQ, with labels. */
async function part(which: Partial<SplitSpec>, request: DatasetRequest = {}) {
  const found = await resolveDataset({ dataset: 'sciq', data: train, ...request });
  const split = {
    seed: 0,
    dataSeed: 0,
    trainSize: null,
    testSize: null,
    part: 'all-train' as const,
    ...which,
  };
  const loaded = await loadSplit({ ...split, dataset: found.spec }, found.task, found.locations, {
    labels: true,
  });
  return loaded.rows;
}

const texts = (rows: readonly Example[]) => rows.map(({ text }) => text);
const questionOf = ({ id }: Example) => id.split(':')[0];

describe('multiple choice', () => {
  it('gives two rows a question in one group: the right answer and one distractor', async () => {
    const rows = await part({});
    expect(rows.length).toBe(600);
    expect(rows[0]).toMatchObject({
      id: '1:correct_answer',
      row: 1,
      text: 'Q: question 1 A: right 1',
      label: [0, 1],
    });
    const drawn = new Set<string>();
    for (let i = 0; i < rows.length; i += 2) {
      const [right, wrong] = [rows[i], rows[i + 1]];
      expect(wrong?.group).toBe(right?.group);
      expect(wrong?.label).toEqual([1, 0]);
      const number = i / 2 + 1;
      const [, column = ''] = wrong?.id.split(':') ?? [];
      const word = { distractor1: 'first', distractor2: 'second', distractor3: 'third' }[column];
      expect(wrong?.text).toBe(`Q: question ${number} A: ${word} ${number}`);
      drawn.add(column);
    }
    expect(drawn.size).toBe(3);
    expect(new Set(rows.map(({ group }) => group)).size).toBe(300);
  });

  it('draws distractors for training by the seed, the same every time', async () => {
    const of = (seed: number) => part({ part: 'weak', seed }, { testData: test });
    const [once, again, other] = [await of(1), await of(1), await of(2)];
    expect(texts(once)).toEqual(texts(again));
    const distractor = (rows: readonly Example[]) =>
      new Map(rows.filter(({ label }) => label?.[0] === 1).map((row) => [questionOf(row), row.id]));
    const [first, second] = [distractor(once), distractor(other)];
    const both = [...first.keys()].filter((asked) => second.has(asked));
    expect(both.length).toBeGreaterThan(20);
    const same = both.filter((asked) => first.get(asked) === second.get(asked)).length;
    // A third by chance.
    expect(same / both.length).toBeLessThan(0.6);
    expect(same).toBeGreaterThan(0);
  });

  it.each([[{ testData: test }], [{}]])(
    'has a test set that only the data seed moves: %j',
    async (request) => {
      const [base, otherSeed, otherData] = [
        await part({ part: 'test' }, request),
        await part({ part: 'test', seed: 5 }, request),
        await part({ part: 'test', dataSeed: 1 }, request),
      ];
      expect(texts(otherSeed)).toEqual(texts(base));
      expect(texts(otherData)).not.toEqual(texts(base));
    },
  );

  it.each([[{}], [{ trainSize: 101, testSize: 33 }]])(
    'keeps the rows of a question in one part, and every part balanced: %j',
    async (sizes) => {
      const parts = await Promise.all(
        (['weak', 'transfer', 'test'] as const).map((which) => part({ part: which, seed: 3, ...sizes })),
      );
      const groups = parts.map((rows) => new Set(rows.map(({ group }) => group)));
      const all = new Set(groups.flatMap((each) => [...each]));
      expect(all.size).toBe(groups.reduce((sum, each) => sum + each.size, 0));
      for (const rows of parts) {
        const right = rows.filter(({ label }) => label?.[1] === 1).length;
        expect(Math.abs(2 * right - rows.length)).toBeLessThan(2);
      }
    },
  );

  it('draws for a row by its id alone, whatever other rows there are', async () => {
    const few = write('few.json', JSON.stringify(questions(10)));
    const found = await resolveDataset({ dataset: 'sciq', data: few });
    const spec = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
    const { rows } = await loadSplit({ ...spec, dataset: found.spec }, found.task, found.locations, {
      labels: true,
    });
    expect(texts(rows)).toEqual(texts((await part({})).slice(0, 20)));
  });

  it('with support puts the passage in front where there is one', async () => {
    const rows = await part({}, { dataset: 'sciq-support' });
    expect(rows[0]?.text).toBe('passage 1\n\nQ: question 1 A: right 1');
    expect(rows[2]?.text).toBe('Q: question 2 A: right 2');
  });

  it('never draws a distractor that is the right answer', async () => {
    const alike = { ...question(1), distractor1: 'Right 1 ', distractor2: 'right 1' };
    const file = write('alike.json', JSON.stringify([alike]));
    const found = await resolveDataset({ dataset: 'sciq', data: file });
    const load = (dataSeed: number) =>
      loadSplit(
        { part: 'all-train', seed: 0, dataSeed, trainSize: null, testSize: null, dataset: found.spec },
        found.task,
        found.locations,
        { labels: true },
      );
    for (let seed = 0; seed < 8; seed++)
      expect((await load(seed)).rows[1]?.text).toBe('Q: question 1 A: third 1');
  });

  it('names row and field of what is wrong, and the nearest column', async () => {
    const of = async (name: string, rows: unknown) =>
      errorOf(part({}, { dataset: 'sciq', data: write(name, JSON.stringify(rows)) }));
    const blank = await of('blank.json', [question(1), { ...question(2), distractor2: '' }]);
    expect(blank.message).toMatch(
      /text for field "distractor2" in .*blank.json, row 2, but received a blank/,
    );
    const { correct_answer, ...rest } = question(1);
    const misspelt = await of('misspelt.json', [{ ...rest, correct_anwser: correct_answer }]);
    expect(misspelt.message).toContain('a column "correct_answer" for --dataset sciq');
    expect(misspelt.hint).toMatch(
      /"correct_anwser"\? Rename it: sed 's\/"correct_anwser"\/"correct_answer"\/g'/,
    );
    const same = { ...question(1), distractor1: 'right 1', distractor2: 'right 1', distractor3: 'right 1' };
    expect((await of('same.json', [same])).message).toMatch(
      /an answer that is wrong for field "distractor1".*row 1/,
    );
  });
});

describe('pairs', () => {
  it('from one file have a test set that the seed does not move, balanced halves, and no shared group', async () => {
    const pairs = write(
      'util.csv',
      Array.from({ length: 300 }, (_, i) => `better ${i},worse ${i}\n`).join(''),
    );
    const of = (which: Partial<SplitSpec>) => part(which, { dataset: 'ethics-utilitarianism', data: pairs });
    const testSet = await of({ part: 'test', testSize: 40 });
    expect(texts(await of({ part: 'test', testSize: 40, seed: 9 }))).toEqual(texts(testSet));
    const taken = new Set(testSet.map(({ group }) => group));
    for (const seed of [0, 1, 2]) {
      const rows = await of({ part: 'weak', seed, testSize: 40 });
      expect(rows.filter(({ group }) => taken.has(group))).toEqual([]);
      expect(rows.filter(({ label }) => label?.[0] === 1).length * 2).toBe(rows.length);
    }
  });

  it('have ids that name the order shown, so that labels of one order are never taken for those of the other', async () => {
    const pairs = write(
      'orders.csv',
      Array.from({ length: 60 }, (_, i) => `better ${i},worse ${i}\n`).join(''),
    );
    const of = (which: Partial<SplitSpec>) => part(which, { dataset: 'ethics-utilitarianism', data: pairs });
    const byId = new Map((await of({})).map(({ id, text }) => [id, text]));
    const halves = await of({ part: 'transfer' });
    const known = halves.filter(({ id }) => byId.has(id));
    expect(known.length).toBeGreaterThan(0);
    expect(known.length).toBeLessThan(halves.length);
    for (const { id, text } of known) expect(text).toBe(byId.get(id));
  });
});
