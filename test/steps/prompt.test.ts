/** What a model is shown: templates and few-shot prompts, to the character. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTokenizer, type Tokenizer } from '../../src/data/index.js';
import { chooseShots, loadShots } from '../../src/data/shots.js';
import type { Example, SplitSpec } from '../../src/data/types.js';
import type { LabelSpec, ReadingSpec } from '../../src/experiments/plan.js';
import type { StepContext } from '../../src/steps/context.js';
import type { OpenedModel } from '../../src/steps/openModel.js';
import { templated, withShots } from '../../src/steps/prompt.js';
import { openStore } from '../../src/store/index.js';
import { errorOf, jsonl, temporaryFolder } from '../data/support.js';
import { writeTinyModel } from '../support/tinyWorld.js';

const { folder, write } = temporaryFolder();
const SHA = 'f'.repeat(64);
const RIDDLES = 'e'.repeat(64);
const WEAK = '0123456789abcdef';
const FILTERED = '1123456789abcdef';
const WEIGHED = '2123456789abcdef';

const rows = [
  { id: 'a', text: 'w1 w2', label: 0 },
  { id: 'b', text: 'w3', label: 1 },
  { id: 'c', text: 'w4', label: 0 },
  { id: 'd', text: 'w5 w6', label: 1 },
];
const riddles = [
  { id: 'r', prompt: 'w1 w2', completion: 'red' },
  { id: 's', prompt: 'w3', completion: 'green' },
];

let tokenizer: Tokenizer;
let context: StepContext;
beforeAll(async () => {
  tokenizer = await openTokenizer(writeTinyModel(join(folder, 'model'), { hidden: 8, layers: 1, seed: 1 }));
  const store = openStore(join(folder, 'store'));
  // The weak labels turn every class around; the confidence of 'a' is a tie, which goes to the first class.
  const logits = { a: [0, 0], b: [2, -1], c: [-1, 3], d: [0.5, 0.4] };
  await store.writePredictions(
    WEAK,
    Object.entries(logits).map(([id, two]) => ({ id, split: 'transfer', logits: two })),
  );
  const certain = (id: string) => ({ id, split: 'transfer', logits: [2, 0] });
  await store.writePredictions(FILTERED, [
    { ...certain('a'), keep: false },
    certain('b'),
    { ...certain('c'), keep: false },
    certain('d'),
  ]);
  await store.writePredictions(
    WEIGHED,
    rows.map(({ id }) => ({ ...certain(id), weight: id === 'a' ? 2 : 1 })),
  );
  const locations = {
    [SHA]: write('rows.jsonl', jsonl(rows)),
    [RIDDLES]: write('riddles.jsonl', jsonl(riddles)),
  };
  context = { store, locations } as unknown as StepContext;
});
afterAll(() => tokenizer.dispose());

const part = (sha256: string): SplitSpec => ({
  dataset: {
    format: 'columns',
    columns: {},
    classes: sha256 === SHA ? ['0', '1'] : [],
    files: { train: sha256 },
  },
  part: 'all-train',
  seed: 0,
  dataSeed: 0,
  trainSize: null,
  testSize: null,
});

function reading(count: number, labels: LabelSpec, extra: Partial<ReadingSpec> = {}): ReadingSpec {
  return {
    task: 'classification',
    head: { kind: 'tokens', answers: ['No', 'Yes'], vocabulary: 'restricted' },
    dtype: 'f32',
    maxContext: null,
    template: 'Text: {text}\nAnswer:',
    shots: { count, data: part(SHA), labels, seed: 3 },
    ...extra,
  };
}

const asked: Example[] = [{ id: 'q', group: 'q', row: 1, text: 'w7 $& w8' }];
const opened = (contextLength: number) => ({ tokenizer, contextLength }) as unknown as OpenedModel;
const ask = async (spec: ReadingSpec, contextLength = 100, of: readonly Example[] = asked, room = 0) => {
  const file = join(folder, 'asked.jsonl');
  const found = await withShots(context, opened(contextLength), spec, { rows: of, classes: [], file }, room);
  return { fewer: found.fewer, texts: found.rows.rows.map((row) => row.text ?? row.prompt) };
};

describe('a template', () => {
  it('takes the text, whatever characters it has', () => {
    const [row] = templated(asked, reading(0, { from: 'data' }));
    expect(row?.text).toBe('Text: w7 $& w8\nAnswer:');
  });

  it('takes prompt and completion of a class as one text, and of a completion the prompt alone', () => {
    const both = { id: 'x', group: 'x', row: 1, prompt: 'Is it', completions: ['so?'] };
    expect(templated([both], reading(0, { from: 'data' }))[0]).toEqual({
      id: 'x',
      group: 'x',
      row: 1,
      text: 'Text: Is it so?\nAnswer:',
    });
    const task = { task: 'completion', template: 'Q: {text}\nA:' } as const;
    expect(templated([both], reading(0, { from: 'data' }, task))[0]).toEqual({
      ...both,
      prompt: 'Q: Is it\nA:',
    });
  });
});

describe('a few-shot prompt', () => {
  it('shows true labels to the ceiling and hardened weak ones to the student, of the same rows', async () => {
    const truth = await ask(reading(4, { from: 'data' }));
    const weak = await ask(reading(4, { from: 'step', step: WEAK }));
    const drawn = await loadShots(part(SHA), 'classification', context.locations, {
      count: 4,
      seed: 3,
      labels: false,
    });
    const order = drawn.rows.map(({ id }) => id);
    expect([...order].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(drawn.rows.every((row) => row.label === undefined)).toBe(true);
    const prompt = (answers: Record<string, string>) =>
      [
        ...order.map((id) => `Text: ${rows.find((row) => row.id === id)?.text}\nAnswer: ${answers[id]}`),
        'Text: w7 $& w8\nAnswer:',
      ].join('\n\n');
    expect(truth.texts).toEqual([prompt({ a: 'No', b: 'Yes', c: 'No', d: 'Yes' })]);
    expect(weak.texts).toEqual([prompt({ a: 'No', b: 'No', c: 'Yes', d: 'No' })]);
  });

  it('draws by the seed, and shows a row nothing of itself', async () => {
    const first = await ask(reading(2, { from: 'data' }));
    expect(await ask(reading(2, { from: 'data' }))).toEqual(first);
    const self: Example[] = [{ id: 'a', group: 'a', row: 1, text: 'w1 w2' }];
    const [own] = (await ask(reading(4, { from: 'data' }), 100, self)).texts;
    expect(own?.split('\n\n')).toHaveLength(4);
    expect(own?.match(/w1 w2/g)).toHaveLength(1);
  });

  it('loses examples from its beginning where the context is short, and counts such rows', async () => {
    const whole = await ask(reading(4, { from: 'data' }));
    const blocks = whole.texts[0]?.split('\n\n') ?? [];
    const { ids } = await tokenizer.encode([blocks.slice(2).join('\n\n')], { special: true });
    const short = await ask(reading(4, { from: 'data' }), ids.length);
    expect(short).toEqual({ fewer: 1, texts: [blocks.slice(2).join('\n\n')] });
    // What a written answer needs is kept free.
    expect(await ask(reading(4, { from: 'data' }), ids.length + 7, asked, 7)).toEqual(short);
    const error = await errorOf(ask(reading(4, { from: 'data' }), 6));
    expect(error.code).toBe('ERR_DATA');
    expect(error.message).toMatch(
      /room for one example of --shots beside the text in .*asked\.jsonl, line 1 \(id q\)/,
    );
    expect(error.hint).toContain('--shots 0');
  });

  it('shows prompts with their completions', async () => {
    const shots = { count: 2, data: part(RIDDLES), labels: { from: 'data' }, seed: 0 } as const;
    const spec: ReadingSpec = {
      task: 'completion',
      head: { kind: 'lm' },
      dtype: 'f32',
      maxContext: null,
      shots,
    };
    const [text] = (await ask(spec, 100, [{ id: 'q', group: 'q', row: 1, prompt: 'w9' }])).texts;
    expect(['w1 w2 red\n\nw3 green\n\nw9', 'w3 green\n\nw1 w2 red\n\nw9']).toContain(text);
  });

  it('shows no row that a relabelling left out, and takes none for more than another', async () => {
    const [text = ''] = (await ask(reading(2, { from: 'step', step: FILTERED }))).texts;
    const shown = text.split('\n\n').slice(0, -1);
    expect(shown.sort()).toEqual(['Text: w3\nAnswer: No', 'Text: w5 w6\nAnswer: No']);
    const error = await errorOf(ask(reading(3, { from: 'step', step: FILTERED })));
    expect(error.hint).toBe('Show fewer: --shots 2');
    const weighed = await errorOf(ask(reading(2, { from: 'step', step: WEIGHED })));
    expect(weighed.code).toBe('ERR_USAGE');
    expect(weighed.message).toContain('Expected labels that count alike for --method prompt');
  });

  it('asks for no more rows than there are', async () => {
    const error = await errorOf(ask(reading(5, { from: 'data' })));
    expect(error.message).toContain('Expected 5 rows of groups of their own for --shots');
    expect(error.hint).toBe('Show fewer: --shots 4');
  });
});

describe('the choice of examples', () => {
  const row = (id: string, group: string, label: number): Example => ({
    id,
    group,
    row: 1,
    label: label === 1 ? [0, 1] : [1, 0],
  });

  it('balances classes, parts no group twice, and keeps the order', () => {
    const many = [
      row('a', 'a', 0),
      row('b', 'b', 0),
      row('c', 'c', 0),
      row('d', 'd', 1),
      row('e', 'd', 1),
      row('f', 'f', 1),
    ];
    expect(chooseShots(many, 4).map(({ id }) => id)).toEqual(['a', 'b', 'd', 'f']);
    expect(chooseShots(many, 5).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'f']);
    expect(chooseShots(many, 9)).toHaveLength(5);
  });
});
