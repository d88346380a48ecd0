/**
 * A world small enough to train in milliseconds: two random Llama folders, a word-level tokenizer, and data
 * sets whose truth can be learned. The same on every machine.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from '../../src/data/random.js';

const SPECIALS = ['<unk>', '<s>', '</s>'];
const WORDS = Array.from({ length: 24 }, (_, i) => `w${i}`);
const ANSWERS = ['red', 'green', 'blue', 'No', 'Yes'];
export const VOCABULARY = [...SPECIALS, ...WORDS, ...ANSWERS];

export interface TinyModelSize {
  hidden: number;
  layers: number;
  seed: number;
}

/** Writes config.json, model.safetensors and tokenizer.json of a random Llama. */
export function writeTinyModel(folder: string, { hidden, layers, seed }: TinyModelSize): string {
  mkdirSync(folder, { recursive: true });
  const intermediate = 2 * hidden;
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    max_position_embeddings: 32,
    vocab_size: VOCABULARY.length,
    rms_norm_eps: 1e-6,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
    rope_theta: 10000,
  };
  const shapes: Record<string, number[]> = { 'model.embed_tokens.weight': [VOCABULARY.length, hidden] };
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    for (const name of ['q', 'k', 'v', 'o']) shapes[`${at}.self_attn.${name}_proj.weight`] = [hidden, hidden];
    for (const name of ['gate', 'up']) shapes[`${at}.mlp.${name}_proj.weight`] = [intermediate, hidden];
    shapes[`${at}.mlp.down_proj.weight`] = [hidden, intermediate];
    for (const name of ['input', 'post_attention']) shapes[`${at}.${name}_layernorm.weight`] = [hidden];
  }
  shapes['model.norm.weight'] = [hidden];
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'model.safetensors'), randomWeights(shapes, seed));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizerJson()));
  return folder;
}

function randomWeights(shapes: Record<string, number[]>, seed: number): Buffer {
  const random = stream(seed, 'tiny-weights');
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const count = shape.reduce((product, size) => product * size, 1);
    const scale = 1 / Math.sqrt(shape.at(-1) ?? 1);
    const values = Float32Array.from({ length: count }, () =>
      shape.length === 1 ? 1 : random.normal() * scale,
    );
    parts.push(Buffer.from(values.buffer));
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + 4 * count] };
    end += 4 * count;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

function tokenizerJson() {
  const special = SPECIALS.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special,
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
      vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])),
      unk_token: '<unk>',
    },
  };
}

export interface Row {
  id: string;
  text?: string;
  prompt?: string;
  completion?: string;
  label?: number | readonly number[] | string;
}

/** Texts of five words; label 1 when more than half come from the upper half of the vocabulary. */
export function sentences(count: number, seed: number, prefix: string): Row[] {
  const random = stream(seed, 'sentences', prefix);
  return Array.from({ length: count }, (_, i) => {
    const words = Array.from({ length: 5 }, () => random.below(WORDS.length));
    const label = words.filter((word) => word >= WORDS.length / 2).length > 2 ? 1 : 0;
    return { id: `${prefix}${i}`, text: words.map((word) => WORDS[word]).join(' '), label };
  });
}

/** As many rows of class 0 as of class 1. */
export function balancedSentences(count: number, seed: number, prefix: string): Row[] {
  const all = sentences(4 * count, seed, prefix);
  const half = count / 2;
  return [0, 1].flatMap((label) => all.filter((row) => row.label === label).slice(0, half));
}

/** Prompts of four words; the completion is decided by the last one. */
export function riddles(count: number, seed: number, prefix: string): Row[] {
  const random = stream(seed, 'riddles', prefix);
  return Array.from({ length: count }, (_, i) => {
    const words = Array.from({ length: 4 }, () => random.below(WORDS.length));
    return {
      id: `${prefix}${i}`,
      prompt: words.map((word) => WORDS[word]).join(' '),
      completion: ANSWERS[(words[3] ?? 0) % 3] ?? '',
    };
  });
}

/** Prompts of four words; the completion counts up to what the last one says: `red`, `red green`, … */
export function countings(count: number, seed: number, prefix: string): Row[] {
  const random = stream(seed, 'countings', prefix);
  return Array.from({ length: count }, (_, i) => {
    const words = Array.from({ length: 4 }, () => random.below(WORDS.length));
    return {
      id: `${prefix}${i}`,
      prompt: words.map((word) => WORDS[word]).join(' '),
      completion: ANSWERS.slice(0, 1 + ((words[3] ?? 0) % 3)).join(' '),
    };
  });
}

/** Prompts with one word after it; label 1 when both come from the same half of the vocabulary. */
export function pairs(count: number, seed: number, prefix: string): Row[] {
  const random = stream(seed, 'pairs', prefix);
  const half = WORDS.length / 2;
  return Array.from({ length: count }, (_, i) => {
    const [before, after] = [random.below(WORDS.length), random.below(WORDS.length)];
    return {
      id: `${prefix}${i}`,
      prompt: `${WORDS[random.below(WORDS.length)]} ${WORDS[before]}`,
      completion: WORDS[after] ?? '',
      label: before >= half === after >= half ? 1 : 0,
    };
  });
}

export function writeJsonl(file: string, rows: readonly object[]): string {
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

export interface TinyWorld {
  folder: string;
  weak: string;
  strong: string;
  weakData: string;
  transferData: string;
  testData: string;
}

/** Models, and three files of balanced sentences. */
export function writeTinyWorld(folder: string): TinyWorld {
  mkdirSync(folder, { recursive: true });
  return {
    folder,
    weak: writeTinyModel(join(folder, 'weak'), { hidden: 8, layers: 1, seed: 1 }),
    strong: writeTinyModel(join(folder, 'strong'), { hidden: 16, layers: 2, seed: 2 }),
    weakData: writeJsonl(join(folder, 'weak.jsonl'), balancedSentences(400, 1, 'a')),
    transferData: writeJsonl(join(folder, 'transfer.jsonl'), balancedSentences(400, 2, 'b')),
    testData: writeJsonl(join(folder, 'test.jsonl'), balancedSentences(400, 3, 'c')),
  };
}

/** Settings of `train` on a tiny world; its own store. */
export function tinySettings(world: TinyWorld, out: string) {
  const { weak, strong, weakData, transferData, testData } = world;
  return {
    weak,
    strong,
    weakData,
    transferData,
    testData,
    out,
    device: 'cpu',
    threads: 1,
    lr: 1e-2,
    batchSize: 16,
    epochs: 3,
    weakLr: 3e-3,
    weakEpochs: 2,
  } as const;
}
