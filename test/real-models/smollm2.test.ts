/**
 * A pretrained model of the real world against Transformers (numbers by make.py). Runs where W2S_REAL_MODELS names a
 * folder that holds smollm2-135m: config.json, model.safetensors and tokenizer.json of SmolLM2-135M.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openTokenizer } from '../../src/data/index.js';
import type { PackedSequences } from '../../src/native/binding.js';
import { run } from '../cli/run.js';
import { openClassifier, openModel, ROOMY, relativeError, trainer } from '../native/fixtures.js';

interface Expected {
  texts: string[];
  tokens: number[][];
  labels: number[];
  logProbabilities: number[][];
  logits: number[][];
  loss: number;
  /** Norm of each gradient, and its sum with sin(i + 1). */
  gradients: Record<string, [number, number]>;
  prompts: { prompt: string; completion: string }[];
}

const expected = JSON.parse(
  readFileSync(new URL('./smollm2-135m.json', import.meta.url), 'utf8'),
) as Expected;
const folder = join(process.env.W2S_REAL_MODELS ?? '', 'smollm2-135m');
const there = process.env.W2S_REAL_MODELS !== undefined && existsSync(join(folder, 'config.json'));

function packed(sequences: readonly (readonly number[])[]): PackedSequences {
  const offsets = [0];
  for (const { length } of sequences) offsets.push((offsets[offsets.length - 1] as number) + length);
  return { tokens: Int32Array.from(sequences.flat()), offsets: Int32Array.from(offsets) };
}

/** As make.py has it: sin(j + 1 + k / 2) / √D. */
function headWeights(width: number): Float32Array {
  return Float32Array.from(
    { length: 2 * width },
    (_, i) => Math.sin((i % width) + 1 + Math.floor(i / width) / 2) / Math.sqrt(width),
  );
}

function measures(gradient: Float32Array): { norm: number; wave: number } {
  let squares = 0;
  let wave = 0;
  for (const [i, value] of gradient.entries()) {
    squares += value * value;
    wave += value * Math.sin(i + 1);
  }
  return { norm: Math.sqrt(squares), wave };
}

describe.skipIf(!there)('SmolLM2-135M', { timeout: 240_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'w2s-real-'));
  afterAll(() => rmSync(scratch, { recursive: true }));

  it('reads texts as AutoTokenizer does', async () => {
    await using tokenizer = await openTokenizer(folder);
    const { ids, offsets } = await tokenizer.encode(expected.texts, { special: true });
    const found = expected.texts.map((_, i) => [...ids.subarray(offsets[i], offsets[i + 1])]);
    expect(found).toEqual(expected.tokens);
  });

  it('gives the log-probabilities of Transformers', async () => {
    const model = await openModel(folder);
    const { logProbabilities } = await model.score(packed(expected.tokens), ROOMY);
    expect(relativeError(logProbabilities, expected.logProbabilities.flat())).toBeLessThan(1e-5);
    model.dispose();
  });

  it('gives the logits, the loss and the gradients of a classifier', async () => {
    const width = 576;
    const model = await openClassifier(folder, 2, headWeights(width));
    const run = trainer(model);
    const targets = Float32Array.from(expected.labels.flatMap((label) => [1 - label, label]));
    const { logits, loss } = await run.forwardBackward(packed(expected.tokens), { loss: 'xent', targets });
    expect(relativeError(logits, expected.logits.flat())).toBeLessThan(1e-5);
    expect(Math.abs(loss - expected.loss) / expected.loss).toBeLessThan(1e-5);
    expect(new Set(model.parameterNames())).toEqual(new Set(Object.keys(expected.gradients)));
    for (const [name, [norm, wave]] of Object.entries(expected.gradients)) {
      const found = measures(await run.gradient(name));
      expect(Math.abs(found.norm - norm) / norm, name).toBeLessThan(1e-4);
      expect(Math.abs(found.wave - wave) / norm, name).toBeLessThan(1e-4);
    }
    run.dispose();
    model.dispose();
  });

  it('goes on from prompts as Transformers does, through `evaluate`', async () => {
    const rows = expected.prompts.flatMap(({ prompt, completion }) => [
      { id: `right ${prompt}`, prompt, completion },
      { id: `wrong ${prompt}`, prompt, completion: ' giraffe' },
    ]);
    const data = join(scratch, 'prompts.jsonl');
    writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const exported = join(scratch, 'answers.jsonl');
    const { code, stdout, stderr } = await run(
      ...['evaluate', '--model', folder, '--test-data', data, '--head', 'lm', '--device', 'cpu'],
      ...['--out', join(scratch, 'results'), '--export', exported, '--json'],
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ accuracy: 0.5 });
    const answers = readFileSync(exported, 'utf8').trimEnd().split('\n');
    const labels = answers.map((line) => (JSON.parse(line) as { label: string }).label);
    expect(labels.filter((_, i) => i % 2 === 0)).toEqual(expected.prompts.map((each) => each.completion));
  });

  it('writes on behind prompts as Transformers does, through `generate`', async () => {
    for (const { prompt, completion } of expected.prompts) {
      const { code, stdout, stderr } = await run(
        ...['generate', '--model', folder, '--prompt', prompt, '--max-new-tokens', '3', '--device', 'cpu'],
        ...['--out', join(scratch, 'results'), '--json'],
      );
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ continuations: [{ text: completion }] });
    }
  });
});
