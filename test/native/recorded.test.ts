/**
 * Training steps that are recorded and replayed (CUDA graphs). On the CPU a replay runs the same code over the memory
 * that was recorded, with attention that knows lengths from the offsets alone: whatever a pass took from anywhere else
 * would be that of the batch that was recorded.
 */
import { describe, expect, it } from 'vitest';
import type {
  NativeModel,
  NativeObjective,
  NativeTrainer,
  PackedSequences,
} from '../../src/native/binding.js';
import { binding, device, goldenCase, openModel, packOf, relativeError, trainer } from './fixtures.js';

const SIZES = [5, 6, 4, 6, 5, 3, 6];
const RATES = { lr: 1e-3, headLr: 1e-2 };
const cases = ['llama-grouped', 'gpt2-odd', 'mistral-narrow', 'qwen3-layers'];

/** Texts of 2 to 8 tokens, no two of one batch with a beginning in common. */
function textsOf(step: number, count: number): PackedSequences {
  return packOf(
    Array.from({ length: count }, (_, i) =>
      Array.from({ length: 2 + ((step * 5 + i * 3) % 7) }, (_, j) => (i * 7 + j * 3 + step) % 40),
    ),
  );
}

function targetsOf(step: number, count: number): Float32Array {
  return Float32Array.from({ length: 2 * count }, (_, k) => {
    const positive = ((step + (k >> 1)) % 5) / 4;
    return k % 2 === 1 ? positive : 1 - positive;
  });
}

const model = (folder: string, offsets: boolean): Promise<NativeModel> =>
  openModel(folder, { head: 'classifier', labels: 2, ...(offsets ? { attentionOverOffsets: true } : {}) });

interface Way {
  microBatchTokens?: number;
  failAfterTokens?: number;
  sharePrefixes?: boolean;
  failRecording?: number;
}

interface Found {
  losses: number[];
  norms: number[];
  logits: number[];
  replays: number;
  records: boolean;
  budget: number;
}

/** A few steps. */
async function run(
  folder: string,
  recorded: boolean,
  objective: (targets: Float32Array) => NativeObjective,
  { microBatchTokens = 1 << 16, ...way }: Way = {},
): Promise<Found> {
  const own = await model(folder, recorded);
  const steps = trainer(own, { microBatchTokens, cudaGraphs: recorded, ...way });
  const losses: number[] = [];
  const norms: number[] = [];
  const logits: number[] = [];
  for (const [step, count] of SIZES.entries()) {
    const found = await steps.forwardBackward(textsOf(step, count), objective(targetsOf(step, count)));
    losses.push(found.loss);
    logits.push(...found.logits);
    norms.push((await steps.step(RATES)).gradNorm);
  }
  const { replays, records, microBatchTokens: budget } = steps;
  for (const handle of [steps, own]) handle.dispose();
  return { losses, norms, logits, replays, records, budget };
}

const objectives: [string, (targets: Float32Array) => NativeObjective][] = [
  ['xent', (targets) => ({ loss: 'xent', targets })],
  ['confidence', (targets) => ({ loss: 'confidence', alpha: 0.5, threshold: 'half', targets })],
];

describe.each(cases)('%s', (name) => {
  const { folder } = goldenCase(name);
  it.each(objectives)('%s: replayed steps give what others give', async (_, objective) => {
    const [plain, replayed] = [await run(folder, false, objective), await run(folder, true, objective)];
    expect(relativeError(replayed.losses, plain.losses)).toBeLessThan(1e-5);
    expect(relativeError(replayed.norms, plain.norms)).toBeLessThan(1e-4);
    expect(relativeError(replayed.logits, plain.logits)).toBeLessThan(1e-4);
    expect(plain.replays).toBe(0);
    // All batches are of one shape: the first is computed in it, the others are replays. Some heads and windows are
    // nothing for a GPU's kernels, and are computed by plain ones.
    const all = SIZES.length - 1;
    expect(device === 'cpu' ? [all] : [0, all]).toContain(replayed.replays);
  });
});

describe('recorded steps', () => {
  const { folder } = goldenCase('llama-grouped');
  const xent = (targets: Float32Array): NativeObjective => ({ loss: 'xent', targets });

  it('add up over micro-batches, of which the first overwrites gradients and the others add to them', async () => {
    const way = { microBatchTokens: 24 };
    const [plain, replayed] = [await run(folder, false, xent, way), await run(folder, true, xent, way)];
    expect(relativeError(replayed.losses, plain.losses)).toBeLessThan(1e-5);
    expect(relativeError(replayed.norms, plain.norms)).toBeLessThan(1e-4);
    expect(replayed.replays).toBeGreaterThan(SIZES.length);
  });

  it('are recorded in smaller micro-batches after memory ran out', async () => {
    const way = { failAfterTokens: 30 };
    const [plain, replayed] = [await run(folder, false, xent), await run(folder, true, xent, way)];
    expect(relativeError(replayed.losses, plain.losses)).toBeLessThan(1e-5);
    expect(relativeError(replayed.norms, plain.norms)).toBeLessThan(1e-4);
    expect(replayed.replays).toBeGreaterThan(0);
  });

  it.each(['forward', 'backward'])('end where memory runs out while a %s half is recorded', async (half) => {
    const way = { failRecording: half === 'forward' ? 1 : 2 };
    const [plain, failed] = [await run(folder, false, xent), await run(folder, true, xent, way)];
    expect(relativeError(failed.losses, plain.losses)).toBeLessThan(1e-5);
    expect(relativeError(failed.norms, plain.norms)).toBeLessThan(1e-4);
    expect([failed.replays, failed.records]).toEqual([0, false]);
    // It was the recording that needed the memory: micro-batches stay as they are.
    expect(failed.budget).toBe(plain.budget);
  });

  it('leave batches alone that share much of their beginnings, kernels that take no offsets, and language models', async () => {
    const replays = async (open: Promise<NativeModel>, work: (run: NativeTrainer) => Promise<unknown>) => {
      const own = await open;
      const steps = trainer(own, { cudaGraphs: true, sharePrefixes: true });
      for (let step = 0; step < 3; step++) {
        await work(steps);
        await steps.step(RATES);
      }
      const found = steps.replays;
      for (const handle of [steps, own]) handle.dispose();
      return found;
    };
    const shared = packOf([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 6],
    ]);
    const targets = targetsOf(0, 2);
    const classify = (batch: PackedSequences) => (steps: NativeTrainer) =>
      steps.forwardBackward(batch, { loss: 'xent', targets });
    expect(await replays(model(folder, true), classify(textsOf(0, 2)))).toBe(2);
    expect(await replays(model(folder, true), classify(shared))).toBe(0);
    const longer = Array.from({ length: 30 }, (_, i) => 7 + i);
    const little = packOf([
      [1, 2, 3, 4, 5, ...longer],
      [1, 2, 3, 4, ...longer],
    ]);
    expect(await replays(model(folder, true), classify(little))).toBe(2);
    if (device === 'cpu') expect(await replays(model(folder, false), classify(textsOf(0, 2)))).toBe(0);
    const whole = openModel(folder, { attentionOverOffsets: true });
    expect(await replays(whole, (steps) => steps.forwardBackward(textsOf(0, 2), { loss: 'lm' }))).toBe(0);
  });

  describe('for a loss of the caller', () => {
    const name = 'model.layers.0.mlp.up_proj.weight';

    /** Five steps with and without recording, side by side; what `between` does comes between the halves. */
    async function steps(
      way: { failRecording?: number },
      between: (step: number, trainers: NativeTrainer[]) => Promise<'go on' | 'next'>,
    ): Promise<number> {
      const models = [await model(folder, false), await model(folder, true)];
      const trainers = models.map((own, i) => trainer(own, i === 0 ? {} : { cudaGraphs: true, ...way }));
      const each = <T>(work: (one: NativeTrainer) => Promise<T>) => Promise.all(trainers.map(work));
      for (let step = 0; step < 5; step++) {
        const [logits, others] = await each((one) => one.forward(textsOf(step, 5)));
        // A fresh head gives zeros.
        expect(relativeError([1, ...others!], [1, ...logits!])).toBeLessThan(1e-5);
        if ((await between(step, trainers)) === 'next') continue;
        const gradient = logits!.map((value, k) => value / 3 + k / 10);
        await each((one) => one.backward(gradient));
        const [found, other] = await each((one) => one.gradient(name));
        expect(relativeError([1, ...other!], [1, ...found!])).toBeLessThan(1e-5);
        const norms = await each((one) => one.step(RATES));
        expect(relativeError([norms[1]!.gradNorm], [norms[0]!.gradNorm])).toBeLessThan(1e-5);
      }
      const { replays } = trainers[1]!;
      for (const handle of [...trainers, ...models]) handle.dispose();
      return replays;
    }

    it('are replayed', async () => expect(await steps({}, async () => 'go on')).toBe(4));

    it('are made again where a backward pass never came', async () =>
      expect(await steps({}, async (step) => (step === 1 ? 'next' : 'go on'))).toBe(3));

    it('end where memory runs out while the backward half is recorded', async () =>
      expect(await steps({ failRecording: 2 }, async () => 'go on')).toBe(0));

    it('are not recorded where somebody has looked at a gradient between the halves', async () => {
      const look = async (step: number, trainers: NativeTrainer[]) => {
        if (step === 1) for (const one of trainers) await one.gradient(name);
        return 'go on' as const;
      };
      expect(await steps({}, look)).toBe(3);
    });
  });
});

describe('fixed shapes', () => {
  const pack = (texts: number[][], context = 1024) =>
    binding.packMicroBatches(packOf(texts), {
      reading: 'last-token',
      microBatchTokens: 1 << 20,
      fixedShapeContext: context,
    })[0]!;
  const text = (length: number) => Array.from({ length }, (_, i) => 1 + (i % 7));

  it('hold every batch of nearly the same size, in arrays of the same size', () => {
    const shapes = new Set<string>();
    for (let step = 0; step < 200; step++) {
      const texts = Array.from({ length: 32 }, (_, i) => text(8 + ((step * 13 + i * 7) % 29)));
      const tokens = texts.reduce((sum, { length }) => sum + length, 0);
      const { tokens: rows, longest, bytes, read, all, paddingRows, reads } = pack(texts);
      expect(rows.length - paddingRows).toBe(tokens);
      expect(rows.length % 64).toBe(0);
      expect(paddingRows).toBeGreaterThan(0);
      expect(paddingRows).toBeLessThanOrEqual(64);
      expect(all.keyOffsets.length - 1).toBe(33);
      expect(reads.length).toBe(33);
      expect(read.keyRows).toBeUndefined();
      for (const { keyOffsets } of [all, read]) {
        const lengths = Array.from(keyOffsets.subarray(1), (end, i) => end - keyOffsets[i]!);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(longest!);
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(rows.length);
      }
      shapes.add(`${rows.length} ${longest} ${bytes}`);
    }
    expect(shapes.size).toBeLessThanOrEqual(4);
  });

  it('add less than a sixteenth to large batches, and are not made for larger ones', () => {
    for (const count of [17, 40, 100, 150]) {
      const { tokens, paddingRows } = pack(Array.from({ length: count }, () => text(53)));
      expect(paddingRows).toBeLessThanOrEqual(tokens.length / 16);
    }
    expect(pack(Array.from({ length: 200 }, () => text(53))).longest).toBeUndefined();
  });

  it('are not made where filling up would take a longer text than the model reads', () => {
    const texts = Array.from({ length: 16 }, () => text(4));
    expect(pack(texts, 63).longest).toBeUndefined();
    expect(pack(texts, 64).longest).toBe(64);
    expect(pack(texts.slice(1), 32).longest).toBe(64);
  });
});
