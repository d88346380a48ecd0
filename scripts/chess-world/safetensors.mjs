/** Writes a safetensors file of float32 or bfloat16 tensors. */
import { writeFileSync } from 'node:fs';

/** The upper halves of float32 numbers, rounded to nearest, ties to even. */
function toBfloat16(values) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
}

/** `tensors`: name → { shape, values: Float32Array of finite numbers }. `dtype`: F32 or BF16. */
export function writeSafetensors(file, tensors, dtype = 'F32') {
  const header = { __metadata__: { format: 'pt' } };
  const parts = [];
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const data = dtype === 'BF16' ? toBfloat16(values) : values;
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  let json = JSON.stringify(header);
  json += ' '.repeat((8 - (json.length % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([length, Buffer.from(json), ...parts]));
}
