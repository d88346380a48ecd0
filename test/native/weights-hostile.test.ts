/**
 * Weights and configurations that are damaged, incomplete or made to do harm: each gives a typed error that
 * names the tensor, field or file, before memory is taken.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel } from './fixtures.js';
import {
  EMBEDDING,
  fileOf,
  folderMaker,
  type Header,
  NORM,
  pack,
  readWeights,
  tensorsOf,
} from './modelFolder.js';

const folders = folderMaker();
const weights = readWeights();
const whole = fileOf(weights.header, weights.data);

afterAll(() => folders.remove());

// Loading once makes libtorch take what it takes, so that the check below sees the files alone.
beforeAll(async () => (await openModel(folders.make({}))).dispose());

async function expectFailure(folder: string, code: string, message: RegExp): Promise<void> {
  const before = process.memoryUsage().rss;
  await expect(openModel(folder)).rejects.toMatchObject({
    name: 'W2sError',
    code,
    message: expect.stringMatching(message),
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
}

/** The header with one tensor's description changed. */
function describing(name: string, fields: object): Header {
  return { ...weights.header, [name]: { ...weights.header[name], ...fields } } as Header;
}

describe('a file that is', () => {
  const text = JSON.stringify(weights.header);
  const short = Buffer.alloc(8);
  short.writeBigUInt64LE(0xffff_ffff_ffff_ffffn);
  const cases: [string, Buffer | string, RegExp][] = [
    ['empty', '', /model\.safetensors.* empty/],
    ['shorter than its length', 'abc', /8 bytes.*model\.safetensors.* 3/],
    [
      'a header that is longer than the file',
      fileOf(text, Buffer.alloc(0)).subarray(0, 100),
      /a file of 100 bytes/,
    ],
    ['a header of 2^64 - 1 bytes', Buffer.concat([short, whole]), /64 MiB.*18446744073709551615/],
    ['an empty header', fileOf('', weights.data), /JSON header/],
    ['no JSON', fileOf('<html>', weights.data), /JSON header/],
    ['cut in its JSON', fileOf(text.slice(0, 200), weights.data), /header of .*model\.safetensors/],
    ['a list', fileOf('[]', weights.data), /JSON header/],
    ['nested without end', fileOf(`{"a":${'['.repeat(100_000)}`, weights.data), /64 levels/],
    ['not UTF-8', fileOf(Buffer.from('{"\xff":1}', 'latin1'), weights.data), /UTF-8/],
    [
      'the same name twice',
      fileOf(`{"a":1,${text.slice(1, -1)},"${NORM}":1}`.replace('"a":1,', ''), weights.data),
      /once.*model\.norm\.weight/,
    ],
    ['cut in its data', whole.subarray(0, whole.length - 10), /within the file's|bytes of data/],
    ['longer than its header says', Buffer.concat([whole, Buffer.alloc(4)]), /bytes of data/],
    ['all zeros', Buffer.alloc(4096), /JSON header/],
    ['a pickle', Buffer.concat([Buffer.from([0x80, 2, 0x8a, 10]), Buffer.alloc(100, 0x41)]), /64 MiB|header/],
  ];
  for (const [name, bytes, message] of cases) {
    it(name, () => expectFailure(folders.make({ 'model.safetensors': bytes }), 'ERR_WEIGHTS', message));
  }
});

it('reads numbers that are not aligned, as a header of odd length leaves them', async () => {
  const tensors = tensorsOf(weights);
  const values = [0, 1, -2, 0.5];
  const halves = Buffer.alloc(48);
  for (let i = 0; i < 24; i++) halves.writeUInt16LE([0, 0x3f80, 0xc000, 0x3f00][i % 4]!, i * 2); // bfloat16
  const bytes = pack({ ...tensors, [NORM]: { dtype: 'BF16', shape: [24], bytes: halves } });
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = bytes.toString('utf8', 8, start);
  for (const blanks of [0, 1, 2, 3]) {
    const file = fileOf(header + ' '.repeat(blanks), bytes.subarray(start));
    const model = await openModel(folders.make({ 'model.safetensors': file }));
    expect(Array.from((await model.parameter(NORM)).values)).toEqual(
      Array.from({ length: 24 }, (_, i) => values[i % 4]),
    );
    model.dispose();
  }
});

describe('a tensor with', () => {
  const of = /model\.embed_tokens\.weight/;
  const cases: [string, object | string, RegExp][] = [
    ['an unknown type', { dtype: 'F8_E4M3' }, /dtype of .*F8_E4M3/],
    ['a number for a type', { dtype: 7 }, /dtype of/],
    ['no shape', { shape: undefined }, /`shape`/],
    ['a negative extent', { shape: [-53, -24] }, /shape of .*-53/],
    ['half a row', { shape: [52.5, 24] }, /shape of .*52\.5/],
    ['an extent beyond 2^53', { shape: [1e30, 24] }, /shape of/],
    ['a shape that overflows', { shape: [2 ** 40, 2 ** 40] }, /as many bytes as the shape needs/],
    ['a shape that wraps around to its size', { shape: [2 ** 62, 4, 1272] }, /as many bytes|shape/],
    ['a petabyte', { shape: [2 ** 25, 2 ** 25] }, /as many bytes as the shape needs/],
    ['a hundred dimensions', { shape: new Array(100).fill(1) }, /16 dimensions/],
    ['one offset', { data_offsets: [0] }, /data_offsets/],
    ['a negative offset', { data_offsets: [-5088, 0] }, /data_offsets/],
    ['its end before its begin', { data_offsets: [10176, 5088] }, /data_offsets/],
    ['its end past the file', { data_offsets: [5088, 2 ** 50] }, /data_offsets/],
    ['too few bytes', { data_offsets: [5088, 10000] }, /as many bytes as the shape needs/],
    ['a text for offsets', { data_offsets: 'all' }, /data_offsets/],
  ];
  for (const [name, fields, message] of cases) {
    it(name, async () => {
      const folder = folders.make({
        'model.safetensors': fileOf(describing(EMBEDDING, fields as object), weights.data),
      });
      await expectFailure(folder, 'ERR_WEIGHTS', message);
      await expectFailure(folder, 'ERR_WEIGHTS', of);
    });
  }

  it('the bytes of another', async () => {
    const overlap = describing(EMBEDDING, { data_offsets: [0, 5088] });
    await expectFailure(
      folders.make({ 'model.safetensors': fileOf(overlap, weights.data) }),
      'ERR_WEIGHTS',
      /overlaps/,
    );
  });

  it('a gap before it', async () => {
    const bytes = fileOf({ x: { dtype: 'U8', shape: [1], data_offsets: [1, 2] } }, Buffer.alloc(2));
    await expectFailure(folders.make({ 'model.safetensors': bytes }), 'ERR_WEIGHTS', /`x`.* gap/);
  });

  it('a description that is no object', async () => {
    const bytes = fileOf({ ...weights.header, [NORM]: 3 } as never, weights.data);
    await expectFailure(folders.make({ 'model.safetensors': bytes }), 'ERR_WEIGHTS', /model\.norm\.weight/);
  });
});

describe('weights with', () => {
  const floats = (count: number) => Buffer.alloc(count * 4);

  it('a missing tensor', async () => {
    const { [NORM]: _, ...rest } = tensorsOf(weights);
    await expectFailure(
      folders.make({ 'model.safetensors': pack(rest) }),
      'ERR_WEIGHTS',
      /model\.norm\.weight/,
    );
  });

  it('an unexpected tensor', async () => {
    const extra = { dtype: 'F32', shape: [2], bytes: floats(2) };
    const bytes = pack({ ...tensorsOf(weights), 'model.layers.0.adapter.weight': extra });
    await expectFailure(
      folders.make({ 'model.safetensors': bytes }),
      'ERR_WEIGHTS',
      /model\.layers\.0\.adapter\.weight/,
    );
  });

  it('a layer too many', async () => {
    const folder = folders.make({ 'config.json': folders.config({ num_hidden_layers: 1 }) });
    await expectFailure(folder, 'ERR_WEIGHTS', /model\.layers\.1\./);
  });

  it('a wrong shape', async () => {
    const bytes = pack({ ...tensorsOf(weights), [NORM]: { dtype: 'F32', shape: [25], bytes: floats(25) } });
    await expectFailure(
      folders.make({ 'model.safetensors': bytes }),
      'ERR_WEIGHTS',
      /\[24\].*model\.norm\.weight.*\[25\]/,
    );
  });

  it('a transposed shape', async () => {
    const tensors = tensorsOf(weights);
    const embedding = { ...tensors[EMBEDDING]!, shape: [24, 53] };
    await expectFailure(
      folders.make({ 'model.safetensors': pack({ ...tensors, [EMBEDDING]: embedding }) }),
      'ERR_WEIGHTS',
      /\[53, 24\].*\[24, 53\]/,
    );
  });
});

describe('a folder', () => {
  it('that is not there', () => expectFailure(join(folders.make({}), 'nowhere'), 'ERR_WEIGHTS', /nowhere/));

  it('without weights', () =>
    expectFailure(folders.make({ 'model.safetensors': null }), 'ERR_WEIGHTS', /model\.safetensors.*neither/));

  it('with a pickle only, which is never read', async () => {
    const folder = folders.make({ 'model.safetensors': null, 'pytorch_model.bin': 'pickle' });
    await expectFailure(folder, 'ERR_WEIGHTS', /pytorch_model\.bin/);
    await expect(openModel(folder)).rejects.toMatchObject({
      hint: expect.stringContaining('save_pretrained'),
    });
  });

  it('whose weights are a folder', () => {
    const folder = folders.make({ 'model.safetensors': null });
    mkdirSync(join(folder, 'model.safetensors'));
    return expectFailure(folder, 'ERR_WEIGHTS', /folder, pipe or device/);
  });

  it('whose weights are a named pipe, without waiting for it', () => {
    const folder = folders.make({ 'model.safetensors': null });
    execFileSync('mkfifo', [join(folder, 'model.safetensors')]);
    return expectFailure(folder, 'ERR_WEIGHTS', /folder, pipe or device/);
  });
});

describe('shards', () => {
  const tensors = tensorsOf(weights);
  const names = Object.keys(tensors);
  const pick = (chosen: string[]) => pack(Object.fromEntries(chosen.map((name) => [name, tensors[name]!])));
  const [first, second] = [names.slice(0, 9), names.slice(9)];
  const map = (entries: Record<string, unknown>) => JSON.stringify({ metadata: {}, weight_map: entries });
  const goodMap = {
    ...Object.fromEntries(first.map((name) => [name, 'a.safetensors'])),
    ...Object.fromEntries(second.map((name) => [name, 'b.safetensors'])),
  };
  const sharded = (files: Record<string, string | Buffer | null>) =>
    folders.make({
      'model.safetensors': null,
      'a.safetensors': pick(first),
      'b.safetensors': pick(second),
      'model.safetensors.index.json': map(goodMap),
      ...files,
    });

  it('load when they are right', async () => {
    const model = await openModel(sharded({}));
    expect((await model.parameter(NORM)).shape).toEqual([24]);
    model.dispose();
  });

  for (const name of [
    '../a.safetensors',
    '/etc/passwd',
    'x/a.safetensors',
    '..',
    '',
    'a\\b.safetensors',
    'a\0.safetensors',
    'a.bin',
    '.a.safetensors',
  ]) {
    it(`may not be called ${JSON.stringify(name)}`, () => {
      const index = map({ ...goodMap, [NORM]: name });
      return expectFailure(
        sharded({ 'model.safetensors.index.json': index }),
        'ERR_WEIGHTS',
        /file name of the same folder.*index\.json/,
      );
    });
  }

  const cases: [string, Record<string, string | Buffer | null>, RegExp][] = [
    ['that lack a file', { 'b.safetensors': null }, /b\.safetensors/],
    [
      'that lack a tensor of the index',
      { 'a.safetensors': pick(first.slice(1)) },
      new RegExp(first[0]!.replaceAll('.', '\\.')),
    ],
    [
      'that hold a tensor twice',
      { 'b.safetensors': pick([first[0]!, ...second]) },
      /one shard.*a\.safetensors.*b\.safetensors/,
    ],
    ['with a broken index', { 'model.safetensors.index.json': '{"weight_map":' }, /index\.json/],
    ['with an index without a map', { 'model.safetensors.index.json': '{}' }, /weight_map/],
    ['with an empty map', { 'model.safetensors.index.json': map({}) }, /weight_map/],
    [
      'with a number for a file',
      { 'model.safetensors.index.json': map({ [NORM]: 1 }) },
      /model\.norm\.weight/,
    ],
  ];
  for (const [name, files, message] of cases) {
    it(`are refused ${name}`, () => expectFailure(sharded(files), 'ERR_WEIGHTS', message));
  }
});

describe('config.json', () => {
  const expectRefusal = (files: Record<string, string | null>, message: RegExp) =>
    expect(openModel(folders.make(files))).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(WEIGHTS|ARCHITECTURE)$/),
      message: expect.stringMatching(message),
    });

  const texts: [string, string | null, RegExp][] = [
    ['missing', null, /config\.json/],
    ['empty', '', /config\.json/],
    ['broken', '{"model_type": "llama",', /config\.json, line 1/],
    ['a list', '[]', /config\.json|model_type/],
    ['with a field twice', '{"model_type":"llama","model_type":"gpt2"}', /once.*model_type/],
  ];
  for (const [name, text, message] of texts) {
    it(name, () => expectRefusal({ 'config.json': text }, message));
  }

  const fields: [string, Record<string, unknown>, RegExp][] = [
    ['an unknown model_type', { model_type: 'mamba' }, /mamba/],
    ['no model_type', { model_type: undefined }, /model_type/],
    ['a number for model_type', { model_type: 3 }, /model_type/],
    ['no layers', { num_hidden_layers: 0 }, /num_hidden_layers/],
    ['negative layers', { num_hidden_layers: -1 }, /num_hidden_layers/],
    ['a billion layers', { num_hidden_layers: 1e9 }, /num_hidden_layers|model\.layers\./],
    ['a text for a size', { hidden_size: 'big' }, /hidden_size/],
    ['half a size', { hidden_size: 24.5 }, /hidden_size/],
    ['a size beyond int64', { hidden_size: 1e30 }, /hidden_size/],
    ['a huge vocabulary', { vocab_size: 2 ** 50 }, /vocab_size|embed_tokens/],
    ['no heads', { num_attention_heads: 0 }, /num_attention_heads/],
    ['heads that do not share out', { num_key_value_heads: 3 }, /num_key_value_heads/],
    ['an odd head size', { head_dim: 5 }, /head_dim|q_proj/],
    ['a negative epsilon', { rms_norm_eps: -1 }, /rms_norm_eps/],
    ['an unknown activation', { hidden_act: 'tanhshrink' }, /tanhshrink/],
    ['an unsupported rope', { rope_parameters: { rope_type: 'yarn', rope_theta: 1e4, factor: 2 } }, /yarn/],
    ['a rope of no base', { rope_parameters: { rope_type: 'default', rope_theta: 0 } }, /rope_theta/],
    ['a list for rope', { rope_parameters: [1] }, /rope_parameters/],
    ['no context', { max_position_embeddings: 0 }, /max_position_embeddings/],
  ];
  for (const [name, changed, message] of fields) {
    it(`with ${name}`, () => expectRefusal({ 'config.json': folders.config(changed) }, message));
  }
});
