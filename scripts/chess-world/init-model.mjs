/**
 * Writes a model of the chess ladder with random weights, as a Hugging Face folder in float32.
 *
 *   node scripts/chess-world/init-model.mjs --size chess-m --out FOLDER [--seed init]
 *
 * The embedding of a move starts as F[from] + T[to] (+ P[promotion]) + noise, so that moves that share a
 * square start alike; from then on it is a plain table, tied to the unembedding.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stream } from './random.mjs';
import { writeSafetensors } from './safetensors.mjs';
import { bosId, contextLength, specials, tokenizerConfig, tokenizerJson, vocabulary } from './vocabulary.mjs';

/** The ladder: hidden size, layers, heads, feed-forward size. */
export const sizes = {
  'chess-xs': { hidden: 64, layers: 1, heads: 2, inner: 176 },
  'chess-s': { hidden: 128, layers: 4, heads: 4, inner: 352 },
  'chess-m': { hidden: 192, layers: 6, heads: 6, inner: 512 },
};

const deviation = 0.02;

/** config.json of a Llama model of the ladder. */
export const configOf = (size) =>
  llamaConfig(size, {
    vocab_size: vocabulary.length,
    max_position_embeddings: contextLength,
    bos_token_id: bosId,
    eos_token_id: null,
    pad_token_id: specials.indexOf('<pad>'),
    torch_dtype: 'float32',
  });

/** config.json of any Llama model with tied embeddings; `tokens` has what its tokenizer decides. */
export function llamaConfig({ hidden, layers, heads, inner }, tokens) {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    head_dim: hidden / heads,
    intermediate_size: inner,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    rope_scaling: null,
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    tie_word_embeddings: true,
    ...tokens,
  };
}

/** Seeded normal numbers (Box–Muller). */
export function normal(seed, name, count, scale) {
  const random = stream(seed, 'weights', name);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }
  return out;
}

function embedding(seed, hidden) {
  const table = normal(seed, 'noise', vocabulary.length * hidden, deviation / 4);
  const parts = {
    from: normal(seed, 'from', 64 * hidden, deviation / Math.SQRT2),
    to: normal(seed, 'to', 64 * hidden, deviation / Math.SQRT2),
    promotion: normal(seed, 'promotion', 4 * hidden, deviation / 2),
  };
  const square = (text, at) => text.charCodeAt(at) - 97 + 8 * (text.charCodeAt(at + 1) - 49);
  for (let id = 0; id < vocabulary.length; id++) {
    const token = vocabulary[id];
    const add = (part, row) => {
      for (let k = 0; k < hidden; k++) table[id * hidden + k] += part[row * hidden + k];
    };
    if (id < specials.length) continue;
    add(parts.from, square(token, 0));
    add(parts.to, square(token, 2));
    if (token.length === 5) add(parts.promotion, 'qrbn'.indexOf(token[4]));
  }
  return table;
}

/** All tensors of one size of the ladder. */
export const initialWeights = (size, seed) =>
  llamaWeights(size, seed, {
    shape: [vocabulary.length, size.hidden],
    values: embedding(seed, size.hidden),
  });

/** All tensors of a Llama model with this embedding, named as Transformers names them. */
export function llamaWeights(size, seed, embeddingTensor) {
  const { hidden, layers, inner } = size;
  const tensors = new Map();
  const ones = (name) => tensors.set(name, { shape: [hidden], values: new Float32Array(hidden).fill(1) });
  const matrix = (name, rows, columns, scale = deviation) =>
    tensors.set(name, { shape: [rows, columns], values: normal(seed, name, rows * columns, scale) });
  const residual = deviation / Math.sqrt(2 * layers);
  tensors.set('model.embed_tokens.weight', embeddingTensor);
  for (let i = 0; i < layers; i++) {
    const layer = `model.layers.${i}`;
    ones(`${layer}.input_layernorm.weight`);
    for (const part of ['q', 'k', 'v']) matrix(`${layer}.self_attn.${part}_proj.weight`, hidden, hidden);
    matrix(`${layer}.self_attn.o_proj.weight`, hidden, hidden, residual);
    ones(`${layer}.post_attention_layernorm.weight`);
    matrix(`${layer}.mlp.gate_proj.weight`, inner, hidden);
    matrix(`${layer}.mlp.up_proj.weight`, inner, hidden);
    matrix(`${layer}.mlp.down_proj.weight`, hidden, inner, residual);
  }
  ones('model.norm.weight');
  return tensors;
}

/** Writes the tokenizer's files into a model folder. */
export function writeTokenizer(folder) {
  writeFileSync(join(folder, 'tokenizer.json'), `${JSON.stringify(tokenizerJson())}\n`);
  writeFileSync(join(folder, 'tokenizer_config.json'), `${JSON.stringify(tokenizerConfig, null, 2)}\n`);
}

/** Writes a whole folder with random weights. */
export function writeInitialModel(folder, name, seed) {
  const size = sizes[name];
  if (!size)
    throw new Error(`Expected one of ${Object.keys(sizes).join(', ')} for --size but received ${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(configOf(size), null, 2)}\n`);
  writeTokenizer(folder);
  writeSafetensors(join(folder, 'model.safetensors'), initialWeights(size, seed));
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { size: { type: 'string' }, out: { type: 'string' }, seed: { type: 'string', default: 'init' } },
  });
  writeInitialModel(values.out, values.size, values.seed);
}
