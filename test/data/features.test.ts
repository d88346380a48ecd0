/** Tables of features that a user brings: what is read, and what a bad one is told. */
import { readFileSync } from 'node:fs';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { featuresOf, readFeatureTable } from '../../src/data/features.js';
import { encodeSafetensors, readSafetensors } from '../../src/data/safetensors.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { write } = temporaryFolder();

/** A file as Python's safetensors writes it: any dtype, from raw bytes. */
function raw(dtype: string, shape: number[], bytes: Uint8Array, metadata?: Record<string, string>): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      ...(metadata ? { __metadata__: metadata } : {}),
      features: { dtype, shape, data_offsets: [0, bytes.length] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes]);
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

describe('safetensors', () => {
  it('gives back what it wrote', async () => {
    const values = Float32Array.from([1, -2.5, 3e-9, 4, 5, 6]);
    const pieces = encodeSafetensors({ a: { shape: [2, 3], values } }, { ids: '["x"]' });
    const file = write('own.safetensors', Buffer.concat([...pieces]));
    const read = await readSafetensors(file);
    expect(read.metadata).toEqual({ ids: '["x"]' });
    expect(read.tensors.a).toEqual({ dtype: 'F32', shape: [2, 3], values });
    // The values begin at a multiple of 8, as readers that map the file want it.
    expect(Number(readFileSync(file).readBigUInt64LE(0)) % 8).toBe(0);
  });

  it('reads half, bfloat and double precision by their bits', async () => {
    const wanted = [1, -2, 65504, 2 ** -24, 0.333251953125];
    const f16 = Uint16Array.from([0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555]);
    const half = await readFeatureTable(write('f16.safetensors', raw('F16', [5, 1], bytesOf(f16))));
    expect([...half.values]).toEqual(wanted);
    const bf16 = Uint16Array.from([0x3f80, 0xc000, 0x7f7f, 0x3eab]);
    const brain = await readFeatureTable(write('bf16.safetensors', raw('BF16', [2, 2], bytesOf(bf16))));
    expect([...brain.values]).toEqual([1, -2, Math.fround(3.3895313892515355e38), 0.333984375]);
    const f64 = await readFeatureTable(
      write('f64.safetensors', raw('F64', [1, 2], bytesOf(Float64Array.from([0.1, 7])))),
    );
    expect([...f64.values]).toEqual([Math.fround(0.1), 7]);
  });

  it.each([
    ['short', Buffer.from('abc'), 'at least 8 bytes'],
    [
      'header',
      Buffer.concat([Buffer.from([255, 255, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
      'a header of at most 2',
    ],
    ['json', Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('nil')]), 'a JSON object'],
    ['cut', raw('F32', [2, 2], new Uint8Array(12)), '16 bytes for the tensor "features" of shape [2, 2]'],
    ['int', raw('I64', [1, 1], new Uint8Array(8)), 'F64, F32, F16, BF16'],
    ['flat', raw('F32', [2], new Uint8Array(8)), 'of shape [rows, dimension]'],
  ])('refuses a file that is broken: %s', async (name, content, message) => {
    const error = await errorOf(readFeatureTable(write(`${name}.safetensors`, content)));
    expect(error.code).toBe('ERR_DATA');
    expect(error.message).toContain(message);
    expect(error.message).toContain(`${name}.safetensors`);
  });
});

describe('a table of features', () => {
  const two = Float32Array.from([1, 2, 3, 4]);

  it('names rows by the metadata, or by their number', async () => {
    const named = await readFeatureTable(
      write('named.safetensors', raw('F32', [2, 2], bytesOf(two), { ids: '["a", 7]' })),
    );
    expect(named).toMatchObject({ ids: ['a', '7'], dimension: 2, values: two });
    const numbered = await readFeatureTable(write('numbered.safetensors', raw('F32', [2, 2], bytesOf(two))));
    expect(numbered.ids).toEqual(['1', '2']);
  });

  it('reads JSON Lines and Parquet alike', async () => {
    const lines = [
      { id: 'a', features: [1, 2] },
      { id: 'b', features: [3, 4] },
    ];
    const fromLines = await readFeatureTable(write('t.jsonl', jsonl(lines)));
    expect(fromLines).toMatchObject({ ids: ['a', 'b'], dimension: 2, values: two });
    const parquet = parquetWriteBuffer({
      columnData: [
        { name: 'id', data: ['a', 'b'], type: 'STRING' },
        { name: 'features', data: lines.map((line) => line.features), type: 'JSON' },
      ],
    });
    const fromParquet = await readFeatureTable(write('t.parquet', new Uint8Array(parquet)));
    expect(fromParquet).toMatchObject({ ids: ['a', 'b'], dimension: 2, values: two });
  });

  it('gives rows in the order that is asked for', async () => {
    const table = await readFeatureTable(
      write('order.safetensors', raw('F32', [2, 2], bytesOf(two), { ids: '["a","b"]' })),
    );
    const asked = [
      { id: 'b', row: 1 },
      { id: 'a', row: 2 },
      { id: 'b', row: 3 },
    ];
    expect([...featuresOf(table, asked, 'data.jsonl')]).toEqual([3, 4, 1, 2, 3, 4]);
    expect(() => featuresOf(table, [{ id: 'c', row: 4 }], 'data.jsonl')).toThrow(
      /order\.safetensors for id "c" \(data\.jsonl, line 4\) but received none/,
    );
  });

  it.each([
    ['no id', [{ features: [1] }], 'columns "id" and "features"'],
    ['blank id', [{ id: ' ', features: [1] }], 'field "id" in FILE, line 1'],
    [
      'an id twice',
      [
        { id: 'a', features: [1] },
        { id: 'a', features: [2] },
      ],
      '"a", which line 1 has',
    ],
    [
      'ragged',
      [
        { id: 'a', features: [1, 2] },
        { id: 'b', features: [2] },
      ],
      '2 numbers, as in the first row, for field "features" in FILE, line 2',
    ],
    [
      'not a number',
      [{ id: 'a', features: [1, null] }],
      'field "features[1]" in FILE, line 1, but received null',
    ],
    ['no list', [{ id: 'a', features: 3 }], 'a list of numbers for field "features" in FILE, line 1'],
  ])('names file, row and field: %s', async (name, rows, message) => {
    const file = write(`bad ${name}.jsonl`, jsonl(rows));
    const error = await errorOf(readFeatureTable(file));
    expect(error.code).toBe('ERR_DATA');
    expect(error.message).toContain(message.replace('FILE', file));
  });

  it('names the row of a NaN and of ids that do not fit', async () => {
    const nan = Float32Array.from([1, 2, 3, Number.NaN]);
    const bad = await errorOf(readFeatureTable(write('nan.safetensors', raw('F32', [2, 2], bytesOf(nan)))));
    expect(bad.message).toMatch(/finite number for field "features\[1\]" in .*nan\.safetensors, row 2/);
    const short = await errorOf(
      readFeatureTable(write('ids.safetensors', raw('F32', [2, 2], bytesOf(two), { ids: '["a"]' }))),
    );
    expect(short.message).toContain('a JSON array of 2 ids');
  });
});
