/**
 * safetensors as far as tables of numbers need it: 8 bytes of header length, a JSON header, raw little-endian
 * values (https://huggingface.co/docs/safetensors). Model weights are read and written by the addon; this is for
 * features and probes, which must be readable where no addon is. No package of npm's writes the format.
 */

import { open } from 'node:fs/promises';
import { W2sError } from '../errors.js';
import { displayPath } from './badRow.js';

/** One tensor to be written. */
export interface Tensor {
  /** Sizes of its dimensions, the outermost first. */
  shape: readonly number[];
  /** Row by row. */
  values: Float32Array;
}

/** One tensor of a file that was read. */
export interface ReadTensor extends Tensor {
  /** As the file holds it, such as `BF16`; the values are float32 all the same. */
  dtype: string;
}

export interface SafetensorsFile {
  /** Free words of the header. */
  metadata: Readonly<Record<string, string>>;
  tensors: Readonly<Record<string, ReadTensor>>;
}

/** A file's bytes, in pieces. Values are written as float32. */
export function* encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Values begin at a multiple of 8 bytes: blanks may end the header.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  yield length;
  yield padded;
  for (const { values } of Object.values(tensors)) {
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
}

/** Longest header that is read: what the format allows. */
const LONGEST_HEADER = 100_000_000;

/** How the values of a dtype become float32. */
const DECODERS: Readonly<Record<string, { bytes: number; decode(view: DataView, at: number): number }>> = {
  F64: { bytes: 8, decode: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, decode: (view, at) => view.getFloat32(at, true) },
  F16: { bytes: 2, decode: (view, at) => half(view.getUint16(at, true)) },
  BF16: { bytes: 2, decode: (view, at) => bfloat(view.getUint16(at, true)) },
};

/**
 * Reads the tensors of the given names, or all; of others only the header is looked at.
 * Throws ERR_DATA naming file and tensor where the file is no safetensors, is cut short, or holds another dtype.
 */
export async function readSafetensors(file: string, names?: readonly string[]): Promise<SafetensorsFile> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new W2sError(
      'ERR_NOT_FOUND',
      `Expected a safetensors file in ${displayPath(file)} but received none.`,
      {
        cause,
      },
    );
  });
  try {
    const { size } = await handle.stat();
    const bytes = async (from: number, count: number): Promise<Uint8Array> => {
      const piece = new Uint8Array(count);
      const { bytesRead } = await handle.read(piece, 0, count, from);
      if (bytesRead < count) throw broken(file, `${count} bytes from ${from}`, `${bytesRead}`);
      return piece;
    };
    if (size < 8) throw broken(file, 'at least 8 bytes', `${size}`);
    const length = Number(new DataView((await bytes(0, 8)).buffer).getBigUint64(0, true));
    if (length > Math.min(LONGEST_HEADER, size - 8)) {
      throw broken(file, `a header of at most ${Math.min(LONGEST_HEADER, size - 8)} bytes`, `${length}`);
    }
    const header = parseHeader(file, await bytes(8, length));
    const tensors: Record<string, ReadTensor> = {};
    for (const [name, entry] of Object.entries(header)) {
      if (name === '__metadata__' || (names && !names.includes(name))) continue;
      const { dtype, shape, from, to } = checkEntry(file, name, entry, size - 8 - length);
      tensors[name] = { dtype, shape, values: decode(dtype, await bytes(8 + length + from, to - from)) };
    }
    return { metadata: metadataOf(header), tensors };
  } finally {
    await handle.close();
  }
}

function parseHeader(file: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
      return header as Record<string, unknown>;
    }
  } catch {
    // Answered below, as any other header that is none.
  }
  throw broken(file, 'a JSON object for the header', 'another text');
}

function metadataOf(header: Readonly<Record<string, unknown>>): Record<string, string> {
  const { __metadata__: found } = header;
  if (typeof found !== 'object' || found === null) return {};
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, String(value)]));
}

interface Entry {
  dtype: string;
  shape: readonly number[];
  from: number;
  to: number;
}

function checkEntry(file: string, name: string, entry: unknown, size: number): Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize) || !Array.isArray(offsets) || !offsets.every(isSize)) {
    throw broken(file, `shape and data_offsets of the tensor "${name}"`, JSON.stringify(entry));
  }
  const decoder = DECODERS[String(dtype)];
  if (decoder === undefined) {
    throw broken(file, `${Object.keys(DECODERS).join(', ')} for the tensor "${name}"`, String(dtype));
  }
  const [from = 0, to = 0] = offsets as number[];
  const count = shape.reduce((product: number, one: number) => product * one, 1);
  if (to > size || to - from !== count * decoder.bytes) {
    throw broken(
      file,
      `${count * decoder.bytes} bytes for the tensor "${name}" of shape [${shape.join(', ')}]`,
      `${Math.max(0, Math.min(to, size) - from)}`,
    );
  }
  return { dtype: String(dtype), shape, from, to };
}

function decode(dtype: string, bytes: Uint8Array): Float32Array {
  const decoder = DECODERS[dtype];
  if (decoder === undefined) throw new TypeError(`no decoder for ${dtype}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.byteLength / decoder.bytes);
  for (let i = 0; i < values.length; i++) values[i] = decoder.decode(view, i * decoder.bytes);
  return values;
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const WORD = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function bfloat(bits: number): number {
  WORD.setUint32(0, bits << 16);
  return WORD.getFloat32(0);
}

function broken(file: string, expected: string, received: string): W2sError {
  return new W2sError('ERR_DATA', `Expected ${expected} in ${displayPath(file)} but received ${received}.`, {
    hint: 'Write it so: python -c \'from safetensors.numpy import save_file; save_file({"features": x}, "features.safetensors", {"ids": json.dumps(ids)})\'',
  });
}
