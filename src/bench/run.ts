/** `bench`: how fast this machine trains and labels, and where the time goes. */
import { cpus } from 'node:os';
import type { BenchConfig } from '../config/bench.js';
import { packageVersion } from '../config/packageVersion.js';
import { W2sError } from '../errors.js';
import { loadEngine } from '../execution/context.js';
import { resolveModel } from '../models/index.js';
import type { NativeModel } from '../native/binding.js';
import type { NativeProfile, ProfilePart } from '../native/measuring.js';
import type { Engine } from '../steps/context.js';
import type { BenchDocument, BenchMachine, BenchRun, MeasuredPart, ProductReference } from './document.js';
import { benchKernels } from './kernels.js';
import { type Length, type Repetition, type Timed, timed, warmUp } from './measure.js';
import { peakMemory, resetPeakMemory } from './memory.js';
import { measureProducts } from './product.js';
import { SHAPE_NAMES, shapeFolder } from './shapes.js';
import { spreadOf } from './statistics.js';
import { CLASSES, labellingWork, trainingWork, type Work } from './work.js';
import { dataWorkload, readLengths, syntheticWorkload, type Workload } from './workload.js';

export interface BenchOptions {
  signal: AbortSignal;
  /** Told in a line what is measured next. */
  onProgress(line: string): void;
}

/** Repetitions before the clock runs. */
const WARM_UP = 2;

/** Measures what the configuration names, one after the other. Throws ERR_ABORTED once the signal is set. */
export async function runBench(config: BenchConfig, options: BenchOptions): Promise<BenchDocument> {
  const engine = await loadEngine(config, {});
  const runs: BenchRun[] = [];
  const kernels = config.what.includes('kernels') ? await benchKernels(engine, config, options) : [];
  for (const name of config.models) {
    for (const what of config.what) {
      if (what === 'kernels') continue;
      options.onProgress(`${what} ${name} on ${engine.device}, ${engine.threads} threads`);
      runs.push(await measureModel(engine, config, { what, name }, options.signal));
    }
  }
  return { schema: 'w2s-native/bench@1', machine: machineOf(engine), runs, kernels };
}

function machineOf({ binding, device, threads }: Engine): BenchMachine {
  const { builtFor, cpuCapability, float32Products } = binding.buildInfo();
  const gpu =
    device === 'cpu' ? undefined : binding.cudaDevices().find(({ index }) => `cuda:${index}` === device);
  return {
    version: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    threads,
    device,
    ...(gpu === undefined ? {} : { deviceName: gpu.name }),
    libtorch: builtFor,
    cpuCapability,
    float32Products,
  };
}

interface Subject {
  what: 'train' | 'label';
  name: string;
}

async function measureModel(
  engine: Engine,
  config: BenchConfig,
  subject: Subject,
  signal: AbortSignal,
): Promise<BenchRun> {
  const { what, name } = subject;
  const isShape = SHAPE_NAMES.includes(name);
  if (isShape && config.lengths === undefined) throw withoutTokenizer(name);
  const folder = isShape ? await shapeFolder(name) : (await resolveModel(name)).folder;
  const place = { engine, config, what, folder };
  const onCpu = engine.device === 'cpu';
  const pass = await onePass(place, { ...config, signal }, onCpu);
  // On a GPU the parts cost time: each ends by waiting for it. There they are measured apart.
  const { profile, timed: profiled } = onCpu
    ? pass
    : await onePass(place, { steps: 5, seconds: 0, signal }, true);
  const { info, workload, product } = pass;
  return {
    what,
    model: name,
    family: info.family,
    parameters: info.parameters,
    dtype: config.dtype,
    head: config.head,
    ...(what === 'train'
      ? { loss: config.head === 'lm' ? 'lm' : config.loss, optimizer: config.optimizer }
      : {}),
    microBatchTokens: config.microBatchTokens,
    sharePrefixes: config.sharePrefixes,
    ...(what === 'train' ? { cudaGraphs: config.cudaGraphs } : {}),
    ...(what === 'train' && config.cudaGraphs ? { replays: pass.replays } : {}),
    workload: describe(workload, pass.timed.repetitions),
    warmUp: WARM_UP,
    ...speedOf(pass.timed),
    peakMemory: pass.memory,
    parts: partsOf(profile, profiled),
    ...utilisation(pass.timed, profile.productFlops / profiled.repetitions.length, product),
  };
}

function withoutTokenizer(name: string): W2sError {
  return new W2sError(
    'ERR_USAGE',
    `Expected a model with a tokenizer for --dataset or --data but received ${name}, a shape with random weights.`,
    { hint: `Try: npx w2s-native bench --model ${name} --lengths short` },
  );
}

interface Place {
  engine: Engine;
  config: BenchConfig;
  what: 'train' | 'label';
  folder: string;
}

interface Pass {
  info: NativeModel['info'];
  workload: Workload;
  timed: Timed;
  /** Backward passes of the repetitions that were launched as a whole. */
  replays: number;
  memory: BenchRun['peakMemory'];
  profile: NativeProfile;
  product: ProductReference;
}

/** Loads the model, warms up, measures products and repetitions, and frees it again. */
async function onePass(
  { engine, config, what, folder }: Place,
  length: Length,
  profile: boolean,
): Promise<Pass> {
  const { binding, device, threads } = engine;
  const { dtype, deterministic } = config;
  const head =
    config.head === 'lm' ? { head: 'lm' as const } : { head: 'classifier' as const, labels: CLASSES };
  const model = await binding.loadModel({ folder, device, dtype, ...head, threads, deterministic, profile });
  let work: Work | undefined;
  try {
    const { info } = model;
    const workload = await workloadFor(config, model, folder);
    work =
      what === 'train'
        ? trainingWork(engine, model, workload, config)
        : labellingWork(model, workload, config);
    const { start } = work;
    await warmUp(WARM_UP, start, length.signal);
    await resetPeak(engine);
    await model.resetProfile();
    const replaysBefore = work.replays();
    const measured = await timed(WARM_UP, start, length);
    const replays = work.replays() - replaysBefore;
    const found = await model.profile();
    const memory = await peakOf(engine);
    const rows = Math.min(
      config.microBatchTokens,
      Math.round(mean(measured.repetitions.map(({ size }) => size.tokens))),
    );
    const product = await measureProducts(binding, info, {
      device,
      threads,
      dtype,
      rows,
      training: what === 'train',
    });
    return { info, workload, timed: measured, replays, memory, profile: found, product };
  } finally {
    work?.dispose();
    model.dispose();
  }
}

async function workloadFor(config: BenchConfig, { info }: NativeModel, folder: string): Promise<Workload> {
  const { lengths } = config;
  if (lengths === undefined) return dataWorkload(config, folder, info.contextLength);
  const list = await readLengths(lengths);
  const perExample = mean(list.map((one) => one.lengths.reduce((sum, length) => sum + length, 0)));
  // Enough for some steps, and for some calls that fill a micro-batch, without a text that was there before.
  const atLeast = Math.ceil(8 * Math.max(config.batchSize, config.microBatchTokens / perExample));
  return syntheticWorkload(lengths, list, { ...info, atLeast });
}

async function resetPeak({ binding, device }: Engine): Promise<void> {
  if (device === 'cpu') resetPeakMemory();
  else await binding.deviceMemory(device, true);
}

async function peakOf({ binding, device }: Engine): Promise<BenchRun['peakMemory']> {
  if (device === 'cpu') return { bytes: peakMemory(), of: 'resident set' };
  return { bytes: (await binding.deviceMemory(device, false)).peak, of: 'device' };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function describe(workload: Workload, repetitions: readonly Repetition[]): BenchRun['workload'] {
  const sizes = repetitions.map(({ size }) => size);
  return {
    name: workload.name,
    examples: mean(sizes.map(({ examples }) => examples)),
    sequences: mean(sizes.map(({ sequences }) => sequences)),
    tokens: mean(sizes.map(({ tokens }) => tokens)),
    longest: Math.max(...sizes.map(({ longest }) => longest)),
    truncated: workload.truncated,
  };
}

type Speed = Pick<
  BenchRun,
  'repetitions' | 'msPerStep' | 'tokensPerSecond' | 'examplesPerSecond' | 'cpuMsPerStep'
>;

function speedOf({ repetitions, cpuSeconds }: Timed): Speed {
  const over = (value: (one: Repetition) => number) => spreadOf(repetitions.map(value));
  return {
    repetitions: repetitions.length,
    msPerStep: over(({ seconds }) => seconds * 1000),
    tokensPerSecond: over(({ seconds, size }) => size.tokens / seconds),
    examplesPerSecond: over(({ seconds, size }) => size.examples / seconds),
    cpuMsPerStep: (cpuSeconds * 1000) / repetitions.length,
  };
}

const total = ({ repetitions }: Timed): number => repetitions.reduce((sum, { seconds }) => sum + seconds, 0);

/** Each part of an average repetition, and what no part covers. */
function partsOf({ parts }: NativeProfile, measured: Timed): MeasuredPart[] {
  const whole = total(measured);
  const covered = Object.values(parts).reduce((sum, seconds) => sum + seconds, 0);
  const all: [MeasuredPart['part'], number][] = [
    ...(Object.entries(parts) as [ProfilePart, number][]),
    ['other', Math.max(0, whole - covered)],
  ];
  return all.map(([part, seconds]) => ({
    part,
    ms: (seconds * 1000) / measured.repetitions.length,
    share: seconds / whole,
  }));
}

/** @param executed products of an average repetition, as the engine counted them */
function utilisation(
  measured: Timed,
  executed: number,
  product: ProductReference,
): Pick<BenchRun, 'flops' | 'product' | 'mfu' | 'executedUtilisation'> {
  const { repetitions } = measured;
  const modelProducts = mean(repetitions.map(({ size }) => size.products));
  const modelAttention = mean(repetitions.map(({ size }) => size.attention));
  const rate = spreadOf(repetitions.map(({ size, seconds }) => (size.products + size.attention) / seconds));
  const { flopsPerSecond } = product.fastest;
  return {
    flops: {
      model: modelProducts + modelAttention,
      modelProducts,
      modelAttention,
      executedProducts: executed,
    },
    product,
    mfu: rate.median / flopsPerSecond,
    executedUtilisation: (executed * repetitions.length) / total(measured) / flopsPerSecond,
  };
}
