/** The document of `bench` as text. */
import type { BenchDocument, BenchKernel, BenchMachine, BenchRun } from '../bench/document.js';
import type { Spread } from '../bench/statistics.js';
import { type Column, type Paint, PLAIN, textTable } from '../report/index.js';
import { compact, percent } from './measures.js';

const RUN_COLUMNS: readonly Column[] = [
  { title: 'what' },
  { title: 'model' },
  { title: 'lengths' },
  { title: 'tokens a step', align: 'right' },
  { title: 'ms a step', align: 'right' },
  { title: 'tokens/s', align: 'right' },
  { title: 'examples/s', align: 'right' },
  { title: 'peak memory', align: 'right' },
  { title: 'MFU', align: 'right' },
];

const KERNEL_COLUMNS: readonly Column[] = [
  { title: 'kernel' },
  { title: 'size', align: 'right' },
  { title: 'plain, ms', align: 'right' },
  { title: 'fused, ms', align: 'right' },
  { title: 'plain ÷ fused', align: 'right' },
  { title: 'GB/s', align: 'right' },
];

/** Tables of speeds and parts, and what MFU is here. */
export function benchReport(document: BenchDocument, paint: Paint = PLAIN): string {
  const { machine, runs, kernels } = document;
  const sections = [machineLine(machine)];
  if (runs.length > 0) {
    sections.push(textTable(RUN_COLUMNS, runs.map(runRow), paint));
    sections.push('Medians of the repetitions after the warm-up, quartiles in brackets.');
    sections.push(partsTable(runs, paint));
    sections.push(...runs.map((run) => formula(run)), MFU_WORDS);
  }
  if (kernels.length > 0) {
    sections.push(textTable(KERNEL_COLUMNS, kernels.map(kernelRow), paint), KERNEL_WORDS);
  }
  return `${sections.join('\n\n')}\n`;
}

function machineLine(machine: BenchMachine): string {
  const { cpu, device, deviceName, threads, libtorch, cpuCapability, float32Products } = machine;
  const where = device === 'cpu' ? cpu : `${device} (${deviceName ?? 'unknown'})`;
  return `${where}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, libtorch ${libtorch}, ${cpuCapability}, f32 products by ${float32Products}`;
}

function runRow(run: BenchRun): string[] {
  return [
    run.what,
    run.model,
    run.workload.name,
    compact(run.workload.tokens),
    spreadText(run.msPerStep, milliseconds),
    spreadText(run.tokensPerSecond, compact),
    compact(run.examplesPerSecond.median),
    bytesText(run.peakMemory.bytes),
    percent(run.mfu),
  ];
}

const spreadText = ({ median, low, high }: Spread, format: (value: number) => string): string =>
  `${format(median)} (${format(low)}–${format(high)})`;

const milliseconds = (ms: number): string =>
  ms < 10 ? ms.toFixed(2) : ms < 1000 ? ms.toFixed(1) : ms.toFixed(0);

const bytesText = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

/** One column a run; parts that took nothing anywhere are left out. */
function partsTable(runs: readonly BenchRun[], paint: Paint): string {
  const columns: Column[] = [
    { title: 'share of the time' },
    ...runs.map(({ what, model }): Column => ({ title: `${what} ${model}`, align: 'right' })),
  ];
  const names = runs[0]?.parts.map(({ part }) => part) ?? [];
  const rows = names
    .map(
      (name) => [name, runs.map(({ parts }) => parts.find(({ part }) => part === name)?.share ?? 0)] as const,
    )
    .filter(([, shares]) => shares.some((share) => share > 0))
    .map(([name, shares]) => [name, ...shares.map(percent)]);
  return textTable(columns, rows, paint);
}

function formula({
  what,
  model,
  head,
  repetitions,
  replays,
  flops,
  msPerStep,
  product,
  mfu,
  executedUtilisation,
}: BenchRun): string {
  const { fastest, ofModel } = product;
  const passes = what === 'train' ? '3 × ' : '';
  const readout =
    head === 'lm' ? 'target tokens × hidden size × vocabulary' : 'sequences × hidden size × 2 classes';
  return [
    `${what} ${model}: ${giga(flops.model)} GFLOP a step = ${passes}(2 × tokens × weights of all blocks’ matrices + 2 × ${readout}) ${giga(flops.modelProducts)} + attention ${giga(flops.modelAttention)}.`,
    `  ${giga(flops.model)} GFLOP in ${milliseconds(msPerStep.median)} ms, by ${giga(fastest.flopsPerSecond)} GFLOP/s of the fastest product (${fastest.what}, ${fastest.m} × ${fastest.k} × ${fastest.n}): MFU ${percent(mfu)}.`,
    `  Executed: products of ${giga(flops.executedProducts)} GFLOP a step, ${percent(executedUtilisation)} of that rate. The model’s own products by themselves: ${giga(ofModel)} GFLOP/s.`,
    ...(replays === undefined
      ? []
      : [`  CUDA graphs: ${replays} backward passes launched as a whole in ${repetitions} steps.`]),
  ].join('\n');
}

function giga(value: number): string {
  const billions = value / 1e9;
  return billions >= 100 ? billions.toFixed(0) : billions.toPrecision(3);
}

const MFU_WORDS =
  'MFU = model FLOPs a second ÷ FLOPs a second of the fastest matrix product of this run. Model FLOPs count every real token in every matrix that is\n' +
  'used, and causal attention; what is padded, left out or shared counts nothing. Executed FLOPs are those of the products that were run.';

function kernelRow({ kernel, shape, plainMs, fusedMs, speedup, gigabytesPerSecond }: BenchKernel): string[] {
  return [
    kernel,
    shape,
    kernelMs(plainMs),
    kernelMs(fusedMs),
    speedup.toFixed(2),
    gigabytesPerSecond.toPrecision(3),
  ];
}

const kernelMs = (ms: number): string => (ms < 0.1 ? ms.toPrecision(2) : ms.toFixed(2));

const KERNEL_WORDS =
  'Forward and backward together, medians. Plain: the reference in ATen. GB/s: what must be read and written at least, by the fused kernel’s time.';
