/** What the engine does not know it refuses by name: it never falls back to something close. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenCase, openModel } from './fixtures.js';

type Fields = Record<string, unknown>;
type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function copy(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'w2s-refused-'));
  folders.push(folder);
  cpSync(goldenCase(name).folder, folder, { recursive: true });
  return folder;
}

function withConfig(name: string, change: Fields): string {
  const folder = copy(name);
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as Fields), ...change }));
  return folder;
}

function readWeights(file: string): { header: Header; body: Buffer } {
  const bytes = readFileSync(file);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  return { header: JSON.parse(bytes.toString('utf8', 8, end)) as Header, body: bytes.subarray(end) };
}

function writeWeights(file: string, header: Header, body: Buffer): void {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(file, Buffer.concat([length, text, body]));
}

/** The weights with another header over the same bytes. */
function withHeader(change: (header: Header) => void): string {
  const folder = copy('llama-grouped');
  const file = join(folder, 'model.safetensors');
  const { header, body } = readWeights(file);
  change(header);
  writeWeights(file, header, body);
  return folder;
}

/** A sound file whose tensors were renamed; undefined leaves a tensor out. */
function withNames(rename: (name: string) => string | undefined): string {
  const folder = copy('llama-grouped');
  const file = join(folder, 'model.safetensors');
  const { header, body } = readWeights(file);
  const renamed: Header = {};
  const pieces: Buffer[] = [];
  let end = 0;
  for (const [name, entry] of Object.entries(header)) {
    const to = rename(name);
    if (name === '__metadata__' || to === undefined) continue;
    const [from, until] = entry.data_offsets;
    renamed[to] = { ...entry, data_offsets: [end, end + until - from] };
    pieces.push(body.subarray(from, until));
    end += until - from;
  }
  writeWeights(file, renamed, Buffer.concat(pieces));
  return folder;
}

const rope = (settings: Fields): Fields => ({ rope_parameters: { rope_theta: 10000, ...settings } });

describe('config.json', () => {
  it.each<[string, string, Fields, string]>([
    ['an unknown architecture', 'llama-grouped', { model_type: 'mamba' }, 'mamba'],
    ['yarn', 'llama-grouped', rope({ rope_type: 'yarn', factor: 2 }), 'yarn'],
    ['dynamic', 'qwen2-plain', rope({ rope_type: 'dynamic', factor: 2 }), 'dynamic'],
    ['longrope', 'mistral-full', rope({ rope_type: 'longrope', factor: 2 }), 'longrope'],
    [
      'an old yarn',
      'llama-grouped',
      { rope_parameters: null, rope_scaling: { type: 'yarn', factor: 2 } },
      'yarn',
    ],
    ['partial rotary', 'llama-grouped', { partial_rotary_factor: 0.5 }, 'partial rotary'],
    ['partial rotary in place', 'llama-grouped', rope({ partial_rotary_factor: 0.5 }), 'partial rotary'],
    ['an unknown activation', 'llama-grouped', { hidden_act: 'mish' }, 'mish'],
    ['a size that no memory holds', 'llama-grouped', { vocab_size: 2 ** 40 }, 'vocab_size'],
    ['no layers', 'llama-grouped', { num_hidden_layers: 0 }, 'num_hidden_layers'],
    ['a negative size', 'qwen3-tied', { hidden_size: -24 }, 'hidden_size'],
    ['a size in words', 'gpt2-odd', { n_embd: 'big' }, 'n_embd'],
    ['heads that do not divide', 'gpt2-odd', { n_head: 4 }, 'n_embd'],
    ['groups that do not divide', 'llama-grouped', { num_key_value_heads: 3 }, 'num_key_value_heads'],
    ['an odd rotary head', 'qwen3-tied', { head_dim: 7 }, 'head_dim'],
    ['a negative epsilon', 'llama-grouped', { rms_norm_eps: -1 }, 'rms_norm_eps'],
    ['a layer type of another model', 'qwen3-layers', { layer_types: Array(3).fill('linear') }, 'linear'],
    ['too few layer types', 'qwen3-layers', { layer_types: ['full_attention'] }, 'layer_types'],
  ])('%s', async (_, name, change, named) => {
    await expect(openModel(withConfig(name, change))).rejects.toMatchObject({
      code: 'ERR_ARCHITECTURE',
      message: expect.stringContaining(named),
    });
  });

  it.each<[string, Fields, string]>([
    ['a wider layer than the weights', { intermediate_size: 24 }, 'mlp'],
    ['more layers than the weights', { num_hidden_layers: 3 }, 'layers.2.'],
    ['fewer layers than the weights', { num_hidden_layers: 1 }, 'layers.1.'],
    ['sizes past the file', { vocab_size: 2 ** 20 }, 'embed_tokens'],
  ])('%s', async (_, change, named) => {
    await expect(openModel(withConfig('llama-grouped', change))).rejects.toMatchObject({
      code: 'ERR_WEIGHTS',
      message: expect.stringContaining(named),
    });
  });
});

describe('weights', () => {
  const up = 'model.layers.1.mlp.up_proj.weight';

  it.each<[string, (name: string) => string | undefined, string]>([
    ['a missing tensor', (name) => (name === up ? undefined : name), up],
    [
      'an unexpected tensor',
      (name) => (name === 'lm_head.weight' ? 'model.extra.weight' : name),
      'model.extra',
    ],
    [
      'a tensor that only ends like a buffer',
      (name) => (name === 'lm_head.weight' ? 'battn.bias' : name),
      'battn',
    ],
  ])('%s', async (_, rename, named) => {
    await expect(openModel(withNames(rename))).rejects.toMatchObject({
      code: 'ERR_WEIGHTS',
      message: expect.stringContaining(named),
    });
  });

  it.each<[string, (header: Header) => void]>([
    ['another shape', (header) => header['model.norm.weight']!.shape.unshift(1)],
    ['integers', (header) => (header['model.norm.weight']!.dtype = 'I32')],
    ['bytes past the end', (header) => (header['model.norm.weight']!.data_offsets = [2 ** 40, 2 ** 40 + 96])],
    ['a negative range', (header) => (header['model.norm.weight']!.data_offsets = [96, 0])],
  ])('%s', async (_, change) => {
    await expect(openModel(withHeader(change))).rejects.toMatchObject({
      code: 'ERR_WEIGHTS',
      message: expect.stringContaining('model.norm.weight'),
    });
  });

  it('a truncated file', async () => {
    const folder = copy('llama-grouped');
    const file = join(folder, 'model.safetensors');
    const bytes = readFileSync(file);
    for (const length of [0, 7, 100, bytes.length - 1]) {
      writeFileSync(file, bytes.subarray(0, length));
      await expect(openModel(folder), `${length} bytes`).rejects.toMatchObject({ code: 'ERR_WEIGHTS' });
    }
  });

  it('a language model read from a folder without an unembedding', async () => {
    const folder = withNames((name) => (name === 'lm_head.weight' ? undefined : name));
    await expect(openModel(folder)).rejects.toMatchObject({ code: 'ERR_WEIGHTS' });
    const model = await openModel(folder, { head: 'classifier', labels: 2 });
    model.dispose();
  });
});
