/**
 * Makes tiny-xs, tiny-s and tiny-m: Llama models of random weights that read bytes, as Hugging Face folders in
 * bfloat16. They know nothing. They are there so that every format, whatever its language, runs end to end
 * without a download.
 *
 *   node scripts/tiny-models/make.mjs [--out assets/models] [--seed tiny]
 *
 * The same seed gives the same bytes on every machine whose Math.log, Math.cos and Math.sqrt agree.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { llamaConfig, llamaWeights, normal } from '../chess-world/init-model.mjs';
import { writeSafetensors } from '../chess-world/safetensors.mjs';
import { endId, endOfText, tokenizerConfig, tokenizerJson, vocabularySize } from './bytes.mjs';

/** Hidden size, layers, heads of 16, feed-forward size. */
export const sizes = {
  'tiny-xs': { hidden: 32, layers: 1, heads: 2, inner: 64 },
  'tiny-s': { hidden: 48, layers: 2, heads: 3, inner: 112 },
  'tiny-m': { hidden: 64, layers: 4, heads: 4, inner: 176 },
};

/** Long enough for every answer of the published data sets that are read as bytes. */
export const contextLength = 4096;

/** Large enough that a token moves the state, as the rows of a trained embedding do. */
const embeddingDeviation = 0.05;

function card(name, { hidden, layers, heads, inner }, parameters, seed) {
  return `# ${name}

A Llama model of random weights that reads bytes. It knows nothing: it is there so that every format of data,
in any language, runs end to end without a download, and as a start for fine-tuning from nothing. Do not expect
weak-to-strong effects of it: those come from what a model was pre-trained on (see the \`chess-\` models).

| | |
|---|---|
| parameters | ${parameters.toLocaleString('en')} (tied embeddings, ${vocabularySize} tokens: 256 bytes and ${endOfText}) |
| shape | ${hidden} hidden, ${layers} ${layers === 1 ? 'layer' : 'layers'}, ${heads} heads, ${inner} feed-forward, context ${contextLength.toLocaleString('en')} |
| tokens | one a byte of UTF-8, nothing is put in front; ${endOfText} is where a text begins and ends |
| weights | random, seed "${seed}"; bfloat16 safetensors |
| made by | \`node scripts/tiny-models/make.mjs\` |
| licence | CC0 1.0 |
`;
}

/** Writes one model folder. */
function writeModel(folder, name, seed) {
  const size = sizes[name];
  const values = normal(seed, `${name} embedding`, vocabularySize * size.hidden, embeddingDeviation);
  const tensors = llamaWeights(size, `${seed} ${name}`, { shape: [vocabularySize, size.hidden], values });
  const parameters = [...tensors.values()].reduce((sum, tensor) => sum + tensor.values.length, 0);
  const config = llamaConfig(size, {
    vocab_size: vocabularySize,
    max_position_embeddings: contextLength,
    bos_token_id: endId,
    eos_token_id: endId,
    torch_dtype: 'bfloat16',
    dtype: 'bfloat16',
  });
  mkdirSync(folder, { recursive: true });
  const write = (file, text) => writeFileSync(join(folder, file), text);
  write('config.json', `${JSON.stringify(config, null, 2)}\n`);
  write('tokenizer.json', `${JSON.stringify(tokenizerJson())}\n`);
  write('tokenizer_config.json', `${JSON.stringify(tokenizerConfig(contextLength), null, 2)}\n`);
  write('card.md', card(name, size, parameters, seed));
  writeSafetensors(join(folder, 'model.safetensors'), tensors, 'BF16');
  console.error(`${name}: ${parameters.toLocaleString('en')} parameters`);
}

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'assets/models' },
    seed: { type: 'string', default: 'tiny' },
  },
});
for (const name of Object.keys(sizes)) writeModel(join(values.out, name), name, values.seed);
