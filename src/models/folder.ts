import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../config/fileHash.js';
import { nearest } from '../config/nearest.js';
import { W2sError } from '../errors.js';

/** What a Hugging Face folder says of its model, as far as TypeScript needs to know it. */
export interface ModelFacts {
  /** `model_type` of config.json, such as `llama`. */
  family: string;
  /** Most tokens a sequence may have. */
  contextLength: number;
  /** Whether the folder brings a classification head. */
  classifier: boolean;
  /** Whether the folder brings scale and bias of a likelihood head. */
  likelihood: boolean;
  /** Class names; absent where the folder only has the usual LABEL_0, LABEL_1 of a model without a head. */
  label2id?: Readonly<Record<string, number>>;
  vocabularySize?: number;
}

interface ConfigJson {
  model_type?: unknown;
  architectures?: unknown;
  max_position_embeddings?: unknown;
  n_positions?: unknown;
  n_ctx?: unknown;
  vocab_size?: unknown;
  label2id?: unknown;
  id2label?: unknown;
  num_labels?: unknown;
  w2s_likelihood?: unknown;
}

/** Context lengths of the Transformers classes, for configs that leave theirs out. */
const USUAL_CONTEXT: Readonly<Record<string, number>> = {
  gpt2: 1024,
  llama: 2048,
  mistral: 131072,
  qwen2: 32768,
  qwen3: 32768,
};

/** Families that the engine knows; the addon checks everything else. */
export const FAMILIES: readonly string[] = Object.keys(USUAL_CONTEXT);

/** Reads config.json. Throws ERR_WEIGHTS where it is missing or broken, ERR_ARCHITECTURE on an unknown family. */
export async function readModelFacts(folder: string): Promise<ModelFacts> {
  const file = join(folder, 'config.json');
  let config: ConfigJson;
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw new Error('no JSON object');
    config = parsed;
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new W2sError(
      'ERR_WEIGHTS',
      `Expected a model's config.json in ${folder} but ${missing ? 'there is none' : 'it cannot be read'}.`,
      {
        cause,
        hint: `A Hugging Face folder holds config.json, *.safetensors and tokenizer.json: ls ${folder}`,
      },
    );
  }
  return factsOf(config, file);
}

function factsOf(config: ConfigJson, file: string): ModelFacts {
  const family = config.model_type;
  if (typeof family !== 'string' || !FAMILIES.includes(family)) {
    const near = typeof family === 'string' ? nearest(family, FAMILIES) : undefined;
    throw new W2sError(
      'ERR_ARCHITECTURE',
      `Expected one of ${FAMILIES.join(', ')} for "model_type" in ${file} but received ${JSON.stringify(family) ?? 'none'}` +
        `${near === undefined ? '' : ` (nearest: ${near})`}.`,
      { hint: 'For models that are built in: npx w2s-native models' },
    );
  }
  const given = config.max_position_embeddings ?? config.n_positions ?? config.n_ctx;
  const contextLength = given ?? USUAL_CONTEXT[family];
  if (typeof contextLength !== 'number' || !Number.isSafeInteger(contextLength) || contextLength < 1) {
    throw new W2sError(
      'ERR_WEIGHTS',
      `Expected a whole number from 1 for the context length in ${file} but received ${JSON.stringify(given)}.`,
    );
  }
  const architectures = Array.isArray(config.architectures) ? config.architectures : [];
  const classifier = architectures.some((name) => String(name).endsWith('ForSequenceClassification'));
  const label2id = labelsOf(config, classifier);
  const likelihood = config.w2s_likelihood !== undefined;
  const facts: ModelFacts = { family, contextLength, classifier, likelihood };
  if (label2id !== undefined) facts.label2id = label2id;
  if (typeof config.vocab_size === 'number') facts.vocabularySize = config.vocab_size;
  return facts;
}

/** `label2id`, else `id2label` turned round; two of them by default in a folder with a classification head. */
function labelsOf(config: ConfigJson, classifier: boolean): Record<string, number> | undefined {
  const entries: [string, number][] = [];
  if (typeof config.label2id === 'object' && config.label2id !== null) {
    for (const [name, id] of Object.entries(config.label2id)) entries.push([name, Number(id)]);
  } else if (typeof config.id2label === 'object' && config.id2label !== null) {
    for (const [id, name] of Object.entries(config.id2label)) entries.push([String(name), Number(id)]);
  } else if (classifier) {
    const count = typeof config.num_labels === 'number' ? config.num_labels : 2;
    for (let i = 0; i < count; i++) entries.push([`LABEL_${i}`, i]);
  }
  const unnamed = entries.every(([name, id]) => name === `LABEL_${id}`);
  if (entries.length === 0 || (unnamed && !classifier)) return undefined;
  return Object.fromEntries(entries.sort((a, b) => a[1] - b[1]));
}

/** Files beside the weights that decide what a model computes or how it reads text. */
const DECIDING = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors.index.json'];

/** Names of the files that a content hash covers, sorted. Throws ERR_WEIGHTS where there are no safetensors. */
export async function decidingFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  const weights = names.filter((name) => name.endsWith('.safetensors'));
  if (weights.length === 0) {
    const other = names.find((name) => /\.(bin|pt|pth|ckpt|gguf)$/.test(name));
    throw new W2sError(
      'ERR_WEIGHTS',
      `Expected *.safetensors in ${folder} but received ${other ? `${other}, which is never opened` : 'no weights'}.`,
      {
        hint:
          'Convert it: python3 -c "from transformers import AutoModelForCausalLM as M; ' +
          `M.from_pretrained('${folder}').save_pretrained('${folder}')"`,
      },
    );
  }
  return [...weights, ...DECIDING.filter((name) => names.includes(name))].sort();
}

/** sha256 over the sorted names and sha256 of the files that decide what a model computes. */
export async function hashModelFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = await decidingFiles(folder);
  const hashes = await Promise.all(names.map((name) => hashFile(join(folder, name))));
  for (const [i, name] of names.entries()) hash.update(`${name}\0${hashes[i]}\n`);
  return hash.digest('hex');
}

/** Number of parameters by the headers of the safetensors files; undefined where one cannot be read. */
export async function countParameters(folder: string): Promise<number | undefined> {
  try {
    const { open } = await import('node:fs/promises');
    let count = 0;
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.safetensors'))) {
      await using file = await open(join(folder, name));
      count += await parametersIn(file);
    }
    return count;
  } catch {
    return undefined;
  }
}

const LARGEST_HEADER = 100 * 2 ** 20;

async function parametersIn(file: import('node:fs/promises').FileHandle): Promise<number> {
  const length = Buffer.alloc(8);
  await file.read(length, 0, 8, 0);
  const size = Number(length.readBigUInt64LE());
  if (size > LARGEST_HEADER) throw new RangeError('header too long');
  const header = Buffer.alloc(size);
  await file.read(header, 0, size, 8);
  const tensors = JSON.parse(header.toString('utf8')) as Record<string, { shape?: number[] }>;
  const names = Object.keys(tensors).filter((name) => name !== '__metadata__');
  return names.reduce((sum, name) => sum + (tensors[name]?.shape ?? [0]).reduce((a, b) => a * b, 1), 0);
}
