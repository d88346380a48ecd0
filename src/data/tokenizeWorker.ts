import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { AddedToken, Tokenizer } from 'tokenizers';

/**
 * The thread that tokenises, so that the event loop of the user's thread is never held. It loads
 * tokenizer.json as Transformers 5 does: the file's own post-processor decides about special tokens
 * (`add_bos_token` and `add_eos_token` of tokenizer_config.json are for folders without that file), tokens
 * that only the configuration knows are added, truncation and padding of the file are off.
 */

export type WorkerRequest = { id: number } & (
  | { kind: 'open' }
  | { kind: 'encode'; texts: readonly string[]; special: boolean }
  | { kind: 'decode'; sequences: readonly (readonly number[])[]; special: boolean }
  | { kind: 'tokens'; tokens: readonly string[] }
);

export interface OpenedTokenizer {
  vocabularySize: number;
  /** Id of the unknown token; null where the vocabulary covers all text. */
  unknownId: number | null;
  /** Ids of tokens marked special. */
  specialIds: readonly number[];
  end: EndToken | null;
}

/** The token that ends a text. */
export interface EndToken {
  id: number;
  /** False: the token that begins a text stands in for one, as in GPT-2, whose one token bounds texts. */
  own: boolean;
}

/** Token ids of many texts. */
export interface EncodedTexts {
  /** Ids of all texts, end to end. */
  ids: Int32Array;
  /** Where each text begins, and the end of the last. */
  offsets: Int32Array;
}

export type WorkerReply = { id: number } & (
  | { ok: true; value: OpenedTokenizer | EncodedTexts | readonly string[] | readonly (number | null)[] }
  | { ok: false; message: string }
);

interface AddedTokenJson {
  id?: number;
  content: string;
  special?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  single_word?: boolean;
  normalized?: boolean;
}

interface TokenizerJson {
  added_tokens?: AddedTokenJson[];
  model?: { type?: string; unk_token?: string | null; unk_id?: number | null };
}

/** A token as tokenizer_config.json and special_tokens_map.json name it. */
type TokenName = string | { content?: string } | null;

interface BoundaryNames {
  bos_token?: TokenName;
  eos_token?: TokenName;
}

interface ModelConfig {
  model_type?: string;
  bos_token_id?: number | number[] | null;
  eos_token_id?: number | number[] | null;
}

interface TokenizerConfig extends BoundaryNames {
  tokenizer_class?: string;
  legacy?: boolean;
  add_prefix_space?: boolean | null;
  added_tokens_decoder?: Record<string, AddedTokenJson>;
}

async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function open(folder: string): Promise<{ tokenizer: Tokenizer; opened: OpenedTokenizer }> {
  const text = await readFile(join(folder, 'tokenizer.json'), 'utf8');
  const json = JSON.parse(text) as TokenizerJson;
  const config = (await readJson<TokenizerConfig>(join(folder, 'tokenizer_config.json'))) ?? {};
  const model = await readJson<ModelConfig>(join(folder, 'config.json'));
  const map = (await readJson<BoundaryNames>(join(folder, 'special_tokens_map.json'))) ?? {};
  const rebuilt = isRebuilt(text, json, config, model?.model_type) ? rebuildLlama(json, config) : undefined;
  const tokenizer = Tokenizer.fromString(rebuilt ? JSON.stringify(rebuilt) : text);
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  const declared = addMissingTokens(tokenizer, config);
  const special = [...(json.added_tokens ?? []), ...declared].filter((token) => token.special);
  const specialIds = special.map((token) => tokenizer.tokenToId(token.content)).filter((id) => id !== null);
  const opened = {
    vocabularySize: tokenizer.getVocabSize(true),
    unknownId: unknownId(tokenizer, json),
    specialIds,
    end: endToken(tokenizer, [config, map], model ?? {}),
  };
  return { tokenizer, opened };
}

/**
 * Transformers 5 takes only vocabulary, merges and post-processor from the file where the configuration says
 * `LlamaTokenizer`, and builds the rest anew: unlike in the files of old, a leading blank is not doubled.
 */
function isRebuilt(text: string, json: TokenizerJson, config: TokenizerConfig, modelType?: string): boolean {
  const name = config.tokenizer_class?.replace(/Fast$/, '');
  const isLlama = modelType === undefined || modelType === 'llama';
  return name === 'LlamaTokenizer' && isLlama && json.model?.type === 'BPE' && !text.includes('"ByteLevel"');
}

function rebuildLlama(json: TokenizerJson, config: TokenizerConfig): unknown {
  const first = config.legacy ? 'always' : 'first';
  const scheme = (config.add_prefix_space ?? true) ? first : 'never';
  return {
    ...json,
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: false },
    model: { ...json.model, dropout: null, unk_token: null, fuse_unk: true, byte_fallback: true },
  };
}

/** Tokens that only tokenizer_config.json knows. */
function addMissingTokens(tokenizer: Tokenizer, config: TokenizerConfig): AddedTokenJson[] {
  const declared = Object.entries(config.added_tokens_decoder ?? {})
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, token]) => token);
  const missing = declared.filter((token) => tokenizer.tokenToId(token.content) === null);
  if (missing.length === 0) return declared;
  tokenizer.addAddedTokens(
    missing.map(
      (token) =>
        new AddedToken(token.content, token.special ?? false, {
          singleWord: token.single_word ?? false,
          leftStrip: token.lstrip ?? false,
          rightStrip: token.rstrip ?? false,
          normalized: token.normalized ?? !token.special,
        }),
    ),
  );
  return declared;
}

function unknownId(tokenizer: Tokenizer, { model }: TokenizerJson): number | null {
  if (typeof model?.unk_token === 'string') return tokenizer.tokenToId(model.unk_token);
  return typeof model?.unk_id === 'number' ? model.unk_id : null;
}

/** eos_token of the tokenizer's files, else of config.json, else the same for bos_token. */
function endToken(
  tokenizer: Tokenizer,
  files: readonly BoundaryNames[],
  model: ModelConfig,
): EndToken | null {
  for (const side of ['eos', 'bos'] as const) {
    for (const file of files) {
      const name = file[`${side}_token`];
      const content = typeof name === 'string' ? name : name?.content;
      const id = content === undefined ? null : tokenizer.tokenToId(content);
      if (id !== null) return { id, own: side === 'eos' };
    }
    const [id] = [model[`${side}_token_id`] ?? []].flat();
    if (id !== undefined && tokenizer.idToToken(id) !== null) return { id, own: side === 'eos' };
  }
  return null;
}

async function encode(
  tokenizer: Tokenizer,
  texts: readonly string[],
  special: boolean,
): Promise<EncodedTexts> {
  const encodings = await tokenizer.encodeBatch([...texts], { addSpecialTokens: special });
  const all = encodings.map((encoding) => encoding.getIds());
  const offsets = new Int32Array(all.length + 1);
  for (const [i, ids] of all.entries()) offsets[i + 1] = (offsets[i] ?? 0) + ids.length;
  const ids = new Int32Array(offsets[all.length] ?? 0);
  for (const [i, each] of all.entries()) ids.set(each, offsets[i]);
  return { ids, offsets };
}

/** Answers requests of the thread that started this one, in their order. */
function serve(port: NonNullable<typeof parentPort>, folder: string): void {
  const opening = open(folder);
  opening.catch(() => {});
  const answer = async (request: WorkerRequest) => {
    const { tokenizer, opened } = await opening;
    switch (request.kind) {
      case 'open':
        return opened;
      case 'encode':
        return encode(tokenizer, request.texts, request.special);
      case 'decode':
        return tokenizer.decodeBatch(
          request.sequences.map((ids) => [...ids]),
          !request.special,
        );
      case 'tokens':
        return request.tokens.map((token) => tokenizer.tokenToId(token));
    }
  };
  port.on('message', (request: WorkerRequest) => {
    answer(request).then(
      (value) => {
        const transfer =
          'ids' in value ? [value.ids.buffer as ArrayBuffer, value.offsets.buffer as ArrayBuffer] : [];
        port.postMessage({ id: request.id, ok: true, value } satisfies WorkerReply, transfer);
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        port.postMessage({ id: request.id, ok: false, message } satisfies WorkerReply);
      },
    );
  });
}

if (parentPort) serve(parentPort, (workerData as { folder: string }).folder);
