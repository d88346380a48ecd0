/** Shapes of well-known models with random weights: what takes time does not depend on what they know. */
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userCacheFolder } from '../config/userCache.js';
import { stream } from '../data/random.js';
import { requireDisk } from '../native/paths.js';

interface Gpt2Shape {
  family: 'gpt2';
  layers: number;
  hidden: number;
  heads: number;
}

interface LlamaShape {
  family: 'llama';
  layers: number;
  hidden: number;
  heads: number;
  mlp: number;
  vocabulary: number;
}

type Shape = Gpt2Shape | LlamaShape;

/** D, H, F, V and the context. */
export interface ShapeSizes {
  hidden: number;
  heads: number;
  mlp: number;
  vocabulary: number;
  context: number;
}

/** By the name that `--model` takes. */
const SHAPES: Readonly<Record<string, Shape>> = {
  'gpt2-124m': { family: 'gpt2', layers: 12, hidden: 768, heads: 12 },
  'gpt2-350m': { family: 'gpt2', layers: 24, hidden: 1024, heads: 16 },
  'gpt2-774m': { family: 'gpt2', layers: 36, hidden: 1280, heads: 20 },
  'gpt2-1.5b': { family: 'gpt2', layers: 48, hidden: 1600, heads: 25 },
  'llama-23m': { family: 'llama', layers: 6, hidden: 384, heads: 6, mlp: 1024, vocabulary: 32000 },
};

/** Names of the shapes. */
export const SHAPE_NAMES: readonly string[] = Object.keys(SHAPES);

const GPT2_VOCABULARY = 50257;
const CONTEXT = 1024;

/** Sizes of a shape's layers; undefined for another name. */
export function shapeSizes(name: string): ShapeSizes | undefined {
  const shape = Object.hasOwn(SHAPES, name) ? SHAPES[name] : undefined;
  if (shape === undefined) return undefined;
  const { hidden, heads } = shape;
  return shape.family === 'gpt2'
    ? { hidden, heads, mlp: 4 * hidden, vocabulary: GPT2_VOCABULARY, context: CONTEXT }
    : { hidden, heads, mlp: shape.mlp, vocabulary: shape.vocabulary, context: CONTEXT };
}

/** Raised when the folders' contents change. */
const REVISION = 1;

/** Standard deviation of matrices and embeddings, as GPT-2 begins. */
const SCALE = 0.02;

/** A tensor and what fills it. */
interface Filled {
  name: string;
  shape: number[];
  fill: 'random' | 'ones' | 'zeros';
}

/**
 * The folder of a shape, as Transformers reads it: config.json and bfloat16 weights. Written once into the user's cache,
 * the same on every machine. Throws ERR_DISK where there is no room.
 */
export async function shapeFolder(name: string, parent = join(userCacheFolder(), 'bench')): Promise<string> {
  const shape = SHAPES[name];
  if (shape === undefined) throw new Error(`no shape ${name}`);
  const folder = join(parent, `${name}-${REVISION}`);
  if (await stat(join(folder, 'config.json')).catch(() => undefined)) return folder;
  const tensors = shape.family === 'gpt2' ? gpt2Tensors(shape) : llamaTensors(shape);
  const bytes = 2 * tensors.reduce((sum, tensor) => sum + count(tensor), 0);
  await requireDisk(parent, bytes + 1e8, `the weights of ${name}`);
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  try {
    await writeWeights(join(draft, 'model.safetensors'), name, tensors);
    const config = shape.family === 'gpt2' ? gpt2Config(shape) : llamaConfig(shape);
    await writeFile(join(draft, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    // Another process may have been quicker: its folder is the same.
    await rename(draft, folder).catch(async (error) => {
      if (!(await stat(join(folder, 'config.json')).catch(() => undefined))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

const count = ({ shape }: Filled): number => shape.reduce((product, size) => product * size, 1);

function gpt2Config({ layers, hidden, heads }: Gpt2Shape): object {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: GPT2_VOCABULARY,
    n_positions: CONTEXT,
    n_ctx: CONTEXT,
    n_embd: hidden,
    n_layer: layers,
    n_head: heads,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    bos_token_id: GPT2_VOCABULARY - 1,
    eos_token_id: GPT2_VOCABULARY - 1,
    torch_dtype: 'bfloat16',
  };
}

function gpt2Tensors({ layers, hidden }: Gpt2Shape): Filled[] {
  const norm = (name: string): Filled[] => [
    { name: `${name}.weight`, shape: [hidden], fill: 'ones' },
    { name: `${name}.bias`, shape: [hidden], fill: 'zeros' },
  ];
  const linear = (name: string, input: number, output: number): Filled[] => [
    { name: `${name}.weight`, shape: [input, output], fill: 'random' },
    { name: `${name}.bias`, shape: [output], fill: 'zeros' },
  ];
  const block = (layer: number): Filled[] => {
    const at = `transformer.h.${layer}`;
    return [
      ...norm(`${at}.ln_1`),
      ...linear(`${at}.attn.c_attn`, hidden, 3 * hidden),
      ...linear(`${at}.attn.c_proj`, hidden, hidden),
      ...norm(`${at}.ln_2`),
      ...linear(`${at}.mlp.c_fc`, hidden, 4 * hidden),
      ...linear(`${at}.mlp.c_proj`, 4 * hidden, hidden),
    ];
  };
  return [
    { name: 'transformer.wte.weight', shape: [GPT2_VOCABULARY, hidden], fill: 'random' },
    { name: 'transformer.wpe.weight', shape: [CONTEXT, hidden], fill: 'random' },
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    ...norm('transformer.ln_f'),
  ];
}

function llamaConfig({ layers, hidden, heads, mlp, vocabulary }: LlamaShape): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: mlp,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    hidden_act: 'silu',
    max_position_embeddings: CONTEXT,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'bfloat16',
  };
}

function llamaTensors({ layers, hidden, mlp, vocabulary }: LlamaShape): Filled[] {
  const matrix = (name: string, output: number, input: number): Filled => ({
    name: `${name}.weight`,
    shape: [output, input],
    fill: 'random',
  });
  const norm = (name: string): Filled => ({ name: `${name}.weight`, shape: [hidden], fill: 'ones' });
  const block = (layer: number): Filled[] => {
    const at = `model.layers.${layer}`;
    return [
      norm(`${at}.input_layernorm`),
      ...['q', 'k', 'v', 'o'].map((one) => matrix(`${at}.self_attn.${one}_proj`, hidden, hidden)),
      norm(`${at}.post_attention_layernorm`),
      ...['gate', 'up'].map((one) => matrix(`${at}.mlp.${one}_proj`, mlp, hidden)),
      matrix(`${at}.mlp.down_proj`, hidden, mlp),
    ];
  };
  return [
    matrix('model.embed_tokens', vocabulary, hidden),
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    norm('model.norm'),
  ];
}

/** safetensors of bfloat16, written piece by piece: the largest shape has three gigabytes. */
async function writeWeights(file: string, name: string, tensors: readonly Filled[]): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const tensor of tensors) {
    const bytes = 2 * count(tensor);
    header[tensor.name] = { dtype: 'BF16', shape: tensor.shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(length);
    await handle.writeFile(padded);
    const values = new RandomBfloat16(name);
    for (const tensor of tensors) {
      for (const piece of values.pieces(count(tensor), tensor.fill)) await handle.writeFile(piece);
    }
  } finally {
    await handle.close();
  }
}

const PIECE = 1 << 20;
/** 1.0 as bfloat16. */
const ONE = 0x3f80;

/** Seeded values, uniform with standard deviation `SCALE`. */
class RandomBfloat16 {
  /** Every uniform 16-bit number as the value that it stands for. */
  private readonly table = new Uint16Array(1 << 16);
  /** Of xorshift32 (Marsaglia 2003): two values a draw, and quick, since there are billions to draw. */
  private state: number;

  constructor(seed: string) {
    this.state = stream(0, 'bench-weights', seed).uint32() || 1;
    const value = new Float32Array(1);
    const bits = new Uint32Array(value.buffer);
    for (let i = 0; i < this.table.length; i++) {
      value[0] = SCALE * Math.sqrt(3) * ((2 * i + 1) / this.table.length - 1);
      this.table[i] = ((bits[0] ?? 0) + 0x8000) >>> 16;
    }
  }

  *pieces(values: number, fill: Filled['fill']): Generator<Uint8Array> {
    for (let left = values; left > 0; left -= PIECE) {
      const piece = new Uint16Array(Math.min(left, PIECE));
      if (fill === 'random') this.draw(piece);
      else piece.fill(fill === 'ones' ? ONE : 0);
      yield new Uint8Array(piece.buffer);
    }
  }

  private draw(piece: Uint16Array): void {
    let x = this.state;
    for (let i = 0; i < piece.length; i += 2) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      piece[i] = this.table[x & 0xffff] as number;
      if (i + 1 < piece.length) piece[i + 1] = this.table[x >>> 16] as number;
    }
    this.state = x;
  }
}
