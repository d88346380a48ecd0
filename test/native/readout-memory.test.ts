/** The memory of a vocabulary's read-out does not grow with the tokens that are read. */
import { afterAll, expect, it } from 'vitest';
import { peakMemory, resetPeakMemory } from '../../src/bench/memory.js';
import { device, openModel, trainer } from './fixtures.js';
import { folderMaker, pack, readWeights, tensorsOf } from './modelFolder.js';

const VOCABULARY = 50_000;
const LENGTH = 50;
const MIB = 2 ** 20;
const folders = folderMaker();
afterAll(() => folders.remove());

/** The golden model with a large vocabulary of small numbers, which embedding and unembedding share. */
function largeVocabulary(): string {
  const { 'lm_head.weight': _, ...tensors } = tensorsOf(readWeights());
  const columns = tensors['model.embed_tokens.weight']?.shape[1] ?? 0;
  const values = Float32Array.from({ length: VOCABULARY * columns }, (_, i) => Math.sin(i) / 10);
  const embedding = { dtype: 'F32', shape: [VOCABULARY, columns], bytes: Buffer.from(values.buffer) };
  return folders.make({
    'config.json': folders.config({ vocab_size: VOCABULARY, tie_word_embeddings: true }),
    'model.safetensors': pack({ ...tensors, 'model.embed_tokens.weight': embedding }),
  });
}

it.skipIf(device !== 'cpu')('trains and scores 3,000 tokens in the memory of a few hundred', async () => {
  const model = await openModel(largeVocabulary());
  const run = trainer(model, { microBatchTokens: 1 << 20 });
  const growth = async (texts: number) => {
    const batch = {
      tokens: Int32Array.from({ length: texts * LENGTH }, (_, i) => (i * 7919) % VOCABULARY),
      offsets: Int32Array.from({ length: texts + 1 }, (_, i) => i * LENGTH),
    };
    resetPeakMemory();
    const before = peakMemory();
    await run.forwardBackward(batch, { loss: 'lm' });
    await run.step({ lr: 1e-4, headLr: 1e-4 });
    await model.score(batch, { microBatchTokens: 1 << 20, readout: 'lm' });
    return peakMemory() - before;
  };
  await growth(8);
  const grown = await growth(60);
  // All logits at once are 600 MB, and their gradients as much.
  expect(4 * VOCABULARY * 60 * LENGTH).toBeGreaterThan(500 * MIB);
  expect(grown).toBeLessThan(200 * MIB);
  run.dispose();
  model.dispose();
});
