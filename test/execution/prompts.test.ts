import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadShots } from '../../src/data/shots.js';
import type { EvaluateSpec } from '../../src/experiments/plan.js';
import { evaluate, finetune, label, openModel, type TrainDocument, weakToStrong } from '../../src/index.js';
import { openStore, type Prediction } from '../../src/store/index.js';
import { plannedSteps, predictionsOf, readRows, temporaryFolder } from '../support/results.js';
import { riddles, type TinyWorld, tinySettings, writeJsonl, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
/** One store for all: supervisor and labels are the same everywhere, and trained once. */
const out = join(folder, 'store');
let world: TinyWorld;
beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
});
afterAll(cleanUp);

/** Runs an experiment into the one store. */
const run = (settings: Parameters<typeof weakToStrong>[0]): Promise<TrainDocument> =>
  weakToStrong({ ...settings, out });

/** log p of the answers after a text, under the language model alone. */
async function answerLogProbabilities(
  texts: readonly string[],
  answers: readonly string[],
): Promise<number[][]> {
  await using model = await openModel(world.strong, { device: 'cpu', threads: 1 });
  const lines: number[][] = [];
  for (const text of texts) {
    const packed = await model.tokenizer.encode(
      answers.map((answer) => `${text} ${answer}`),
      { special: true },
    );
    const starts = Int32Array.from(
      answers,
      (_, i) => (packed.offsets[i + 1] ?? 0) - (packed.offsets[i] ?? 0) - 1,
    );
    const scored = await model.score({ tokens: packed.ids, offsets: packed.offsets, targetStarts: starts });
    lines.push([...scored.logProbabilities]);
  }
  return lines;
}

describe('answer tokens', () => {
  const asked = { head: 'tokens', template: '{text}', answers: 'red,green' } as const;
  const machine = { device: 'cpu', threads: 1 } as const;

  test.each(['restricted', 'full'] as const)(
    'give the next-token logits of the answers: %s',
    async (vocabulary) => {
      const { step } = await evaluate({
        ...machine,
        ...asked,
        answerVocabulary: vocabulary,
        model: world.strong,
        testData: world.testData,
        out,
      });
      const lines = ((await openStore(out).readPredictions(step)) as Prediction[]).slice(0, 4);
      const texts = new Map(readRows(world.testData).map((row) => [row.id, row.text ?? '']));
      const wanted = await answerLogProbabilities(
        lines.map(({ id }) => texts.get(id) ?? ''),
        ['red', 'green'],
      );
      lines.forEach(({ logits = [] }, i) => {
        const [red = 0, green = 0] = wanted[i] ?? [];
        if (vocabulary === 'full') expect(logits[0]).toBeCloseTo(red, 4);
        expect((logits[1] ?? 0) - (logits[0] ?? 0)).toBeCloseTo(green - red, 4);
      });
    },
  );

  test('are trained, labelled and tested, and stand beside their zero-shot accuracy', async () => {
    const document = await run({ ...tinySettings(world, out), ...asked });
    expect(document.ceiling.accuracy).toBeGreaterThan(0.8);
    expect(document.zeroShot?.accuracy).toBeGreaterThan(0.2);
    expect(document.zeroShot?.accuracy).toBeLessThan(0.8);
    const full = await finetune({
      ...machine,
      ...asked,
      answerVocabulary: 'full',
      model: world.strong,
      data: world.weakData,
      lr: 1e-2,
      batchSize: 16,
      epochs: 2,
      out,
    });
    const model = join(out, 'steps', full.step, 'model');
    const scored = await evaluate({ ...machine, ...asked, model, testData: world.testData, out });
    expect(scored.accuracy).toBeGreaterThan(0.7);
  });

  test('label rows that nobody has labelled, by the names of the answers', async () => {
    const texts = readRows(world.transferData).slice(0, 3);
    const data = writeJsonl(
      join(folder, 'unlabelled.jsonl'),
      texts.map(({ id, text }) => ({ id, text })),
    );
    const file = join(folder, 'labels.jsonl');
    const { n } = await label({ ...machine, ...asked, model: world.strong, data, out, export: file });
    expect(n).toBe(3);
    const wanted = await answerLogProbabilities(
      texts.map(({ text }) => text ?? ''),
      ['red', 'green'],
    );
    readRows(file).forEach((row, i) => {
      const [red = 0, green = 0] = wanted[i] ?? [];
      expect((row.label as number[])[0]).toBeCloseTo(1 / (1 + Math.exp(green - red)), 4);
    });
  });

  test('must be one token each, each its own', async () => {
    const settings = {
      ...machine,
      ...asked,
      model: world.strong,
      testData: world.testData,
      out: join(folder, 'bad'),
    };
    await expect(evaluate({ ...settings, answers: 'red,red' })).rejects.toThrow(
      'Expected one token of its own for the answer "red" of --head tokens but received that of the answer "red"',
    );
    await expect(evaluate({ ...settings, answers: 'red,w1 w2' })).rejects.toThrow(
      'for the answer "w1 w2" of --head tokens but received none',
    );
  });
});

/** Ids of the examples that the ceiling of an experiment was shown, in their order. */
async function loadedShots(store: string, document: TrainDocument): Promise<{ ids: string[] }> {
  const [last] = (await openStore(store).readRuns()).slice(-1);
  const steps = last?.record.plan as { hash: string; spec: EvaluateSpec }[];
  const { reading } = steps.find(({ hash }) => hash === document.steps.ceilingTest)?.spec ?? {};
  if (!reading?.shots) throw new Error('no examples');
  const { data, count, seed } = reading.shots;
  const [sha256 = ''] = Object.values(data.dataset.files);
  const locations = { [sha256]: document.config.transferData as string };
  const { rows } = await loadShots(data, reading.task, locations, { count, seed, labels: false });
  return { ids: rows.map(({ id }) => id) };
}

describe('a prompt', () => {
  test('shows the student weak labels and the ceiling true ones, and trains neither', async () => {
    const document = await run({
      ...tinySettings(world, out),
      strongMethod: 'prompt',
      strongTemplate: '{text}',
      strongAnswers: 'red,green',
      shots: 3,
    });
    expect([...plannedSteps(out).keys()]).toEqual([
      'weak',
      'weakTest',
      'labels',
      'labelsGrade',
      'studentTest',
      'ceilingTest',
      'zeroShot',
    ]);
    expect(document.steps.student).toBe(document.steps.studentTest);
    // A random model says something of each, whatever it is.
    expect(document.student.n).toBe(400);
    expect(document.zeroShot).not.toBeNull();
    const result = (await openStore(out).readResult(document.steps.studentTest ?? '')) as Record<
      string,
      unknown
    >;
    // Three examples of five words and an answer, and the text: 24 tokens of 32.
    expect(result).not.toHaveProperty('fewerShots');
    const five = await run({
      ...tinySettings(world, out),
      strongMethod: 'prompt',
      strongTemplate: '{text}',
      strongAnswers: 'red,green',
      shots: 5,
    });
    const short = (await openStore(out).readResult(five.steps.studentTest ?? '')) as Record<string, unknown>;
    expect(short).toMatchObject({ fewerShots: 400, truncated: 0 });
  });

  test('of completions shows them, and takes the answer that the language model gives next', async () => {
    const files = ['a', 'b', 'c'].map((name, i) =>
      writeJsonl(join(folder, `riddles-${name}.jsonl`), riddles(48, i, name)),
    );
    const [weakData, transferData, testData] = files as [string, string, string];
    const document = await run({
      ...tinySettings(world, out),
      ...{ weakData, transferData, testData },
      strongMethod: 'prompt',
      shots: 2,
    });
    const [line] = await predictionsOf(out, document, 'ceilingTest');
    const truth = new Map(readRows(transferData).map((row) => [row.id, row]));
    const { ids: drawn } = await loadedShots(out, document);
    const shown = drawn.map((id) => `${truth.get(id)?.prompt} ${truth.get(id)?.completion}`);
    const question = readRows(testData).find((row) => row.id === line?.id);
    await using model = await openModel(world.strong, { device: 'cpu', threads: 1 });
    const { ids, offsets } = await model.tokenizer.encode([[...shown, question?.prompt, 'red'].join(' ')], {
      special: true,
    });
    const last = Int32Array.of(ids.length - 1);
    const { argmax } = await model.score({ tokens: ids, offsets, targetStarts: last });
    expect(await model.tokenizer.decode([[argmax[0] ?? 0]], { special: true })).toEqual([line?.text]);
  });

  test('without examples student, ceiling and zero-shot are one', async () => {
    const document = await run({
      ...tinySettings(world, out),
      strongMethod: 'prompt',
      strongTemplate: '{text}',
      strongAnswers: 'red,green',
      shots: 0,
    });
    expect(document.student.accuracy).toBe(document.ceiling.accuracy);
    expect(document.student.accuracy).toBe(document.zeroShot?.accuracy);
  });
});
