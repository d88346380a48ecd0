/** `generate`, as a command and as a call: what is written behind prompts, where it goes, what is refused. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { finetune, type GenerateDocument, generate } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';
import { balancedSentences, countings, writeJsonl, writeTinyModel } from '../support/tinyWorld.js';
import { run } from './run.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
const out = join(folder, 'out');
const machine = { device: 'cpu', threads: 1, out } as const;
let model: string;
let data: string;

beforeAll(() => {
  model = writeTinyModel(join(folder, 'model'), { hidden: 8, layers: 1, seed: 1 });
  data = writeJsonl(
    join(folder, 'prompts.jsonl'),
    countings(4, 1, 'p').map(({ id, prompt }) => ({ id, prompt })),
  );
});
afterAll(cleanUp);

const words = (...more: string[]) => [
  'generate',
  ...['--model', model, '--device', 'cpu', '--threads', '1', '--out', out],
  ...more,
];

describe('generate', () => {
  test('prints the texts behind one prompt and nothing else', async () => {
    const ran = await run(...words('--prompt', 'w1 w2', '--max-new-tokens', '5'));
    expect(ran.code, ran.stderr).toBe(0);
    const [text = '', ...rest] = ran.stdout.trimEnd().split('\n');
    expect(rest).toEqual([]);
    expect(text.split(' ').length).toBeLessThanOrEqual(5);
    const drawn = await run(...words('--prompt', 'w1 w2', '--n', '3', '--max-new-tokens', '5'));
    const texts = drawn.stdout.trimEnd().split('\n');
    expect(new Set(texts).size).toBe(3);
    const again = await run(...words('--prompt', 'w1 w2', '--n', '3', '--max-new-tokens', '5'));
    expect(again.stdout).toBe(drawn.stdout);
    expect(again.stderr).not.toContain('writing:');
  });

  test('continues every row of a file, into a file that a model can learn from', async () => {
    const file = join(folder, 'texts.jsonl');
    const ran = await run(...words('--data', data, '--n', '2', '--max-new-tokens', '3', '--export', file));
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('Continued 4 prompts, 8 texts:');
    const rows = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ id }) => id)).toEqual(
      ['p0', 'p1', 'p2', 'p3'].flatMap((id) => [`${id}#0`, `${id}#1`]),
    );
    expect(rows[2]).toMatchObject({ group: 'p1', prompt: countings(4, 1, 'p')[1]?.prompt });
    const trained = await finetune({ ...machine, model, data: file, epochs: 1, batchSize: 4 });
    expect(trained.n).toBe(8);
  });

  test('gives the document; draws depend on seed, prompt and number alone', async () => {
    const drawn = { ...machine, model, data, n: 4, temperature: 0.8, topP: 0.9, maxNewTokens: 6, seed: 3 };
    const document = await generate(drawn);
    expect(document).toMatchObject({ schema: 'w2s-native/generate@1', n: 4, config: { n: 4, topP: 0.9 } });
    expect(document.continuations).toHaveLength(16);
    for (const { text, logProbability } of document.continuations) {
      expect(logProbability).toBeLessThanOrEqual(0);
      expect(text.split(' ').length).toBeLessThanOrEqual(6);
    }
    const fewer = await generate({ ...drawn, n: 2, microBatchTokens: 8 });
    const textsOf = ({ continuations }: GenerateDocument) => continuations.map(({ text }) => text);
    expect(textsOf(fewer)).toEqual(textsOf(document).filter((_, i) => i % 4 < 2));
    expect(textsOf(await generate({ ...drawn, seed: 4 }))).not.toEqual(textsOf(document));
  });

  test('reads texts of any data as prompts, without their labels', async () => {
    const texts = writeJsonl(join(folder, 'texts-labelled.jsonl'), balancedSentences(4, 2, 't'));
    const { continuations } = await generate({ ...machine, model, data: texts, maxNewTokens: 2 });
    expect(continuations).toHaveLength(4);
    const answered = writeJsonl(join(folder, 'answered.jsonl'), countings(4, 1, 'p'));
    const bare = await generate({ ...machine, model, data, maxNewTokens: 2 });
    const full = await generate({ ...machine, model, data: answered, maxNewTokens: 2 });
    expect(full.continuations).toEqual(bare.continuations);
    // Of preferences the prompt alone; its continuations are candidates for a reward model.
    const preferences = writeJsonl(
      join(folder, 'preferences.jsonl'),
      countings(4, 1, 'p').map(({ id, prompt }) => ({ id, prompt, chosen: 'red', rejected: 'blue' })),
    );
    const candidates = await generate({
      ...machine,
      ...{ model, data: preferences, dataset: 'pairs', maxNewTokens: 2 },
    });
    expect(candidates.continuations.map(({ text }) => text)).toEqual(
      bare.continuations.map(({ text }) => text),
    );
  });

  test('puts prompts into a template, and stops when it is told to', async () => {
    const settings = { ...machine, model, maxNewTokens: 4, n: 3 };
    const inPlace = await generate({ ...settings, prompt: 'w1 w2 w3' });
    const made = await generate({ ...settings, prompt: 'w2', template: 'w1 {text} w3' });
    expect(made.continuations).toEqual(inPlace.continuations);
    const signal = AbortSignal.abort();
    await expect(generate({ ...settings, prompt: 'w9' }, { signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});

test.each<[string[], string]>([
  [[], 'Expected --prompt or --data'],
  [['--prompt', 'w1', '--data', 'x.jsonl'], 'one of --prompt and --data'],
  [['--prompt', 'w1', '--n', '2', '--temperature', '0'], 'a temperature above 0 for 2'],
  [['--prompt', 'w1', '--top-p', '0.5'], 'a temperature above 0 with --top-p'],
  [['--prompt', 'w1', '--temperature', '1', '--top-p', '0'], 'above 0, up to 1, for --top-p'],
  [['--prompt', 'w1', '--top-p', '2'], 'a number from 0 to 1 for --top-p'],
  [['--prompt', 'w1', '--temperature', '-1'], 'a number from 0'],
  [['--prompt', 'w1', '--max-new-tokens', '32'], 'at most 31 for --max-new-tokens'],
  [['--prompt', 'w1', '--template', 'no place'], '{text} once for --template'],
  [['--prompt', 'w1', '--export', 'texts.txt'], 'ends in .jsonl or .parquet'],
  [['--prompt', ''], 'a value for --prompt'],
  [['--prompt', ' '], 'a text for --prompt'],
])('%j is refused', async (flags, message) => {
  const ran = await run(...words(...flags));
  expect(ran.stderr).toContain(message);
  expect(ran.code).toBe(2);
  expect(ran.stdout).toBe('');
});
