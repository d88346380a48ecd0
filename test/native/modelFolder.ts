/** Model folders made to order: a golden one, changed where a test wants it broken. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goldenCase } from './fixtures.js';

export interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}
export type Header = Record<string, HeaderEntry | Record<string, string>>;

export interface Weights {
  header: Header;
  data: Buffer;
}

const SOURCE = goldenCase('llama-grouped').folder;
export const EMBEDDING = 'model.embed_tokens.weight';
export const NORM = 'model.norm.weight';

export function readWeights(file = join(SOURCE, 'model.safetensors')): Weights {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  return { header: JSON.parse(bytes.toString('utf8', 8, start)), data: bytes.subarray(start) };
}

/** A safetensors file around any header text, whether it fits or not. */
export function fileOf(header: Header | string | Buffer, data: Buffer): Buffer {
  const text = Buffer.isBuffer(header)
    ? header
    : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** Tensors that follow each other without gaps, as the format wants them. */
export function pack(tensors: Record<string, { dtype: string; shape: number[]; bytes: Buffer }>): Buffer {
  const header: Header = {};
  let at = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  return fileOf(header, Buffer.concat(Object.values(tensors).map(({ bytes }) => bytes)));
}

/** The golden weights, tensor by tensor. */
export function tensorsOf({ header, data }: Weights) {
  const tensors: Parameters<typeof pack>[0] = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets } = entry as HeaderEntry;
    tensors[name] = { dtype, shape, bytes: data.subarray(...data_offsets) };
  }
  return tensors;
}

/** Makes folders under one scratch folder; `remove` deletes them all. */
export function folderMaker() {
  const scratch = mkdtempSync(join(tmpdir(), 'w2s-'));
  let count = 0;
  return {
    /** A copy of the golden folder with these files put in its place; null removes one. */
    make(files: Record<string, string | Buffer | null>): string {
      const folder = join(scratch, `model-${count++}`);
      mkdirSync(folder);
      cpSync(SOURCE, folder, { recursive: true });
      for (const [name, content] of Object.entries(files)) {
        if (content === null) rmSync(join(folder, name), { force: true });
        else writeFileSync(join(folder, name), content);
      }
      return folder;
    },
    /** The golden config.json with these fields changed; undefined removes one. */
    config(fields: Record<string, unknown>): string {
      return JSON.stringify({ ...JSON.parse(readFileSync(join(SOURCE, 'config.json'), 'utf8')), ...fields });
    },
    remove: () => rmSync(scratch, { recursive: true }),
  };
}
