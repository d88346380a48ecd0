/** Answers of several tokens: learned with an end, written by generation, labelled, judged, trained on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { evaluate, finetune, label, openModel, weakToStrong } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';
import { countings, riddles, type TinyWorld, writeJsonl, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
const machine = { device: 'cpu', threads: 1 } as const;
const training = { ...machine, lr: 1e-2, batchSize: 16, epochs: 8 };
const out = join(folder, 'out');
const LONGEST = 4; // three words and the end

let world: TinyWorld;
let data: string;
let model: string;

const read = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const stepFile = (step: string, file: string) => join(out, 'steps', step, file);

beforeAll(async () => {
  world = writeTinyWorld(join(folder, 'world'));
  data = writeJsonl(join(folder, 'countings.jsonl'), countings(400, 1, 'a'));
  const trained = await finetune({ ...training, model: world.strong, data, out });
  model = stepFile(trained.step, 'model');
  const result = JSON.parse(readFileSync(stepFile(trained.step, 'result.json'), 'utf8'));
  expect(result.longestCompletion).toBe(LONGEST);
});
afterAll(cleanUp);

describe('a model that learned answers of several tokens', () => {
  test('stops by itself, and is right as often as greedy decoding by hand', async () => {
    const rows = countings(120, 2, 'b');
    const testData = writeJsonl(join(folder, 'test.jsonl'), rows);
    const { accuracy, n, step } = await evaluate({ ...machine, model, testData, out });
    expect(n).toBe(120);
    expect(accuracy).toBeGreaterThan(0.9);
    // By hand: one pass over the whole text for every token.
    await using opened = await openModel(model, machine);
    const lines = read(stepFile(step, 'predictions.jsonl'));
    for (const [i, { prompt, completion }] of rows.slice(0, 10).entries()) {
      let text = prompt ?? '';
      const words: string[] = [];
      for (let drawn = 0; drawn < LONGEST; drawn++) {
        const { argmax } = await opened.score(await opened.encode([`${text} w0`]), { readout: 'lm' });
        const [word = ''] = await opened.tokenizer.decode([[argmax[argmax.length - 1] ?? 0]], {
          special: true,
        });
        if (word === '</s>') break;
        words.push(word);
        text = `${text} ${word}`;
      }
      expect(lines[i]).toMatchObject({ label: completion, text: words.join(' ') });
    }
  });

  test('labels rows whose answers it does not see, as long as it learned', async () => {
    const unlabelled = writeJsonl(
      join(folder, 'prompts.jsonl'),
      countings(50, 3, 'c').map(({ id, prompt }) => ({ id, prompt })),
    );
    const file = join(folder, 'labels.jsonl');
    await label({ ...machine, model, data: unlabelled, export: file, out });
    const truth = countings(50, 3, 'c').map(({ completion }) => completion);
    const right = read(file).filter((line, i) => line.label === truth[i]).length;
    expect(right).toBeGreaterThan(45);
    const cut = await label({ ...machine, model, data: unlabelled, maxNewTokens: 2, out });
    const texts = read(stepFile(cut.step, 'predictions.jsonl')).map(({ text }) => String(text).split(' '));
    expect(Math.max(...texts.map((words) => words.length))).toBe(2);
    await expect(label({ ...machine, model, data: unlabelled, maxNewTokens: 32, out })).rejects.toMatchObject(
      { code: 'ERR_USAGE', message: expect.stringContaining('at most 31') },
    );
  });

  test('notes its length beside its weights, and forgets it where something else is learned', async () => {
    const config = (at: string) => JSON.parse(readFileSync(join(at, 'config.json'), 'utf8'));
    expect(config(model).w2s_longest_completion).toBe(LONGEST);
    const texts = writeJsonl(join(folder, 'texts.jsonl'), [
      { text: 'w1 w2 w3', label: 0 },
      { text: 'w4 w5', label: 1 },
    ]);
    const lm = await finetune({ ...training, epochs: 1, model, data: texts, loss: 'lm', out });
    expect(config(stepFile(lm.step, 'model')).w2s_longest_completion).toBeUndefined();
  });
});

test('a model that never saw where answers end is right where it begins with the whole answer', async () => {
  // Without an end in its training: the language model of whole texts.
  const rows = countings(400, 9, 'z');
  const texts = writeJsonl(
    join(folder, 'whole.jsonl'),
    rows.map(({ id, prompt, completion }) => ({ id, text: `${prompt} ${completion}`, label: 0 })),
  );
  const lm = await finetune({ ...training, model: world.strong, data: texts, loss: 'lm', epochs: 6, out });
  const testData = writeJsonl(join(folder, 'begins.jsonl'), countings(100, 10, 'y'));
  const { accuracy, step } = await evaluate({
    ...machine,
    model: stepFile(lm.step, 'model'),
    testData,
    out,
  });
  const opened = await openModel(stepFile(lm.step, 'model'), machine);
  const right: boolean[] = [];
  for (const { prompt, completion } of countings(100, 10, 'y')) {
    const words = String(completion).split(' ').length;
    const batch = await opened.encode([`${prompt} ${completion}`]);
    const { argmax } = await opened.score(batch);
    const wanted = batch.tokens.slice(-words);
    right.push(wanted.every((token, i) => argmax[argmax.length - words + i] === token));
  }
  await opened.dispose();
  expect(accuracy).toBe(right.filter(Boolean).length / 100);
  expect(accuracy).toBeGreaterThan(0.5);
  const lines = read(stepFile(step, 'predictions.jsonl'));
  expect(lines.map(({ text, label: truth }) => text === truth)).toEqual(right);
});

test('answers of one token get no end, and are read off as before', async () => {
  const file = writeJsonl(join(folder, 'riddles.jsonl'), riddles(200, 4, 'r'));
  const trained = await finetune({ ...training, epochs: 1, model: world.weak, data: file, out });
  const result = JSON.parse(readFileSync(stepFile(trained.step, 'result.json'), 'utf8'));
  expect(result).toMatchObject({ longestCompletion: 1, tokens: 200 * 6 });
  const folderOf = stepFile(trained.step, 'model');
  const labels = await label({ ...machine, model: folderOf, data: file, out });
  const texts = read(stepFile(labels.step, 'predictions.jsonl')).map(({ text }) => String(text));
  expect(texts.every((text) => !text.includes(' '))).toBe(true);
});

test('a student learns what a supervisor wrote, ends and all', async () => {
  const files = {
    weakData: writeJsonl(join(folder, 'w.jsonl'), countings(400, 5, 'w')),
    transferData: writeJsonl(join(folder, 't.jsonl'), countings(400, 6, 't')),
    testData: writeJsonl(join(folder, 'e.jsonl'), countings(200, 7, 'e')),
  };
  const { weak, strong } = world;
  const settings = { ...training, ...files, weak, strong, out, weakEpochs: 3, epochs: 8 };
  const document = await weakToStrong(settings);
  expect(document.ceiling.accuracy).toBeGreaterThan(0.9);
  expect(document.labels.accuracy).toBeLessThan(document.ceiling.accuracy);
  const result = JSON.parse(readFileSync(stepFile(String(document.steps.student), 'result.json'), 'utf8'));
  expect(result.longestCompletion).toBeGreaterThan(1);
});

test('an answer longer than the context, and a setting without a use, are errors', async () => {
  const [row] = countings(1, 8, 'l');
  const long = writeJsonl(join(folder, 'long.jsonl'), [
    { ...row, completion: Array.from({ length: 32 }, () => 'red').join(' ') },
  ]);
  await expect(finetune({ ...training, model: world.weak, data: long, out })).rejects.toMatchObject({
    code: 'ERR_DATA',
    message: expect.stringMatching(/"completion" in .*long\.jsonl.*l0/),
  });
  await expect(
    label({ ...machine, model: world.weak, data: world.testData, maxNewTokens: 3, out }),
  ).rejects.toMatchObject({ message: expect.stringContaining('completions for --max-new-tokens') });
});
