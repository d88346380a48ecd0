import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTokenizer } from '../../src/data/index.js';
import { openModel } from '../../src/index.js';
import { resolveModel } from '../../src/models/index.js';

/** Made by scripts/tiny-models/expected.py with Transformers. */
interface Expected {
  eos: number;
  parameters: number;
  ids: number[][];
  logProbabilities: number[][];
}
const { texts, models } = JSON.parse(readFileSync(join(import.meta.dirname, 'tiny-models.json'), 'utf8')) as {
  texts: string[];
  models: Record<string, Expected>;
};

const split = (values: ArrayLike<number>, offsets: Int32Array) =>
  texts.map((_, i) => Array.from(values).slice(offsets[i], offsets[i + 1]));

describe.each(Object.entries(models))('%s', (name, expected) => {
  it('is a small Llama folder that ends texts', async () => {
    const model = await resolveModel(name);
    expect(model).toMatchObject({
      builtIn: true,
      family: 'llama',
      parameters: expected.parameters,
      contextLength: 4096,
    });
    const config = JSON.parse(readFileSync(join(model.folder, 'config.json'), 'utf8'));
    expect([config.bos_token_id, config.eos_token_id, expected.eos]).toEqual([256, 256, 256]);
  });

  it('reads bytes, as in Transformers, and writes them back', async () => {
    const tokenizer = await openTokenizer((await resolveModel(name)).folder);
    const { ids, offsets } = await tokenizer.encode(texts, { special: true });
    expect(split(ids, offsets)).toEqual(expected.ids);
    expect(tokenizer.unknownId).toBeNull();
    const plain = texts.filter((text) => !text.includes('<|'));
    const again = await tokenizer.decode(plain.map((text) => [...Buffer.from(text)]));
    expect(again).toEqual(plain);
    await tokenizer.dispose();
  });

  it('gives the log-probabilities of Transformers', async () => {
    await using model = await openModel(name, { device: 'cpu' });
    const { logProbabilities, targetOffsets } = await model.score(await model.encode(texts));
    const off = split(logProbabilities, targetOffsets).flatMap((ours, i) =>
      ours.map((value, k) => Math.abs(value - (expected.logProbabilities[i]?.[k] ?? Number.NaN))),
    );
    expect(off.length).toBe(texts.reduce((sum, _, i) => sum + (expected.ids[i]?.length ?? 0) - 1, 0));
    expect(Math.max(...off)).toBeLessThan(2e-5);
  });
});
