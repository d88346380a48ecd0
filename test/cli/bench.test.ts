/** `bench` as a person uses it, on a tiny model: its document, its tables, its errors. No speed is asserted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { BenchDocument, BenchRun } from '../../src/bench/document.js';
import { modelFlops } from '../../src/bench/flops.js';
import { executedProducts } from '../support/executedProducts.js';
import { temporaryWorld } from '../support/temporaryWorld.js';
import { run } from './run.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, world } = temporaryWorld();

const quick = ['--steps', '3', '--threads', '1', '--batch-size', '4', '--device', 'cpu'];

async function measured(...words: string[]): Promise<BenchDocument> {
  const ran = await run('bench', ...words, ...quick, '--json');
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as BenchDocument;
}

/** The tiny Llama of the weak model. */
function shapeOf(model: string) {
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as Record<string, number>;
  const heads = config.num_attention_heads ?? 0;
  const hiddenSize = config.hidden_size ?? 0;
  return {
    layers: config.num_hidden_layers ?? 0,
    hiddenSize,
    heads,
    kvHeads: config.num_key_value_heads ?? 0,
    headSize: hiddenSize / heads,
    mlpSize: config.intermediate_size ?? 0,
    mlpGated: true,
    windows: [],
    vocabulary: config.vocab_size ?? 0,
  };
}

const runsOf = ({ runs }: BenchDocument): [BenchRun, BenchRun] => {
  const [first, second] = runs;
  if (first === undefined || second === undefined) throw new Error('two runs expected');
  return [first, second];
};

describe('bench', () => {
  it('prints one document of both kinds of work, with the formula’s FLOPs', async () => {
    // Sixteens of rows: where rows are rounded up to them, none is added.
    const document = await measured('--model', world.weak, '--lengths', '7,9', '--no-share-prefixes');
    expect(document).toMatchObject({
      schema: 'w2s-native/bench@1',
      machine: { device: 'cpu', threads: 1, libtorch: expect.any(String) },
      kernels: [],
    });
    const [train, label] = runsOf(document);
    const common = { model: world.weak, family: 'llama', head: 'linear', dtype: 'f32', repetitions: 3 };
    const workload = { name: '7,9', examples: 4, sequences: 4, tokens: 32, longest: 9, truncated: 0 };
    expect(train).toMatchObject({ ...common, what: 'train', loss: 'xent', optimizer: 'adamw', workload });
    expect(label).toMatchObject({ ...common, what: 'label' });
    const pass = { lengths: [7, 9, 7, 9], readRows: 4, outputs: 2, training: true };
    const { total, products } = modelFlops(shapeOf(world.weak), pass);
    expect(train.flops).toMatchObject({ model: total, modelProducts: products });
    expect(train.flops.executedProducts).toBe(
      executedProducts(shapeOf(world.weak), { ...pass, readRows: 0 }, 4),
    );
    for (const { msPerStep, tokensPerSecond, mfu, peakMemory, parts, product } of [train, label]) {
      expect(msPerStep.low).toBeLessThanOrEqual(msPerStep.median);
      expect(msPerStep.high).toBeGreaterThanOrEqual(msPerStep.median);
      expect(tokensPerSecond.median).toBeGreaterThan(0);
      expect(mfu).toBeGreaterThan(0);
      expect(peakMemory).toMatchObject({ bytes: expect.any(Number), of: 'resident set' });
      expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 1);
      expect(product.measured.map(({ what }) => what)).toContain('square');
      expect(product.fastest.flopsPerSecond).toBeGreaterThanOrEqual(product.ofModel);
    }
  });

  it('counts the vocabulary of the language model', async () => {
    const [only] = (await measured('train', '--model', world.weak, '--lengths', '9', '--head', 'lm')).runs;
    const { vocabulary, ...shape } = shapeOf(world.weak);
    const pass = { lengths: [9, 9, 9, 9], readRows: 32, outputs: vocabulary, training: true };
    expect(only).toMatchObject({ head: 'lm', loss: 'lm', flops: { model: modelFlops(shape, pass).total } });
  });

  it('takes real rows by the tokenizer of the model, and every loss', async () => {
    const words = ['train', '--model', world.weak, '--data', world.weakData, '--loss', 'confidence'];
    const [only] = (await measured(...words, '--optimizer', 'muon')).runs;
    expect(only).toMatchObject({ loss: 'confidence', optimizer: 'muon', workload: { sequences: 4 } });
  });

  it('holds every kernel against its reference', async () => {
    const words = ['kernels', '--model', 'llama-23m', '--lengths', '6', '--seconds', '0.01'];
    const { kernels, runs } = await measured(...words);
    expect(runs).toEqual([]);
    expect(kernels.map(({ kernel }) => kernel)).toEqual([
      'attention',
      'layer norm with residual',
      'rms norm with residual',
      'bias and GELU',
      'SwiGLU',
      'residual',
      'rotate',
      'score',
      'confidence',
    ]);
    for (const { plainMs, fusedMs, speedup, gigabytesPerSecond } of kernels) {
      expect(speedup).toBeCloseTo(plainMs / fusedMs, 6);
      expect(gigabytesPerSecond).toBeGreaterThan(0);
    }
  });

  it('prints tables and the formula, and writes the document where it is asked to', async () => {
    const out = join(folder, 'bench.json');
    const ran = await run('bench', 'label', '--model', world.weak, '--lengths', '8', '--out', out, ...quick);
    expect(ran.code, ran.stderr).toBe(0);
    for (const text of [
      'ms a step',
      'tokens/s',
      'MFU',
      'share of the time',
      'GFLOP a step = 2 ×',
      '1 thread,',
    ]) {
      expect(ran.stdout.replaceAll('= (2', '= 2')).toContain(text);
    }
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ schema: 'w2s-native/bench@1' });
    expect(ran.stderr).toContain(`label ${world.weak}`);
  });

  it('says of --cuda-graphs how many backward passes were launched as a whole: none on a CPU', async () => {
    const words = ['train', '--model', world.weak, '--lengths', '8', '--cuda-graphs'];
    const [only] = (await measured(...words)).runs;
    expect(only).toMatchObject({ cudaGraphs: true, replays: 0 });
    const [plain] = (await measured(...words.slice(0, -1))).runs;
    expect(plain).not.toHaveProperty('replays');
    const { stdout } = await run('bench', ...words, ...quick);
    expect(stdout).toContain('CUDA graphs: 0 backward passes launched as a whole in 3 steps.');
  });

  it.each([
    [['swim'], /Expected train, label or kernels after bench but received swim/],
    [['--lengths', 'short', '--data', 'x.jsonl'], /one of --lengths and --dataset or --data/],
    [['--lengths', 'middling'], /short, long, token counts/],
    [['--head', 'lm', '--loss', 'entropy'], /no --loss with --head lm/],
    [['--steps', '1'], /a whole number from 3/],
    [['--model', 'gpt2-124m', '--data', 'x.jsonl'], /a model with a tokenizer/],
    [['kernels', '--model', 'chess-m'], /one of gpt2-124m, .* for --model of bench kernels/],
    [['--out', 'nowhere/at/all.json'], /a file that can be written for --out/],
  ])('refuses %j', async (words, message) => {
    const ran = await run('bench', ...words);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
    expect(ran.stdout).toBe('');
  });
});
