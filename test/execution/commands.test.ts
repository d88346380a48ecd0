/** Single steps and the kinds of task, end to end on the tiny world. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  createTrainer,
  defineLoss,
  evaluate,
  finetune,
  label,
  openModel,
  weakToStrong,
  writeReport,
} from '../../src/index.js';
import { readRows } from '../support/results.js';
import { temporaryWorld } from '../support/temporaryWorld.js';
import { pairs, riddles, tinySettings, writeJsonl } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, world } = temporaryWorld();

const machine = { device: 'cpu', threads: 1 } as const;
const training = { ...machine, lr: 1e-2, batchSize: 16, epochs: 3 };
const read = readRows<Record<string, unknown>>;

describe('finetune, label, evaluate', () => {
  test('finetune writes exactly one step folder, whose model the others take', async () => {
    const out = join(folder, 'single');
    const trained = await finetune({ ...training, model: world.strong, data: world.weakData, out });
    expect(trained).toMatchObject({ schema: 'w2s-native/finetune@1', n: 400, model: world.strong });
    expect(readdirSync(join(out, 'steps'))).toEqual([trained.step]);
    const model = join(out, 'steps', trained.step, 'model');
    expect(readdirSync(model).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    const metrics = read(join(out, 'steps', trained.step, 'metrics.jsonl'));
    expect(metrics).toHaveLength(75);
    expect(metrics[0]).toMatchObject({ step: 0, loss: expect.closeTo(Math.log(2), 6), examples: 16 });

    const scored = await evaluate({ ...machine, model, testData: world.testData, out });
    expect(scored).toMatchObject({ schema: 'w2s-native/evaluate@1', n: 400 });
    expect(scored.accuracy).toBeGreaterThan(0.8);
    expect(scored.auroc).toBeGreaterThan(0.85);
    expect(scored.ci95[0]).toBeLessThan(scored.accuracy);

    const file = join(folder, 'labels.jsonl');
    await label({ ...machine, model, data: world.transferData, out, export: file });
    const rows = read(file);
    expect(rows.map(({ id }) => id)).toEqual(read(world.transferData).map(({ id }) => id));
    expect(rows[0]).toMatchObject({
      text: expect.any(String),
      logits: [expect.any(Number), expect.any(Number)],
    });
    expect(rows[0]?.label).toEqual(rows[0]?.probabilities);
    // What label writes, finetune takes.
    const student = await finetune({ ...training, model: world.strong, data: file, out });
    expect(student.n).toBe(400);
  });

  test('an unembedding head starts from the rows of the answers', async () => {
    const out = join(folder, 'unembedding');
    const { step } = await finetune({
      ...training,
      model: world.strong,
      data: world.weakData,
      out,
      head: 'unembedding',
    });
    const [first] = read(join(out, 'steps', step, 'metrics.jsonl'));
    expect(Math.abs((first?.loss as number) - Math.log(2))).toBeGreaterThan(1e-3);
  });

  test('lm trains on any text', async () => {
    const out = join(folder, 'lm');
    const { step } = await finetune({
      ...training,
      model: world.strong,
      data: world.weakData,
      out,
      loss: 'lm',
    });
    const metrics = read(join(out, 'steps', step, 'metrics.jsonl'));
    expect(metrics.at(-1)?.loss).toBeLessThan(metrics[0]?.loss as number);
  });
});

describe('completions', () => {
  const files = (make: typeof riddles) => ({
    weakData: writeJsonl(join(folder, 'ra.jsonl'), make(400, 1, 'a')),
    transferData: writeJsonl(join(folder, 'rb.jsonl'), make(400, 2, 'b')),
    testData: writeJsonl(join(folder, 'rc.jsonl'), make(400, 3, 'c')),
  });

  test('weak labels are the supervisor’s words, accuracy is exact match, zero-shot stands beside', async () => {
    const out = join(folder, 'riddles');
    const settings = { ...tinySettings(world, out), ...files(riddles), weakEpochs: 3, weakLr: 1e-2 };
    const document = await weakToStrong(settings);
    expect(document.ceiling.accuracy).toBeGreaterThan(0.9);
    expect(document.weak.accuracy).toBeLessThan(document.ceiling.accuracy - 0.1);
    expect(document.zeroShot?.accuracy).toBeLessThan(0.2);
    expect(document.weak.auroc).toBeNull();
    const [line] = read(join(out, 'steps', document.steps.labels ?? '', 'predictions.jsonl'));
    expect(line).toEqual({ id: 'b0', split: 'transfer', text: expect.any(String) });
  });

  test('confidence is refused', async () => {
    const settings = { ...tinySettings(world, join(folder, 'refused')), ...files(riddles) };
    await expect(weakToStrong({ ...settings, loss: 'confidence' })).rejects.toMatchObject({ exitCode: 2 });
  });
});

test('a likelihood head reads the language model, calibrated before training', async () => {
  const out = join(folder, 'likelihood');
  const write = (name: string, seed: number) =>
    writeJsonl(join(folder, `${name}.jsonl`), pairs(600, seed, name));
  const data = { weakData: write('pa', 1), transferData: write('pb', 2), testData: write('pc', 3) };
  const document = await weakToStrong({
    ...tinySettings(world, out),
    ...data,
    head: 'likelihood',
    keepModels: true,
  });
  expect(document.zeroShot?.accuracy).toBeGreaterThan(0.4);
  expect(document.ceiling.accuracy).toBeGreaterThan(0.75);
  const lines = read(join(out, 'steps', document.perSeed[0]?.steps.zeroShot ?? '', 'predictions.jsonl'));
  const positive = lines.filter(({ logits }) => ((logits as number[])[1] ?? 0) > 0).length;
  expect(positive / lines.length).toBeGreaterThan(0.35);
  expect(positive / lines.length).toBeLessThan(0.65);
});

test('the low level: score, encode, train by hand, dispose', async () => {
  const model = await openModel(world.strong, { head: 'classifier', labels: 2, ...machine });
  const batch = await model.encode(['w1 w2 w3', 'w20 w21']);
  expect((await model.score(batch)).logits).toEqual(new Float32Array(4));
  const trainer = createTrainer(model);
  const logits = await trainer.forward(batch);
  await trainer.backward(logits.map((_, i) => (i % 2 === 0 ? 0.5 : -0.5)));
  expect((await trainer.step({ lr: 1e-2, headLr: 1e-2 })).gradNorm).toBeGreaterThan(0);
  expect((await model.score(batch)).logits[1]).toBeGreaterThan(0);
  await expect(model.score(batch, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ERR_ABORTED',
  });
  trainer.dispose();
  await model.dispose();
  await expect(model.score(batch)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
});

test('the low level: continue texts', async () => {
  const model = await openModel(world.strong, machine);
  const prompts = await model.encode(['w1 w2 w3', 'w20 w21']);
  const greedy = await model.generate(prompts, { maxNewTokens: 3 });
  expect(greedy.tokens.length).toBe(6);
  const stopTokens = [greedy.tokens[0]!];
  expect((await model.generate(prompts, { maxNewTokens: 3, stopTokens })).offsets[1]).toBe(0);
  const drawn = { maxNewTokens: 3, samples: 4, temperature: 1, topP: 0.9, seed: 3, microBatchTokens: 1 };
  const seen: number[] = [];
  const found = await model.generate(prompts, { ...drawn, onProgress: (done) => seen.push(done) });
  expect(found.stopped.length).toBe(8);
  expect(seen[seen.length - 1]).toBe(8);
  await expect(model.generate(prompts, { ...drawn, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ERR_ABORTED',
  });
  await model.dispose();
  await expect(model.generate(prompts, drawn)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
});

test('a run from the store opens neither addon nor tokenizer nor data, and keeps its document', async () => {
  const settings = tinySettings(world, join(folder, 'again'));
  const first = await weakToStrong(settings);
  const events: string[] = [];
  const second = await weakToStrong(settings, { onEvent: ({ type }) => events.push(type) });
  expect(second).toEqual(first);
  expect(events).toEqual(['plan', 'run-written']);
  expect(existsSync(join(folder, 'again', 'runs'))).toBe(true);
});

test('a model without a head labels nothing, and a loss over classes learns no completions', async () => {
  const out = join(folder, 'none');
  const unlabelled = writeJsonl(join(folder, 'unlabelled.jsonl'), [{ id: 'a', text: 'w1 w2' }]);
  await expect(label({ ...machine, model: world.weak, data: unlabelled, out })).rejects.toMatchObject({
    exitCode: 2,
    hint: expect.stringContaining('w2s-native finetune --model'),
  });
  const data = writeJsonl(join(folder, 'riddles.jsonl'), riddles(20, 1, 'x'));
  const loss = defineLoss({
    name: 'nothing',
    params: z.object({}),
    apply: ({ logits }) => ({ loss: 0, dLogits: new Float32Array(logits.length) }),
  });
  await expect(finetune({ ...training, model: world.weak, data, out }, { loss })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('the loss nothing'),
  });
});

test('the page of a run is drawn from Node, and not twice', async () => {
  const document = await weakToStrong(tinySettings(world, join(folder, 'again')));
  const page = await writeReport(document);
  expect(page.startsWith(join(folder, 'again', 'reports'))).toBe(true);
  expect(readFileSync(page, 'utf8')).toContain(`${(document.student.accuracy * 100).toFixed(1)}`);
  const drawnAt = statSync(page).mtimeMs;
  expect(await writeReport(document)).toBe(page);
  expect(statSync(page).mtimeMs).toBe(drawnAt);
});

test('a bad row in the last file is told before anything is trained', async () => {
  const out = join(folder, 'bad-row');
  const rows = riddles(40, 1, 'x').map((row, i) => (i === 30 ? { ...row, completion: '' } : row));
  const good = { weakData: writeJsonl(join(folder, 'g.jsonl'), riddles(40, 2, 'y')) };
  const testData = writeJsonl(join(folder, 'bad.jsonl'), rows);
  const settings = { ...tinySettings(world, out), ...good, transferData: good.weakData, testData };
  await expect(weakToStrong(settings)).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/bad\.jsonl.*31/),
  });
  expect(existsSync(join(out, 'steps'))).toBe(false);
});
