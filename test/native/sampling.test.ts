/** Sampling: frequencies against the model's softmax, and that chance depends on seed, prompt and sample alone. */
import { afterAll, describe, expect, it } from 'vitest';
import { goldenCase, openModel } from './fixtures.js';
import { continued, distributionAfter, nucleus, surprise, tempered } from './generation.js';

const model = await openModel(goldenCase('llama-grouped').folder);
const PROMPT = [7, 30, 2, 41];
const SAMPLES = 20_000;
const before = await distributionAfter(model, PROMPT);

afterAll(() => model.dispose());

function firstTokens(options: { temperature: number; topP?: number; seed?: number }) {
  return continued(model, [PROMPT], { maxNewTokens: 1, samples: SAMPLES, ...options }).then((found) =>
    found.map(({ tokens }) => tokens[0]!),
  );
}

describe('frequencies', () => {
  it.each([1, 0.5, 3])('follow the softmax at temperature %d', async (temperature) => {
    const probabilities = tempered(before, temperature);
    for (const seed of [1, 2, 3]) {
      expect(Math.abs(surprise(await firstTokens({ temperature, seed }), probabilities))).toBeLessThan(4);
    }
    // The test can tell: the same draws against another temperature.
    expect(surprise(await firstTokens({ temperature }), tempered(before, temperature * 1.5))).toBeGreaterThan(
      4,
    );
  });

  it.each([
    [0.3, 1],
    [0.7, 1],
    [0.9, 2],
    [1e-9, 1],
  ])('stay in the nucleus of %d at temperature %d, renormalised', async (topP, temperature) => {
    const probabilities = tempered(before, temperature);
    const kept = nucleus(probabilities, topP);
    const mass = [...kept].reduce((sum, token) => sum + probabilities[token]!, 0);
    const drawn = await firstTokens({ temperature, topP, seed: 4 });
    expect(drawn.every((token) => kept.has(token))).toBe(true);
    const cut = probabilities.map((probability, token) => (kept.has(token) ? probability / mass : 0));
    if (kept.size > 1) expect(Math.abs(surprise(drawn, cut))).toBeLessThan(4);
    else expect(topP).toBe(1e-9);
  });

  it('of later tokens follow the softmax behind the earlier ones', async () => {
    const found = await continued(model, [PROMPT], {
      maxNewTokens: 2,
      samples: SAMPLES,
      temperature: 1,
      seed: 9,
    });
    const commonest = before.indexOf(Math.max(...before));
    const behind = found.filter(({ tokens }) => tokens[0] === commonest).map(({ tokens }) => tokens[1]!);
    expect(behind.length).toBeGreaterThan(1000);
    const probabilities = tempered(await distributionAfter(model, [...PROMPT, commonest]), 1);
    expect(Math.abs(surprise(behind, probabilities))).toBeLessThan(4);
  });

  it('become greedy at the smallest temperatures and even at the largest', async () => {
    const commonest = before.indexOf(Math.max(...before));
    for (const temperature of [1e-6, 5e-324]) {
      expect(new Set(await firstTokens({ temperature }))).toEqual(new Set([commonest]));
    }
    const drawn = await firstTokens({ temperature: Number.MAX_VALUE });
    expect(
      Math.abs(
        surprise(
          drawn,
          before.map(() => 1 / before.length),
        ),
      ),
    ).toBeLessThan(4);
  });
});

describe('chance', () => {
  const prompts = [[1], [2, 3, 4], [5, 6], [2, 3, 4], [7, 8, 9, 10, 11]];
  const options = { maxNewTokens: 12, temperature: 1, samples: 5, seed: 77 };
  const tokensOf = async (more: object = {}, which = prompts) =>
    (await continued(model, which, { ...options, ...more })).map(({ tokens }) => tokens);

  it('depends on seed, prompt and sample, not on micro-batches', async () => {
    const wanted = await tokensOf();
    expect(await tokensOf()).toEqual(wanted);
    for (const microBatchTokens of [1, 30, 50, 100]) {
      expect(await tokensOf({ microBatchTokens })).toEqual(wanted);
    }
    expect(await tokensOf({ seed: 78 })).not.toEqual(wanted);
    // Two samples of one prompt, and two prompts that read the same, are draws of their own.
    expect(new Set(wanted.map(String)).size).toBe(wanted.length);
  });

  it('of the first samples stays when there are more, of the first prompts when others follow', async () => {
    const wanted = await tokensOf();
    const three = await tokensOf({ samples: 3 });
    expect(three).toEqual(wanted.filter((_, i) => i % 5 < 3));
    expect(await tokensOf({}, prompts.slice(0, 2))).toEqual(wanted.slice(0, 10));
  });

  it('is the same with kernels that are deterministic, which CUDA has not for every sum', async () => {
    const wanted = await tokensOf({ topP: 0.9 });
    const strict = await openModel(goldenCase('llama-grouped').folder, { deterministic: true });
    const found = await continued(strict, prompts, { ...options, topP: 0.9 });
    expect(found.map(({ tokens }) => tokens)).toEqual(wanted);
    strict.dispose();
  });

  it('plays no part at temperature 0', async () => {
    const greedy = await tokensOf({ temperature: 0, seed: 1 });
    expect(await tokensOf({ temperature: 0, seed: 2, topP: 0.1 })).toEqual(greedy);
    expect(new Set(greedy.slice(0, 5).map(String)).size).toBe(1);
  });
});
