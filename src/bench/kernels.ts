/** `bench kernels`: each kernel of a decoder by itself, our loops against the reference in ATen. */
import type { BenchConfig } from '../config/bench.js';
import { stream } from '../data/index.js';
import { W2sError } from '../errors.js';
import type { KernelRun, NativeTensor } from '../native/kernels.js';
import type { Engine } from '../steps/context.js';
import type { BenchKernel } from './document.js';
import { throwIfStopped } from './measure.js';
import { SHAPE_NAMES, type ShapeSizes, shapeSizes } from './shapes.js';
import { spreadOf } from './statistics.js';
import { readLengths, syntheticWorkload, trainingBatch } from './workload.js';

/** What a kernel is given, and how many numbers it reads and writes at least, forward and backward. */
interface KernelCase {
  name: string;
  run: Pick<KernelRun, 'kernel' | 'inputs'> & Partial<KernelRun>;
  /** For people. */
  shape: string;
  elements: number;
}

/** Sizes of the kernels' inputs. */
interface Sizes extends ShapeSizes {
  /** N: rows of one optimizer batch. */
  rows: number;
  /** Examples of one batch. */
  examples: number;
}

/** Rows of a chunk of the vocabulary read-out. */
const CHUNK = 64;

/** Measurements of each; plain and fused take turns. */
const ROUNDS = 5;

/** Measures every kernel at the sizes of one optimizer batch of a shape. */
export async function benchKernels(
  engine: Engine,
  config: BenchConfig,
  { signal, onProgress }: { signal: AbortSignal; onProgress(line: string): void },
): Promise<BenchKernel[]> {
  const measured: BenchKernel[] = [];
  for (const one of await casesOf(engine, config)) {
    throwIfStopped(signal);
    onProgress(`kernel ${one.name} on ${engine.device}`);
    measured.push(await measure(engine, config, one));
  }
  return measured;
}

async function measure(
  { binding, device, threads }: Engine,
  { dtype, seconds: budget }: BenchConfig,
  { name, run, shape, elements }: KernelCase,
): Promise<BenchKernel> {
  const seconds = async (implementation: KernelRun['implementation'], repetitions: number) => {
    const options = { ...run, implementation, device, dtype, threads, repetitions };
    const { forwardSeconds, backwardSeconds } = await binding.runKernel(options);
    return forwardSeconds + backwardSeconds;
  };
  const ours = device === 'cpu' ? 'cpu' : 'cuda';
  const repetitionsFor = async (implementation: KernelRun['implementation']) => {
    const once = await seconds(implementation, 2);
    return Math.min(10_000, Math.max(1, Math.ceil(budget / (2 * ROUNDS) / Math.max(once, 1e-9))));
  };
  const counts = { plain: await repetitionsFor('plain'), fused: await repetitionsFor(ours) };
  const plain: number[] = [];
  const fused: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(await seconds('plain', counts.plain));
    fused.push(await seconds(ours, counts.fused));
  }
  const plainMs = 1000 * spreadOf(plain).median;
  const fusedMs = 1000 * spreadOf(fused).median;
  const bytes = elements * (dtype === 'bf16' && name !== 'score' && name !== 'confidence' ? 2 : 4);
  return {
    kernel: name,
    shape,
    dtype,
    plainMs,
    fusedMs,
    speedup: plainMs / fusedMs,
    gigabytesPerSecond: bytes / 1e6 / fusedMs,
  };
}

async function casesOf({ binding }: Engine, config: BenchConfig): Promise<KernelCase[]> {
  const [model = ''] = config.models;
  const known = shapeSizes(model);
  if (known === undefined) throw notAShape(model);
  const info = {
    vocabularySize: known.vocabulary,
    contextLength: known.context,
    atLeast: config.batchSize,
  };
  const lengths = config.lengths ?? 'short';
  const workload = syntheticWorkload(lengths, await readLengths(lengths), info);
  const batch = trainingBatch(workload, 0, config.batchSize, 'all');
  const rows = batch.tokens.length;
  const [packed] = binding.packMicroBatches(batch, { reading: 'last-token', microBatchTokens: rows });
  const sizes = { ...known, rows, examples: config.batchSize };
  return [
    ...(packed === undefined ? [] : [attentionCase(sizes, packed.all)]),
    ...loopCases(sizes),
    ...readoutCases(sizes),
  ];
}

function notAShape(model: string): W2sError {
  return new W2sError(
    'ERR_USAGE',
    `Expected one of ${SHAPE_NAMES.join(', ')} for --model of bench kernels but received ${model}.`,
    { hint: 'Try: npx w2s-native bench kernels --model gpt2-124m' },
  );
}

function attentionCase({ rows, hidden, heads }: Sizes, layout: NonNullable<KernelRun['layout']>): KernelCase {
  const size = hidden / heads;
  const inputs = Object.fromEntries(
    ['q', 'k', 'v'].map((name) => [name, random(name, rows, heads, size)] as const),
  );
  return {
    name: 'attention',
    run: {
      kernel: 'attention',
      layout,
      scale: 1 / Math.sqrt(size),
      inputs: { ...inputs, dOut: random('dOut', rows, hidden) },
    },
    shape: `${rows} × ${heads} × ${size}`,
    // q, k, v and out; then q, k, v, out and d out, and three gradients.
    elements: 12 * rows * hidden,
  };
}

/** What runs over rows, number by number. */
function loopCases({ rows, hidden, heads, mlp }: Sizes): KernelCase[] {
  const x = random('x', rows, hidden);
  const wide = random('wide', rows, mlp);
  const size = hidden / heads;
  const angles = random('angles', rows, size / 2);
  const norm = (kind: 'layer' | 'rms'): KernelCase => ({
    name: `${kind} norm with residual`,
    run: {
      kernel: 'norm',
      norm: kind,
      inputs: {
        x,
        delta: x,
        deltaBias: random('bias', hidden),
        weight: random('weight', hidden),
        ...(kind === 'layer' ? { bias: random('norm bias', hidden) } : {}),
        dY: x,
        dX: x,
      },
    },
    shape: `${rows} × ${hidden}`,
    // x, delta → x, y; then x, d y, d x → d x.
    elements: 8 * rows * hidden,
  });
  return [
    norm('layer'),
    norm('rms'),
    {
      name: 'bias and GELU',
      run: {
        kernel: 'activation',
        activation: 'gelu-tanh',
        inputs: { x: wide, bias: random('mlp bias', mlp), dY: wide },
      },
      shape: `${rows} × ${mlp}`,
      elements: 5 * rows * mlp,
    },
    {
      name: 'SwiGLU',
      run: { kernel: 'gated', inputs: { gateUp: random('gate', rows, 2 * mlp), dY: wide } },
      shape: `${rows} × ${2 * mlp}`,
      elements: 8 * rows * mlp,
    },
    {
      name: 'residual',
      run: { kernel: 'residual', inputs: { x, delta: x, bias: random('bias', hidden) } },
      shape: `${rows} × ${hidden}`,
      elements: 3 * rows * hidden,
    },
    {
      name: 'rotate',
      run: {
        kernel: 'rotate',
        inputs: { x: random('heads', rows, heads, size), cos: angles, sin: angles },
      },
      shape: `${rows} × ${heads} × ${size}`,
      elements: 2 * rows * hidden,
    },
  ];
}

/** What is read from the last hidden states. */
function readoutCases({ vocabulary, examples }: Sizes): KernelCase[] {
  return [
    {
      name: 'score',
      run: {
        kernel: 'score',
        inputs: { logits: random('logits', CHUNK, vocabulary), dLogProbs: random('dLogProbs', CHUNK) },
        targets: Int32Array.from({ length: CHUNK }, (_, i) => (i * 7919) % vocabulary),
      },
      shape: `${CHUNK} × ${vocabulary}`,
      elements: 2 * CHUNK * vocabulary,
    },
    {
      name: 'confidence',
      run: {
        kernel: 'confidence',
        alpha: 0.5,
        threshold: 'half',
        inputs: { logits: random('pairs', examples, 2), targets: labels(examples) },
      },
      shape: `${examples} × 2`,
      elements: 6 * examples,
    },
  ];
}

/** Seeded numbers between −1 and 1. */
function random(name: string, ...shape: number[]): NativeTensor {
  const source = stream(0, 'bench-kernels', name);
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, () => source.uint32() / 2 ** 31 - 1);
  return { shape: Int32Array.from(shape), values };
}

/** Weak labels of two classes. */
function labels(examples: number): NativeTensor {
  const positive = random('labels', examples).values.map((value) => (value + 1) / 2);
  const values = new Float32Array(2 * examples);
  for (const [i, value] of positive.entries()) values.set([1 - value, value], 2 * i);
  return { shape: Int32Array.of(examples, 2), values };
}
