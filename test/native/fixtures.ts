/** Reads test/golden (made by scripts/golden) and compares numbers with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  AnswerVocabulary,
  HeadKind,
  NativeModel,
  NativeTrainerOptions,
  PackedSequences,
} from '../../src/native/binding.js';
import { loadBinding, resolveDevice } from '../../src/native/index.js';

const GOLDEN = fileURLToPath(new URL('../golden/', import.meta.url));

export interface FixtureTensor {
  shape: number[];
  values: Float32Array | Int32Array;
}
export type FixtureTensors = Map<string, FixtureTensor>;

export interface Manifest {
  kind: 'case' | 'variant' | 'losses' | 'generation' | 'answers' | 'linear' | 'training' | 'curves';
  what?: string;
  base?: string;
  family: string;
  labels?: number;
}

export interface Golden {
  name: string;
  /** The Hugging Face folder. */
  folder: string;
  manifest: Manifest;
}

/** Float32 and int32 tensors of a safetensors file: an 8-byte length, a JSON header, the bytes. */
export function readSafetensors(file: string): FixtureTensors {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> =
    JSON.parse(bytes.toString('utf8', 8, start));
  const tensors: FixtureTensors = new Map();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const copy = Uint8Array.from(bytes.subarray(start + data_offsets[0], start + data_offsets[1])).buffer;
    if (dtype !== 'F32' && dtype !== 'I32') throw new Error(`${file}: ${name} is ${dtype}`);
    tensors.set(name, { shape, values: dtype === 'F32' ? new Float32Array(copy) : new Int32Array(copy) });
  }
  return tensors;
}

function goldens(kind: Manifest['kind']): Golden[] {
  const found = readdirSync(GOLDEN).map((name) => ({
    name,
    folder: join(GOLDEN, name, 'model'),
    manifest: JSON.parse(readFileSync(join(GOLDEN, name, 'manifest.json'), 'utf8')) as Manifest,
  }));
  return found.filter(({ manifest }) => manifest.kind === kind);
}

export const goldenCases = goldens('case');
export const goldenVariants = goldens('variant');

export function goldenCase(name: string): Golden {
  const found = goldenCases.find((golden) => golden.name === name);
  if (!found) throw new Error(`no golden case ${name}`);
  return found;
}

export function expectedOf(golden: Golden): FixtureTensors {
  return readSafetensors(join(GOLDEN, golden.name, 'expected.safetensors'));
}

/** A JSON document: `losses`, `generation`, `answers`, `linear`, `training` or `curves`. */
export function goldenDocument<T>(name: string): T {
  return JSON.parse(readFileSync(join(GOLDEN, name, `${name}.json`), 'utf8')) as T;
}

export function floats(tensors: FixtureTensors, name: string): Float32Array {
  const values = tensors.get(name)?.values;
  if (!(values instanceof Float32Array)) throw new Error(`no float tensor ${name}`);
  return values;
}

export function ints(tensors: FixtureTensors, name: string): Int32Array {
  const values = tensors.get(name)?.values;
  if (!(values instanceof Int32Array)) throw new Error(`no integer tensor ${name}`);
  return values;
}

/** The packed sequences `cls` or `text`. */
export function packed(tensors: FixtureTensors, prefix: 'cls' | 'text'): PackedSequences {
  return { tokens: ints(tensors, `${prefix}.tokens`), offsets: ints(tensors, `${prefix}.offsets`) };
}

/** The texts as completions: only what follows each prompt is a target. */
export function completions(tensors: FixtureTensors): PackedSequences {
  return { ...packed(tensors, 'text'), targetStarts: ints(tensors, 'text.target_starts') };
}

/** Sequences laid end to end. */
export function packOf(sequences: readonly (readonly number[])[]): PackedSequences {
  const offsets = [0];
  for (const sequence of sequences) offsets.push(offsets[offsets.length - 1]! + sequence.length);
  return { tokens: Int32Array.from(sequences.flat()), offsets: Int32Array.from(offsets) };
}

/** Sequences in another order. */
export function reordered(sequences: PackedSequences, order: readonly number[]): PackedSequences {
  const pieces = order.map((i) =>
    Array.from(sequences.tokens.subarray(sequences.offsets[i], sequences.offsets[i + 1])),
  );
  const offsets = [0];
  for (const piece of pieces) offsets.push(offsets[offsets.length - 1]! + piece.length);
  const starts = sequences.targetStarts;
  return {
    tokens: Int32Array.from(pieces.flat()),
    offsets: Int32Array.from(offsets),
    ...(starts ? { targetStarts: Int32Array.from(order, (i) => starts[i]!) } : {}),
  };
}

/** max |a − b| / max |b|. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    const here = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(here)) return here;
    difference = Math.max(difference, here);
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return difference / largest;
}

export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** ‖g − g*‖ / (‖g*‖ + 1e-6 · ‖all g*‖). */
export function gradientError(found: ArrayLike<number>, reference: ArrayLike<number>, all: number): number {
  if (found.length !== reference.length) return Number.POSITIVE_INFINITY;
  return norm(Array.from(reference, (value, i) => found[i]! - value)) / (norm(reference) + 1e-6 * all);
}

export const binding = await loadBinding();
export const { device } = await resolveDevice(process.env.W2S_TEST_DEVICE ?? 'auto');
/** All of a fixture's tokens in one micro-batch. */
export const ROOMY = { microBatchTokens: 4096 };

export interface OpenOptions {
  head?: HeadKind;
  labels?: number;
  dtype?: 'f32' | 'bf16';
  headTokens?: Int32Array;
  vocabulary?: AnswerVocabulary;
  deterministic?: boolean;
  reference?: boolean;
  attentionOverOffsets?: boolean;
}

export function openModel(folder: string, options: OpenOptions = {}): Promise<NativeModel> {
  const defaults = { head: 'lm', dtype: 'f32' } as const;
  return binding.loadModel({ folder, device, threads: 1, ...defaults, ...options });
}

/** A classifier whose head holds these weights [labels, D]. */
export async function openClassifier(
  folder: string,
  labels: number,
  head: Float32Array,
  dtype: 'f32' | 'bf16' = 'f32',
): Promise<NativeModel> {
  const model = await openModel(folder, { head: 'classifier', labels, dtype });
  await model.setParameter('score.weight', head);
  return model;
}

export function trainer(model: NativeModel, options: Partial<NativeTrainerOptions> = {}) {
  return binding.createTrainer(model, { optimizer: 'adamw', weightDecay: 0, clip: 1, ...ROOMY, ...options });
}
