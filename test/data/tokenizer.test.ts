import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { encodeExamples, openTokenizer } from '../../src/data/index.js';
import { holdOf } from '../support/eventLoop.js';
import { errorOf, temporaryFolder } from './support.js';

const { write, folder } = temporaryFolder();

const WORDS = ['<unk>', '<s>', '</s>', 'a', 'b', 'c', 'd', 'e'];

/** A word-level tokenizer with a beginning-of-sequence token, as the built-in world has one. */
const wordLevel = (changes: Record<string, unknown> = {}) => ({
  version: '1.0',
  truncation: { direction: 'Right', max_length: 2, strategy: 'LongestFirst', stride: 0 },
  padding: null,
  added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: null,
  pre_tokenizer: { type: 'WhitespaceSplit' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
  },
  decoder: null,
  model: {
    type: 'WordLevel',
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    unk_token: '<unk>',
  },
  ...changes,
});

let folders = 0;
async function open(json: unknown = wordLevel(), config?: unknown) {
  const name = `tokenizer-${folders++}`;
  const file = write(`${name}/tokenizer.json`, typeof json === 'string' ? json : JSON.stringify(json));
  if (config !== undefined) write(`${name}/tokenizer_config.json`, JSON.stringify(config));
  return openTokenizer(dirname(file));
}

const example = (content: Record<string, unknown>) => ({ id: 'x', group: 'x', row: 3, ...content });
const options = { contextLength: 5, task: 'completion' as const };

describe('tokenizer', () => {
  it('puts special tokens around a text where asked, and cuts nothing', async () => {
    await using tokenizer = await open();
    expect(tokenizer.vocabularySize).toBe(8);
    expect(tokenizer.unknownId).toBe(0);
    const special = await tokenizer.encode(['a b c', 'd'], { special: true });
    expect([...special.ids]).toEqual([1, 3, 4, 5, 1, 6]);
    expect([...special.offsets]).toEqual([0, 4, 6]);
    expect([...(await tokenizer.encode(['a b'], { special: false })).ids]).toEqual([3, 4]);
    expect(await tokenizer.decode([[1, 3, 4], [7]])).toEqual(['a b', 'e']);
    expect(await tokenizer.tokenIds(['e', 'zzz'])).toEqual([7, null]);
  });

  it('leaves the say about special tokens to tokenizer.json, as Transformers 5 does', async () => {
    const config = {
      bos_token: '<s>',
      eos_token: { content: '</s>' },
      add_bos_token: false,
      add_eos_token: true,
    };
    await using tokenizer = await open(wordLevel(), config);
    expect([...(await tokenizer.encode(['a'], { special: true })).ids]).toEqual([1, 3]);
  });

  it.each([
    [
      'eos_token',
      { bos_token: '<s>', eos_token: { content: '</s>' } },
      undefined,
      undefined,
      { id: 2, own: true },
    ],
    [
      'its map',
      { bos_token: '<s>', eos_token: null },
      { eos_token: '</s>' },
      undefined,
      { id: 2, own: true },
    ],
    ['config.json', { bos_token: '<s>' }, undefined, { eos_token_id: [2, 7] }, { id: 2, own: true }],
    ['bos_token', { bos_token: '<s>' }, undefined, { eos_token_id: null }, { id: 1, own: false }],
    ['a token that is not there', { eos_token: '<|end|>' }, undefined, { eos_token_id: 99 }, null],
    ['nothing', undefined, undefined, undefined, null],
  ])('ends texts by %s', async (_, config, map, model, end) => {
    const name = `tokenizer-${folders++}`;
    const file = write(`${name}/tokenizer.json`, JSON.stringify(wordLevel()));
    if (config) write(`${name}/tokenizer_config.json`, JSON.stringify(config));
    if (map) write(`${name}/special_tokens_map.json`, JSON.stringify(map));
    if (model) write(`${name}/config.json`, JSON.stringify(model));
    await using tokenizer = await openTokenizer(dirname(file));
    expect(tokenizer.end).toEqual(end);
  });

  it('is typed in its failures', async () => {
    expect((await errorOf(openTokenizer(folder))).code).toBe('ERR_TOKENIZER');
    expect((await errorOf(open('{"not": "a tokenizer"}'))).code).toBe('ERR_TOKENIZER');
    const tokenizer = await open();
    await tokenizer.dispose();
    expect((await errorOf(tokenizer.encode(['a'], { special: true }))).code).toBe('ERR_DISPOSED');
  });

  it('opens in a process whose own flags a worker could not take', () => {
    const data = new URL('../../dist/data/index.js', import.meta.url);
    const model = fileURLToPath(new URL('../../assets/models/chess-xs', import.meta.url));
    const script = `
      import { openTokenizer } from ${JSON.stringify(data.href)};
      const chess = await openTokenizer(${JSON.stringify(model)});
      console.log((await chess.encode(['e2e4'], { special: true })).ids.length);
      await chess.dispose();`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(child.stderr).toBe('');
    expect(child.stdout.trim()).toBe('2');
  });

  it('does not hold the event loop', async () => {
    await using tokenizer = await open();
    const texts = Array.from({ length: 30_000 }, (_, i) => `${WORDS[3 + (i % 5)]} a b c d e`.repeat(10));
    const { share } = await holdOf(() => tokenizer.encode(texts, { special: true }));
    expect(share).toBeLessThan(0.5);
  });
});

describe('sequences', () => {
  it('hold a text as it is tokenised, nothing appended', async () => {
    await using tokenizer = await open();
    const rows = [example({ text: 'a b' }), example({ text: 'c' })];
    const { sequences, truncated, unknownShare } = await encodeExamples(tokenizer, rows, {
      ...options,
      task: 'classification',
    });
    expect(sequences).toEqual({ tokens: Int32Array.of(1, 3, 4, 1, 5), offsets: Int32Array.of(0, 3, 5) });
    expect([truncated, unknownShare]).toEqual([0, 0]);
  });

  it('join prompt and completion and say where the targets start', async () => {
    await using tokenizer = await open();
    const rows = [example({ prompt: 'a b', completions: ['c'] }), example({ prompt: 'd' })];
    const { sequences } = await encodeExamples(tokenizer, rows, options);
    expect(sequences).toEqual({
      tokens: Int32Array.of(1, 3, 4, 5, 1, 6, 0),
      offsets: Int32Array.of(0, 4, 7),
      targetStarts: Int32Array.of(3, 2),
    });
  });

  it('lose their left, but for a leading special token; only the prompt is cut', async () => {
    await using tokenizer = await open();
    const rows = [
      example({ prompt: 'a b c d e', completions: ['a b'] }),
      example({ prompt: 'a', completions: ['b'] }),
    ];
    const { sequences, truncated } = await encodeExamples(tokenizer, rows, options);
    expect([...sequences.tokens]).toEqual([1, 6, 7, 3, 4, 1, 3, 4]);
    expect(truncated).toBe(1);
    await using bare = await open(wordLevel({ post_processor: null }));
    const cut = await encodeExamples(bare, [example({ text: 'a b c d e a b' })], {
      ...options,
      task: 'classification',
    });
    expect([...cut.sequences.tokens]).toEqual([5, 6, 7, 3, 4]);
  });

  it('end where completions are learned that are not all of one token', async () => {
    await using tokenizer = await open(wordLevel(), { eos_token: '</s>' });
    const learned = { ...options, ends: 'learned' } as const;
    const tokensOf = async (completions: string[], how: typeof options = learned) => {
      const rows = completions.map((completion) => example({ prompt: 'a', completions: [completion] }));
      return encodeExamples(tokenizer, rows, { ...how, contextLength: 6 });
    };
    expect([...(await tokensOf(['b', 'c d'])).sequences.tokens]).toEqual([1, 3, 4, 2, 1, 3, 5, 6, 2]);
    expect([...(await tokensOf(['b', 'c d'])).sequences.offsets]).toEqual([0, 4, 9]);
    expect([...(await tokensOf(['b', 'c'])).sequences.tokens]).toEqual([1, 3, 4, 1, 3, 5]);
    expect([...(await tokensOf(['b', 'c d'], options)).sequences.tokens]).toEqual([1, 3, 4, 1, 3, 5, 6]);
    // A supervisor may have written nothing but the end.
    expect([...(await tokensOf(['b', ''])).sequences.tokens]).toEqual([1, 3, 4, 2, 1, 3, 2]);
    // The end needs its place in the context too.
    expect((await errorOf(tokensOf(['b', 'a b c d e']))).message).toContain('received 6');
    expect((await tokensOf(['b', 'a b c d'])).truncated).toBe(1);
    await using endless = await open();
    const rows = [example({ prompt: 'a', completions: ['b c'] })];
    const error = await errorOf(encodeExamples(endless, rows, learned));
    expect(error).toMatchObject({ code: 'ERR_TOKENIZER', hint: expect.stringContaining('eos_token') });
  });

  it('leave room for an answer that is to be written, and no answer in it', async () => {
    await using tokenizer = await open();
    const rows = [example({ prompt: 'a b c d', completions: ['e e e'] }), example({ text: 'a' })];
    const { sequences, truncated } = await encodeExamples(tokenizer, rows, { ...options, answerRoom: 2 });
    expect(sequences).toEqual({ tokens: Int32Array.of(1, 5, 6, 1, 3), offsets: Int32Array.of(0, 3, 5) });
    expect(truncated).toBe(1);
  });

  it('are refused without tokens, or with a completion longer than the context', async () => {
    await using tokenizer = await open(wordLevel({ post_processor: null }));
    const long = await errorOf(
      encodeExamples(tokenizer, [example({ prompt: 'a', completions: ['a b c d e'] })], options),
    );
    expect(long.exitCode).toBe(4);
    expect(long.message).toMatch(/at most 4 tokens.*"completion".*row 3 \(id x\).*received 5/);
    const empty = await errorOf(encodeExamples(tokenizer, [example({ text: ' ' })], options));
    expect(empty.message).toMatch(/at least one token for field "text".*row 3/);
    const noTail = await errorOf(
      encodeExamples(tokenizer, [example({ prompt: 'a', completions: [' '] })], options),
    );
    expect(noTail.message).toMatch(/at least one token for field "completion"/);
  });

  it('are refused when more than a fifth of the tokens is unknown', async () => {
    await using tokenizer = await open();
    const text = (content: string) => [example({ text: content })];
    const known = await encodeExamples(tokenizer, text('a b c x'), { ...options, contextLength: 9 });
    expect(known.unknownShare).toBe(0.2);
    const error = await errorOf(encodeExamples(tokenizer, text('a b x'), options));
    expect(error.code).toBe('ERR_TOKENIZER');
    expect(error.message).toContain('25 % unknown');
  });
});

describe('ids equal AutoTokenizer’s', () => {
  const fixtures = fileURLToPath(new URL('./tokenizers', import.meta.url));
  const names = readdirSync(fixtures, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && entry.name !== 'real' ? [entry.name] : [],
  );

  it.each(names)('for %s', async (name) => {
    const fixture = join(fixtures, name);
    const expected = JSON.parse(readFileSync(join(fixture, 'expected.json'), 'utf8')) as {
      text: string;
      special: number[];
      bare: number[];
    }[];
    await using tokenizer = await openTokenizer(fixture);
    const texts = expected.map(({ text }) => text);
    for (const kind of ['special', 'bare'] as const) {
      const { ids, offsets } = await tokenizer.encode(texts, { special: kind === 'special' });
      const split = texts.map((_, i) => [...ids.subarray(offsets[i], offsets[i + 1])]);
      expect(split).toEqual(expected.map((each) => each[kind]));
    }
  });
});
