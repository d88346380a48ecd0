/** A tokenizer of bytes: GPT-2's byte-level alphabet without a single merge. */

export const endOfText = '<|endoftext|>';

/**
 * GPT-2 writes each byte as a printable character: itself where it has one, else the next from 256 on (Radford
 * et al. 2019, `bytes_to_unicode`). Token ids are the bytes' own numbers.
 */
export function byteSymbols() {
  const isPrintable = (byte) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
}

export const endId = 256;
export const vocabularySize = 257;

/** tokenizer.json. */
export function tokenizerJson() {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: endId,
        content: endOfText,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: {
        ...Object.fromEntries(byteSymbols().map((symbol, byte) => [symbol, byte])),
        [endOfText]: endId,
      },
      merges: [],
    },
  };
}

/** tokenizer_config.json. */
export const tokenizerConfig = (contextLength) => ({
  tokenizer_class: 'PreTrainedTokenizerFast',
  bos_token: endOfText,
  eos_token: endOfText,
  clean_up_tokenization_spaces: false,
  model_input_names: ['input_ids', 'attention_mask'],
  model_max_length: contextLength,
});
