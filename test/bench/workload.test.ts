/** What `bench` computes on: named lists of lengths, counts, files; and the model shapes it writes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { shapeFolder } from '../../src/bench/shapes.js';
import { spreadOf } from '../../src/bench/statistics.js';
import {
  countTargets,
  lengthsOf,
  readLengths,
  scoringBatch,
  syntheticWorkload,
  trainingBatch,
} from '../../src/bench/workload.js';
import { resolveModel } from '../../src/models/index.js';
import { temporaryFolder } from '../support/results.js';

const { folder, cleanUp } = temporaryFolder();
afterAll(cleanUp);

const info = { vocabularySize: 100, contextLength: 64, atLeast: 2 };

describe('readLengths', () => {
  it('knows SciQ, with and without its paragraphs', async () => {
    const short = await readLengths('short');
    const long = await readLengths('sciq-long');
    expect(short).toHaveLength(512);
    expect(short[0]).toEqual({ shared: 21, lengths: [25, 24, 25, 22] });
    expect(long).toHaveLength(512);
    for (const [i, { shared, lengths }] of long.entries()) {
      expect(lengths).toHaveLength(4);
      // The paragraph is in front of all four alike.
      const added = shared - (short[i]?.shared ?? 0);
      expect(lengths.map((length) => length - added)).toEqual(short[i]?.lengths);
    }
  });

  it('takes counts, and files of them', async () => {
    const expected = [
      { shared: 0, lengths: [7] },
      { shared: 0, lengths: [128] },
    ];
    expect(await readLengths('7,128')).toEqual(expected);
    const file = join(folder, 'lengths');
    for (const text of ['7\n128\n', '[7, 128]', '7, 128']) {
      writeFileSync(file, text);
      expect(await readLengths(file)).toEqual(expected);
    }
  });

  it('says what it expected', async () => {
    const file = join(folder, 'bad');
    writeFileSync(file, '7 tokens');
    for (const asked of ['middling', '0', file]) {
      await expect(readLengths(asked)).rejects.toMatchObject({ code: 'ERR_USAGE', hint: expect.any(String) });
    }
  });
});

describe('batches', () => {
  const examples = [
    { shared: 3, lengths: [5, 6] },
    { shared: 0, lengths: [4] },
  ];

  it('begin alike where their lengths say so, and are the same every time', () => {
    const workload = syntheticWorkload('two', examples, info);
    const { tokens, offsets } = scoringBatch(workload, 0, 2, 'all');
    expect([...offsets]).toEqual([0, 5, 11, 15]);
    expect([...tokens.subarray(5, 8)]).toEqual([...tokens.subarray(0, 3)]);
    expect(tokens.every((token) => token >= 0 && token < 100)).toBe(true);
    expect(scoringBatch(syntheticWorkload('two', examples, info), 0, 2, 'all').tokens).toEqual(tokens);
  });

  it('take of each example one sequence to train on, and another one next time', () => {
    const workload = syntheticWorkload('two', examples, info);
    const lengths = [0, 1].map((k) => lengthsOf(trainingBatch(workload, k, 2, 'all')));
    expect(lengths).toEqual([
      [5, 4],
      [6, 4],
    ]);
  });

  it('hold no text twice, however short the list of lengths', () => {
    const { examples: drawn } = syntheticWorkload('one', [{ shared: 0, lengths: [40] }], {
      ...info,
      atLeast: 16,
    });
    const texts = drawn.map(([sequence]) => sequence?.tokens.join(' '));
    expect(new Set(texts).size).toBe(16);
  });

  it('count targets behind what is shared, or all but the first', () => {
    const workload = syntheticWorkload('two', examples, info);
    expect(countTargets(scoringBatch(workload, 0, 2, 'answers'))).toBe(2 + 3 + 3);
    expect(countTargets(scoringBatch(workload, 0, 2, 'all'))).toBe(4 + 5 + 3);
  });

  it('are cut to the context, from the left', () => {
    const { examples: cut, truncated } = syntheticWorkload('two', examples, { ...info, contextLength: 4 });
    expect(cut.map((sequences) => sequences.map(({ tokens }) => tokens.length))).toEqual([[3, 4], [4]]);
    expect(truncated).toBe(2);
  });
});

it('tells median and quartiles', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ low: 1.5, median: 2, high: 2.5 });
  expect(spreadOf([4])).toEqual({ low: 4, median: 4, high: 4 });
});

it('writes a shape once, with weights that are the same on every machine', async () => {
  const parent = join(folder, 'shapes');
  const written = await shapeFolder('llama-23m', parent);
  const found = await resolveModel(written);
  expect(found).toMatchObject({ family: 'llama', parameters: 22_909_824, contextLength: 1024 });
  expect(await shapeFolder('llama-23m', parent)).toBe(written);
  expect(found.contentHash).toMatchInlineSnapshot(
    `"ecea7d5e9f4ff3e08299ab033fe7fc65c1ebc295886a60970f9c0299d66e6070"`,
  );
});
