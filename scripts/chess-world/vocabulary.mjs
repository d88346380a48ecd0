/**
 * The chess vocabulary: every move that some piece could make on an empty board (queen and knight
 * geometry, and promotions), in UCI. 1,968 moves, in a fixed order, after three special tokens.
 */
export const specials = ['<bos>', '<unk>', '<pad>'];
export const contextLength = 48;

const files = 'abcdefgh';
const promotionRoles = ['q', 'r', 'b', 'n'];
const name = (file, rank) => `${files[file]}${rank + 1}`;

function reachable(file, rank, toFile, toRank) {
  const df = Math.abs(toFile - file);
  const dr = Math.abs(toRank - rank);
  if (df === 0 && dr === 0) return false;
  return df === 0 || dr === 0 || df === dr || df + dr === 3;
}

function listMoves() {
  const moves = [];
  for (let from = 0; from < 64; from++) {
    for (let to = 0; to < 64; to++) {
      const [file, rank, toFile, toRank] = [from % 8, from >> 3, to % 8, to >> 3];
      if (!reachable(file, rank, toFile, toRank)) continue;
      const move = name(file, rank) + name(toFile, toRank);
      moves.push(move);
      const promotes = (rank === 6 && toRank === 7) || (rank === 1 && toRank === 0);
      if (promotes && Math.abs(toFile - file) <= 1) moves.push(...promotionRoles.map((role) => move + role));
    }
  }
  return moves;
}

/** The 1,968 moves in UCI. */
export const moves = listMoves();
/** All tokens; a token's id is its index. */
export const vocabulary = [...specials, ...moves];
/** From token to id. */
export const tokenIds = new Map(vocabulary.map((token, id) => [token, id]));
export const bosId = 0;

/** tokenizer.json: one word one token, `<bos>` before a text, nothing after it. */
export function tokenizerJson() {
  const special = (content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map(special),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<bos>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: '<bos>', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 1 } },
      ],
      special_tokens: { '<bos>': { id: '<bos>', ids: [bosId], tokens: ['<bos>'] } },
    },
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(tokenIds), unk_token: '<unk>' },
  };
}

/** tokenizer_config.json, for Transformers. */
export const tokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  bos_token: '<bos>',
  unk_token: '<unk>',
  pad_token: '<pad>',
  clean_up_tokenization_spaces: false,
  model_input_names: ['input_ids', 'attention_mask'],
  model_max_length: contextLength,
};
