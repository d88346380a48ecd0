import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/data/formats/index.js';
import { loadSplit, resolveDataset } from '../../src/data/index.js';
import type { Example } from '../../src/data/types.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write } = temporaryFolder();
let files = 0;

const ALL = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;

/** Every row of a file of this format. */
async function load(dataset: string, ending: string, content: string, labels = true) {
  const found = await resolveDataset({ dataset, data: write(`format-${files++}.${ending}`, content) });
  return loadSplit({ ...ALL, dataset: found.spec }, found.task, found.locations, { labels });
}

const classOf = ({ label }: Example) => label?.indexOf(1);

const fail = async (...args: Parameters<typeof load>) => {
  const error = await errorOf(load(...args));
  expect([error.code, error.exitCode]).toEqual(['ERR_DATA', 4]);
  return `${error.message} ${error.hint}`;
};

describe('every format', () => {
  it('says what it is, and how it is used', () => {
    for (const { name, about, example, hub } of FORMATS) {
      expect(about.length).toBeGreaterThan(20);
      expect(example).toMatch(name === 'columns' ? /^train --data / : `train --dataset ${name}`);
      expect(example?.includes('--data ')).toBe(hub === undefined);
    }
  });
});

describe('sst2', () => {
  it('reads the sentence as it stands', async () => {
    const { rows, classes } = await load('sst2', 'tsv', 'sentence\tlabel\na "fine film \t1\nbad\t0\n');
    expect(classes).toEqual(['negative', 'positive']);
    expect(rows).toEqual([
      { id: '1', group: '1', row: 2, text: 'a "fine film ', label: [0, 1] },
      { id: '2', group: '2', row: 3, text: 'bad', label: [1, 0] },
    ]);
  });

  it('reads the columns of the hub, and needs no label where none is wanted', async () => {
    const row = { idx: 7, sentence: 'a', label: 1 };
    expect((await load('sst2', 'jsonl', jsonl([row]))).rows[0]?.label).toEqual([0, 1]);
    expect((await load('sst2', 'csv', 'sentence\na\n', false)).rows[0]?.label).toBeUndefined();
  });

  it.each([
    ['sentence\tlabel\na\t1\n \t0\n', /text for field "sentence" in .*line 3, .*a blank/],
    [
      'sentence\tlabel\na\t1\nb\t2\n',
      /0 \(negative\) or 1 \(positive\) for field "label" in .*line 3, .*"2"/,
    ],
    ['sentence\tlabel\na\t-1\n', /field "label" in .*line 2, .*"-1"/],
    ['sentence\tlabel\na\t\n', /field "label" in .*line 2, .*a blank/],
    [
      'sentence\tlable\na\t1\n',
      /a column "label" for --dataset sst2 .*received "sentence", "lable".*--label lable\?/,
    ],
    ['sentense\tlabel\na\t1\n', /a column "sentence" .*Did you mean --text sentense\?/],
    ['a longer text in line one\t1\nb\t0\n', /--dataset columns --no-header --text 1 --label 2/],
  ])('names file, line and field of what is wrong: %j', async (content, message) => {
    expect(await fail('sst2', 'tsv', content)).toMatch(message);
  });
});

describe('boolq', () => {
  it('puts the passage first, keeps its questions together, and knows both spellings of the label', async () => {
    const { rows, classes } = await load(
      'boolq',
      'jsonl',
      jsonl([
        { question: 'is it', passage: 'P', label: 'true' },
        { question: 'was it', passage: 'P', label: 'false' },
        { question: 'will it', passage: 'Q', label: 1 },
      ]),
    );
    expect(classes).toEqual(['false', 'true']);
    expect(rows.map(({ text }) => text)[0]).toBe('Passage: P\nQuestion: is it');
    expect(rows.map(classOf)).toEqual([1, 0, 1]);
    expect(rows[0]?.group).toBe(rows[1]?.group);
    expect(rows[0]?.group).not.toBe(rows[2]?.group);
    const hub = await load('boolq', 'jsonl', jsonl([{ question: 'q', answer: false, passage: 'P' }]));
    expect(hub.rows.map(classOf)).toEqual([0]);
  });

  it('names the line and field of a label that is neither', async () => {
    const bad = jsonl([{ question: 'q', passage: 'P', label: 'maybe' }]);
    expect(await fail('boolq', 'jsonl', bad)).toMatch(
      /0 \(false\) or 1 \(true\) for field "label".*line 1.*"maybe"/,
    );
    const none = jsonl([{ question: 'q', passage: 'P' }]);
    expect(await fail('boolq', 'jsonl', none)).toContain('a column "label" or "answer"');
  });
});

describe('ethics', () => {
  it('justice is the scenario alone', async () => {
    const { rows } = await load('ethics-justice', 'csv', 'label,scenario\n1,"I deserve, I think"\n0,b\n');
    expect(rows.map(({ text }) => text)).toEqual(['I deserve, I think', 'b']);
    expect(rows.map(classOf)).toEqual([1, 0]);
  });

  it('deontology joins scenario and excuse, and keeps a scenario together', async () => {
    const content = 'label,scenario,excuse\n1,S, E\n0,S,F\n0,T,F\n';
    const { rows } = await load('ethics-deontology', 'csv', content);
    expect(rows.map(({ text }) => text)).toEqual(['S\nE', 'S\nF', 'T\nF']);
    expect(new Set(rows.map(({ group }) => group)).size).toBe(2);
    expect(await fail('ethics-deontology', 'csv', 'label,scenario,excuse\n1,S,\n')).toMatch(
      /field "excuse".*line 2.*a blank/,
    );
  });

  it('utilitarianism with a header all the same is read by --header', async () => {
    const dataset = 'ethics-utilitarianism';
    const data = write('named.csv', 'baseline,less_pleasant\nI sleep.,I work.\n');
    for (const [header, count] of [
      [true, 1],
      [undefined, 2],
    ] as const) {
      const { spec, task, locations } = await resolveDataset({ dataset, data, ...(header && { header }) });
      expect(
        (await loadSplit({ ...ALL, dataset: spec }, task, locations, { labels: true })).rows,
      ).toHaveLength(count);
    }
  });

  it('utilitarianism has no header; the class says where the better scenario stands', async () => {
    const content = Array.from({ length: 200 }, (_, i) => `better ${i},worse ${i}\n`).join('');
    const { rows, classes } = await load('ethics-utilitarianism', 'csv', content);
    expect(classes).toEqual(['first', 'second']);
    expect(rows.length).toBe(200);
    for (const [i, row] of rows.entries()) {
      const [first, second] = classOf(row) === 0 ? ['better', 'worse'] : ['worse', 'better'];
      expect(row).toMatchObject({
        id: `${i + 1}:${first === 'better' ? 1 : 2}`,
        row: i + 1,
        text: `Which is more pleasant?\n1) ${first} ${i}\n2) ${second} ${i}`,
      });
    }
    const firsts = rows.filter((row) => classOf(row) === 0).length;
    expect(firsts).toBeGreaterThan(70);
    expect(firsts).toBeLessThan(130);
  });

  it('utilitarianism reads the columns of the hub', async () => {
    const { rows } = await load(
      'ethics-utilitarianism',
      'jsonl',
      jsonl([{ baseline: 'x', less_pleasant: 'y' }]),
    );
    expect(rows[0]?.text).toContain(classOf(rows[0] as Example) === 0 ? '1) x' : '2) x');
    expect(await fail('ethics-utilitarianism', 'csv', 'a,b\nc,\n')).toMatch(/field "2".*line 2.*a blank/);
  });
});
