import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  encodeExamples,
  loadSplit,
  openTokenizer,
  readSupervision,
  resolveDataset,
  withClasses,
} from '../../src/data/index.js';
import { mirroredId } from '../../src/data/preference.js';
import type { Example, SplitSpec } from '../../src/data/types.js';
import { writeTinyModel } from '../support/tinyWorld.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write, folder } = temporaryFolder();
let files = 0;

const ALL = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;

/** Rows of a file as this format reads them. */
async function load(
  dataset: string,
  content: string,
  {
    labels = true,
    ending = 'jsonl',
    ...split
  }: Partial<SplitSpec> & { labels?: boolean; ending?: string } = {},
) {
  const found = await withClasses(
    await resolveDataset({ dataset, data: write(`preferences-${files++}.${ending}`, content) }),
  );
  return loadSplit({ ...ALL, ...split, dataset: found.spec }, found.task, found.locations, { labels });
}

const fail = async (...args: Parameters<typeof load>): Promise<string> => {
  const error = await errorOf(load(...args));
  expect([error.code, error.exitCode]).toEqual(['ERR_DATA', 4]);
  return error.message;
};

/** The completion that is the better one by the label. */
const better = ({ completions, label }: Example) => completions?.[label?.indexOf(1) ?? -1];

describe('hh', () => {
  const turn = (question: string, answer: string) => `\n\nHuman: ${question}\n\nAssistant: ${answer}`;

  it('takes what both share up to the last answer as the prompt', async () => {
    const { rows, classes, task } = await load(
      'hh',
      jsonl([
        { chosen: turn('Hi?', 'Hello.'), rejected: turn('Hi?', 'Go away.') },
        // The answers begin alike: the prompt ends at the turn, not where they part.
        { chosen: turn('Why?', 'I think so.'), rejected: turn('Why?', 'I think not.') },
        // Two turns: the last one that both have.
        {
          chosen: turn('A?', 'a.') + turn('B?', 'yes'),
          rejected: turn('A?', 'a.') + turn('B?', 'no'),
        },
        // One answer goes on with another turn.
        { chosen: turn('C?', 'c'), rejected: turn('C?', 'd') + turn('D?', 'e') },
      ]),
    );
    expect([task, classes]).toEqual(['preference', ['first', 'second']]);
    expect(rows.map(({ prompt }) => prompt)).toEqual([
      '\n\nHuman: Hi?\n\nAssistant:',
      '\n\nHuman: Why?\n\nAssistant:',
      `${turn('A?', 'a.')}\n\nHuman: B?\n\nAssistant:`,
      '\n\nHuman: C?\n\nAssistant:',
    ]);
    expect(rows.map(better)).toEqual([' Hello.', ' I think so.', ' yes', ' c']);
    expect(rows[3]?.completions).toContain(` d${turn('D?', 'e')}`);
    // One conversation in the same words is one group.
    expect(new Set(rows.map(({ group }) => group)).size).toBe(4);
  });

  it('names file, row and field of transcripts that it cannot take apart', async () => {
    const good = { chosen: turn('Hi?', 'Hello.'), rejected: turn('Hi?', 'No.') };
    const other = await fail('hh', jsonl([good, { chosen: turn('Hi?', 'x'), rejected: turn('Ho?', 'y') }]));
    expect(other).toMatch(/transcript of "chosen" up to an answer .*field "rejected" in .*line 2/);
    const same = await fail('hh', jsonl([{ chosen: turn('Hi?', 'x'), rejected: turn('Hi?', 'x ') }]));
    expect(same).toMatch(/another completion than that of "chosen" for field "rejected" in .*line 1/);
    const blank = await fail(
      'hh',
      jsonl([good, good, { chosen: turn('Hi?', ''), rejected: turn('Hi?', 'x') }]),
    );
    expect(blank).toMatch(/an answer after the last "Assistant:" for field "chosen" in .*line 3.*a blank/);
    expect(await fail('hh', jsonl([{ chosen: 'a', rejected: 'b' }]))).toMatch(/field "rejected" in .*line 1/);
  });
});

describe('pairs', () => {
  const pair = (i: number) => ({ prompt: `ask ${i}`, chosen: `good ${i}`, rejected: `bad ${i}` });
  const pairs = (count: number) => Array.from({ length: count }, (_, i) => pair(i));

  it('shows either completion first, by a seeded coin, and the id says which', async () => {
    const content = jsonl(pairs(400));
    const { rows } = await load('pairs', content);
    expect(rows.map(better)).toEqual(pairs(400).map(({ chosen }) => chosen));
    const firsts = rows.filter(({ label }) => label?.[0] === 1).length;
    expect(firsts).toBeGreaterThan(160);
    expect(firsts).toBeLessThan(240);
    for (const { id, completions } of rows) {
      expect(completions?.[0]?.startsWith(id.endsWith(':chosen') ? 'good' : 'bad')).toBe(true);
      expect(id.replace(/:.*/, '')).toBe(String(Number(completions?.[0]?.split(' ')[1]) + 1));
    }
    // Test items are the same for every seed; halves toss their own coins.
    const orders = async (split: Partial<SplitSpec>) =>
      new Map((await load('pairs', content, split)).rows.map(({ id }) => id.split(':') as [string, string]));
    expect(await orders({ part: 'test', seed: 5 })).toEqual(await orders({ part: 'test', seed: 0 }));
    const [one, two] = [await orders({ part: 'weak', seed: 1 }), await orders({ part: 'weak', seed: 2 })];
    const common = [...one].filter(([id]) => two.has(id));
    expect(common.some(([id, order]) => two.get(id) !== order)).toBe(true);
  });

  it('balances nothing, and keeps prompts in the same words together', async () => {
    const twice = pairs(60).flatMap((row) => [row, { ...row, rejected: `worse than ${row.rejected}` }]);
    const parts = await Promise.all(
      (['weak', 'transfer', 'test'] as const).map((part) =>
        load('pairs', jsonl(twice), { part, testSize: 20 }),
      ),
    );
    expect(parts.map(({ rows }) => rows.length)).toEqual([50, 50, 20]);
    const prompts = parts.map(({ rows }) => new Set(rows.map(({ prompt }) => prompt)));
    for (const prompt of prompts[0] ?? [])
      expect(prompts[1]?.has(prompt) || prompts[2]?.has(prompt)).toBe(false);
  });

  it('gives completions, but no label and no scores, to who may not see labels', async () => {
    const content = jsonl([{ ...pair(0), scores: { 'good 0': 1, 'bad 0': 0 } }]);
    for (const part of ['all-train', 'test'] as const) {
      const [row] = (await load('pairs', content, { labels: false, part, testSize: 1 })).rows;
      expect(row?.completions).toHaveLength(2);
      expect([row?.label, row?.scores]).toEqual([undefined, undefined]);
    }
    const [seen] = (await load('pairs', content)).rows;
    expect(seen?.scores).toEqual({ 'good 0': 1, 'bad 0': 0 });
  });

  it('knows other spellings, and tables with an order and soft labels of their own', async () => {
    const csv = 'instruction,preferred,rejected_response\nask,good,bad\n';
    expect((await load('pairs', csv, { ending: 'csv' })).rows.map(better)).toEqual(['good']);
    const ordered = [
      { id: 'a:rejected', prompt: 'ask', first: 'bad', second: 'good', label: [0.25, 0.75] },
      { id: 'b', prompt: 'ask', first: 'x', second: 'y', label: 'first' },
    ];
    const { rows } = await load('pairs', jsonl(ordered));
    expect(rows.map(({ id, completions, label }) => [id, completions, label])).toEqual([
      ['a:rejected', ['bad', 'good'], [0.25, 0.75]],
      ['b', ['x', 'y'], [1, 0]],
    ]);
  });

  it.each([
    [
      { chosen: 'same', rejected: ' same' },
      /another completion than that of "chosen" for field "rejected" in .*line 2/,
    ],
    [{ chosen: '  ' }, /text for field "chosen" in .*line 2.*a blank/],
    [{ rejected: '' }, /text for field "rejected" in .*line 2.*a blank/],
    [{ prompt: 3 }, /text for field "prompt" in .*line 2/],
    [{ scores: '[1]' }, /an object from answers to numbers for field "scores" in .*line 2/],
  ])('names file, row and field: %j', async (change, message) => {
    expect(await fail('pairs', jsonl([pair(0), { ...pair(1), ...change }]))).toMatch(message);
  });

  it('says which column is missing', async () => {
    const message = await fail('pairs', jsonl([{ prompt: 'a', chosen: 'b', rejectd: 'c' }]));
    expect(message).toMatch(/"rejected" or .*received "prompt", "chosen", "rejectd"/);
  });
});

describe('labels from outside', () => {
  it('hold for both orders of a pair', async () => {
    const file = write(
      'labels.jsonl',
      jsonl([
        { id: '1:chosen', label: [0.9, 0.1] },
        { id: '2', label: 1 },
      ]),
    );
    const labels = await readSupervision(file, {
      task: 'preference',
      classes: 2,
      classNames: ['first', 'second'],
    });
    expect(Object.fromEntries(labels)).toEqual({
      '1:chosen': [0.9, 0.1],
      '1:rejected': [0.1, 0.9],
      2: [0, 1],
    });
    expect(['x:chosen', 'x:rejected', 'x'].map(mirroredId)).toEqual(['x:rejected', 'x:chosen', undefined]);
  });
});

describe('sequences', () => {
  const rows = (prompt: string, completions: [string, string], id = '7:rejected'): Example[] => [
    { id, group: id, row: 7, prompt, completions },
  ];
  const encode = async (examples: Example[], contextLength = 32) => {
    const model = writeTinyModel(join(folder, 'model'), { hidden: 8, layers: 1, seed: 1 });
    await using tokenizer = await openTokenizer(model);
    return await encodeExamples(tokenizer, examples, {
      contextLength,
      task: 'preference',
      file: 'rows.jsonl',
    });
  };

  it('are two an example, of prompt and one completion each', async () => {
    const { sequences, truncated } = await encode(rows('w0 w1', ['w2', 'w3 w4']));
    // <s> is 1, w0 is 3.
    expect([...sequences.tokens]).toEqual([1, 3, 4, 5, 1, 3, 4, 6, 7]);
    expect([...sequences.offsets]).toEqual([0, 4, 9]);
    expect([...(sequences.targetStarts ?? [])]).toEqual([3, 3]);
    expect(truncated).toBe(0);
  });

  it('have a prompt that is cut alike where it is too long for one of them', async () => {
    const { sequences, truncated } = await encode(rows('w0 w1 w2 w3', ['w5', 'w6 w7 w8']), 6);
    expect([...sequences.tokens]).toEqual([1, 5, 6, 8, 1, 5, 6, 9, 10, 11]);
    expect(truncated).toBe(1);
  });

  it('refuse a completion longer than the context by row and field', async () => {
    const long = Array.from({ length: 9 }, (_, i) => `w${i}`).join(' ');
    const first = await errorOf(encode(rows('w0', [long, 'w1']), 8));
    expect(first.message).toMatch(/at most 7 tokens .*field "rejected" in rows.jsonl, line 7 .*received 9/);
    const second = await errorOf(encode(rows('w0', ['w1', long]), 8));
    expect(second.message).toMatch(/field "chosen" in rows.jsonl, line 7/);
  });
});
