import { describe, expect, it } from 'vitest';
import type { LoadOptions } from '../../src/data/index.js';
import { loadSplit, resolveDataset } from '../../src/data/index.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write } = temporaryFolder();
let files = 0;

/** Reads every row of a file with this content. */
async function load(
  ending: string,
  content: string | Uint8Array,
  request: { text?: string; label?: string } = {},
  options: LoadOptions = { labels: true },
) {
  const file = write(`case-${files++}.${ending}`, content);
  const resolved = await resolveDataset({ data: file, ...request });
  const split = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
  return loadSplit({ dataset: resolved.spec, ...split }, resolved.task, resolved.locations, options);
}

const fail = async (...args: Parameters<typeof load>) => {
  const error = await errorOf(load(...args));
  expect(error.exitCode).toBe(4);
  return `${error.message} ${error.hint ?? ''}`;
};

describe('labels', () => {
  it('are indices, quoted or not', async () => {
    const { classes, rows } = await load(
      'jsonl',
      jsonl([
        { text: 'a', label: 1 },
        { text: 'b', label: '0' },
      ]),
    );
    expect(classes).toEqual(['0', '1']);
    expect(rows.map((row) => row.label)).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(rows.map((row) => row.id)).toEqual(['1', '2']);
  });

  it('are names in sorted order, or in the order of the folder that covers them', async () => {
    const content = jsonl([
      { text: 'a', label: 'pos' },
      { text: 'b', label: 'neg' },
    ]);
    expect((await load('jsonl', content)).classes).toEqual(['neg', 'pos']);
    const label2id = { pos: 0, neg: 1, none: 2 };
    const covered = await load('jsonl', content, {}, { labels: true, label2id });
    expect(covered.classes).toEqual(['pos', 'neg', 'none']);
    expect(covered.rows[0]?.label).toEqual([1, 0, 0]);
    const other = await load('jsonl', content, {}, { labels: true, label2id: { good: 0, bad: 1 } });
    expect(other.classes).toEqual(['neg', 'pos']);
  });

  it('are probabilities', async () => {
    const { rows } = await load('jsonl', jsonl([{ text: 'a', label: [0.25, 0.75] }]));
    expect(rows[0]?.label).toEqual([0.25, 0.75]);
    const csv = await load('csv', 'text,label\na,"[0.5, 0.5]"\n');
    expect(csv.rows[0]?.label).toEqual([0.5, 0.5]);
  });

  it.each([
    [{ text: 'b' }, 'received nothing'],
    [{ text: 'b', label: null }, 'received null'],
    [{ text: 'b', label: ' ' }, 'received a blank'],
    [{ text: 'b', label: -1 }, 'received -1'],
    [{ text: 'b', label: 0.5 }, 'received 0.5'],
    [{ text: 'b', label: 7 }, 'received 7'],
    [{ text: 'b', label: '7' }, 'received 7'],
    [{ text: 'b', label: 'pos' }, 'received "pos"'],
    [{ text: 'b', label: {} }, 'received {}'],
    [{ text: 'b', label: [0.7, 0.7] }, 'sums to 1.4'],
    [{ text: 'b', label: [1.5, -0.5] }, 'received [1.5,-0.5]'],
    [{ text: 'b', label: [1] }, 'received [1]'],
    [{ text: 'b', label: [0.2, 0.3, 0.5] }, 'received 3 probabilities'],
  ])('that are bad are named with file, line and field: %j', async (bad, received) => {
    const good = [
      { text: 'a', label: 0 },
      { text: 'a', label: 1 },
      { text: 'a', label: 1 },
    ];
    const known = { labels: true, label2id: { LABEL_0: 0, LABEL_1: 1 } };
    const message = await fail(
      'jsonl',
      jsonl([...good, bad]),
      {},
      'label' in bad && Array.isArray(bad.label) ? known : { labels: true },
    );
    expect(message).toMatch(/case-\d+\.jsonl, line 4/);
    expect(message).toContain('field "label"');
    expect(message).toContain(received);
  });

  it('beyond the classes of the model folder are out of range', async () => {
    const label2id = { LABEL_0: 0, LABEL_1: 1 };
    const content = jsonl([
      { text: 'a', label: 0 },
      { text: 'b', label: 2 },
    ]);
    expect(await fail('jsonl', content, {}, { labels: true, label2id })).toMatch(/line 2.*received 2/);
  });

  it('are not looked at when they are not wanted', async () => {
    const { rows, classes } = await load('jsonl', jsonl([{ text: 'a', label: null }]), {}, { labels: false });
    expect(rows[0]).toEqual({ id: '1', group: '1', row: 1, text: 'a' });
    expect(classes).toEqual([]);
  });
});

describe('texts and ids', () => {
  it.each([
    [{ label: 1 }, 'text', 'nothing'],
    [{ text: '  ', label: 1 }, 'text', 'a blank'],
    [{ text: 3, label: 1 }, 'text', '3'],
    [{ text: 'b', label: 1, id: null }, 'id', 'null'],
  ])('that are bad are named: %j', async (bad, field, received) => {
    const first = 'id' in bad ? { text: 'a', label: 0, id: 'x' } : { text: 'a', label: 0 };
    const message = await fail('jsonl', jsonl([first, bad]));
    expect(message).toContain(`field "${field}"`);
    expect(message).toContain(`line 2, but received ${received}.`);
  });

  it('keep the id and group columns', async () => {
    const { rows } = await load('jsonl', jsonl([{ id: 7, group: 'g', text: 'a', label: 0 }]));
    expect(rows[0]).toMatchObject({ id: '7', group: 'g' });
  });

  it('may not repeat an id', async () => {
    const row = { id: 'x', text: 'a', label: 0 };
    expect(await fail('jsonl', jsonl([row, row]))).toMatch(/field "id".*line 2.*"x", which line 1 has/);
  });

  it('take the columns that the user names and suggest the nearest', async () => {
    const content = jsonl([{ sentence: 'a', sentiment: 1 }]);
    const { rows } = await load('jsonl', content, { text: 'sentence', label: 'sentiment' });
    expect(rows[0]).toMatchObject({ text: 'a', label: [0, 1] });
    expect(await fail('jsonl', content, { text: 'sentnce', label: 'sentiment' })).toContain(
      '--text sentence?',
    );
    expect(await fail('jsonl', content, { text: 'sentence', label: 'sentimnt' })).toContain(
      '--label sentiment?',
    );
    expect(await fail('jsonl', content)).toContain('--text sentence');
  });
});

describe('prompts and completions', () => {
  const move = { prompt: 'e2e4', completion: 'e7e5' };

  it('without a label are a completion task whose label is the completion', async () => {
    const labelled = await load('jsonl', jsonl([move]));
    expect(labelled.task).toBe('completion');
    expect(labelled.rows[0]).toEqual({ id: '1', group: '1', row: 1, prompt: 'e2e4', completions: ['e7e5'] });
    const stripped = await load('jsonl', jsonl([move]), {}, { labels: false });
    expect(stripped.rows[0]).toEqual({ id: '1', group: '1', row: 1, prompt: 'e2e4' });
  });

  it('with a label are a classification of both', async () => {
    const { task, rows } = await load('jsonl', jsonl([{ ...move, label: 1 }]));
    expect(task).toBe('classification');
    expect(rows[0]).toMatchObject({ prompt: 'e2e4', completions: ['e7e5'], label: [0, 1] });
    const stripped = await load('jsonl', jsonl([{ ...move, label: 1 }]), {}, { labels: false });
    expect(stripped.rows[0]?.completions).toEqual(['e7e5']);
    expect(stripped.rows[0]?.label).toBeUndefined();
  });

  it('read what label --export writes: the label is the completion', async () => {
    const { task, rows } = await load('jsonl', jsonl([{ id: 'a', prompt: 'e2e4', label: 'e7e5' }]));
    expect(task).toBe('completion');
    expect(rows[0]?.completions).toEqual(['e7e5']);
  });
});
