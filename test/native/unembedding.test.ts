/** A classifier that starts from rows of the unembedding, against the rows of the folder's own tensor. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.js';
import { binding, device, expectedOf, goldenCase, packed, ROOMY, relativeError } from './fixtures.js';

/** The unembedding of a folder, which is its embedding where the two are tied. */
async function unembedding(folder: string): Promise<{ rows: number; width: number; values: Float32Array }> {
  const file = join(folder, 'model.safetensors');
  if (!existsSync(file)) throw new Error(`no ${file}`);
  const { tensors } = await readSafetensors(file);
  const name = ['lm_head.weight', 'model.embed_tokens.weight', 'transformer.wte.weight', 'wte.weight'].find(
    (one) => tensors[one] !== undefined,
  );
  const found = tensors[name ?? ''];
  if (!found) throw new Error(`no unembedding in ${file}`);
  const [rows = 0, width = 0] = found.shape;
  return { rows, width, values: found.values };
}

describe.each(['gpt2-untied', 'gpt2-odd', 'llama-grouped', 'qwen3-tied'])('%s', (name) => {
  it('takes the rows of its answer tokens, in their order, and reads the last hidden state by them', async () => {
    const golden = goldenCase(name);
    const { rows, width, values } = await unembedding(golden.folder);
    const headTokens = Int32Array.from([rows - 1, 0, 5]);
    const model = await binding.loadModel({
      folder: golden.folder,
      device,
      dtype: 'f32',
      head: 'classifier',
      labels: 3,
      headTokens,
      threads: 1,
    });
    const head = await model.parameter('score.weight');
    expect(head.shape).toEqual([3, width]);
    const wanted = Array.from(headTokens, (token) => [
      ...values.subarray(token * width, (token + 1) * width),
    ]);
    expect([...head.values]).toEqual(wanted.flat());

    const sequences = packed(expectedOf(golden), 'cls');
    const { logits } = await model.score(sequences, ROOMY);
    const hidden = await model.hidden(sequences, ROOMY);
    const count = sequences.offsets.length - 1;
    const products = Array.from({ length: count }, (_, b) =>
      wanted.map((row) => row.reduce((sum, value, d) => sum + value * (hidden[b * width + d] as number), 0)),
    );
    expect(relativeError(logits, products.flat())).toBeLessThan(1e-5);
    model.dispose();
  });
});
