import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFile } from '../../src/config/fileHash.js';
import { listModels, resolveModel } from '../../src/models/index.js';
import { errorOf, temporaryFolder } from '../data/support.js';

const { write, folder } = temporaryFolder();

/** A safetensors file of one tensor; what it computes matters to nobody here. */
function safetensors(values: number): Uint8Array {
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: 'F32', shape: [values, 2], data_offsets: [0, values * 8] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(values * 8)]);
}

function model(name: string, config: Record<string, unknown> = {}, values = 3): string {
  write(
    `${name}/config.json`,
    JSON.stringify({ model_type: 'llama', max_position_embeddings: 40, ...config }),
  );
  write(`${name}/model.safetensors`, safetensors(values));
  write(`${name}/tokenizer.json`, '{}');
  return join(folder, name);
}

describe('a model', () => {
  it('is built in, or a folder', async () => {
    model('assets/models/chess-xs');
    process.env.W2S_ASSETS = join(folder, 'assets');
    const builtIn = await resolveModel('chess-xs');
    expect(builtIn).toMatchObject({
      name: 'chess-xs',
      builtIn: true,
      family: 'llama',
      contextLength: 40,
      parameters: 6,
    });
    const local = await resolveModel(model('local'));
    expect(local).toMatchObject({
      builtIn: false,
      folder: join(folder, 'local'),
      contentHash: builtIn.contentHash,
    });
    const names = (await listModels()).map(({ name, from }) => [name, from]);
    expect(names).toEqual([['chess-xs', 'built-in']]);
  });

  it('is named by the content of the files that decide, and by nothing else', async () => {
    const one = await resolveModel(model('one'));
    write('one/README.md', 'words');
    expect((await resolveModel(join(folder, 'one'))).contentHash).toBe(one.contentHash);
    expect((await resolveModel(model('two', {}, 4))).contentHash).not.toBe(one.contentHash);
    expect((await resolveModel(model('three', { rms_norm_eps: 1 }))).contentHash).not.toBe(one.contentHash);
  });

  it('brings class names where it has a head, or names that say something', async () => {
    const of = async (name: string, config: Record<string, unknown>): Promise<unknown> =>
      (await resolveModel(model(name, config))).label2id;
    const classifier = { architectures: ['LlamaForSequenceClassification'] };
    expect(await of('l1', {})).toBeUndefined();
    expect(await of('l2', { label2id: { LABEL_0: 0, LABEL_1: 1 } })).toBeUndefined();
    expect(await of('l3', { ...classifier })).toEqual({ LABEL_0: 0, LABEL_1: 1 });
    expect(await of('l4', { ...classifier, id2label: { '1': 'pos', '0': 'neg' } })).toEqual({
      neg: 0,
      pos: 1,
    });
    expect(await of('l5', { label2id: { pos: 1, neg: 0 } })).toEqual({ neg: 0, pos: 1 });
  });

  it('takes the context of its class where its config has none', async () => {
    const gpt2 = await resolveModel(
      model('gpt2', { model_type: 'gpt2', max_position_embeddings: undefined }),
    );
    expect(gpt2.contextLength).toBe(1024);
    const given = { model_type: 'gpt2', max_position_embeddings: undefined, n_positions: 64 };
    expect((await resolveModel(model('gpt2-64', given))).contextLength).toBe(64);
  });

  it.each([
    [
      'no config',
      (name: string): void => rmSync(join(folder, name, 'config.json')),
      'ERR_WEIGHTS',
      /config\.json/,
    ],
    ['broken config', (name: string) => write(`${name}/config.json`, '{'), 'ERR_WEIGHTS', /config\.json/],
    [
      'another family',
      (name: string) => write(`${name}/config.json`, '{"model_type": "lama"}'),
      'ERR_ARCHITECTURE',
      /nearest: llama/,
    ],
    [
      'a bad context',
      (name: string) =>
        write(`${name}/config.json`, '{"model_type": "llama", "max_position_embeddings": -1}'),
      'ERR_WEIGHTS',
      /received -1/,
    ],
    [
      'pickled weights',
      (name: string) => {
        rmSync(join(folder, name, 'model.safetensors'));
        write(`${name}/pytorch_model.bin`, '');
      },
      'ERR_WEIGHTS',
      /pytorch_model\.bin, which is never opened/,
    ],
  ] as const)('with %s is refused', async (what, spoil, code, message) => {
    const name = `bad ${what}`;
    const path = model(name);
    spoil(name);
    const error = await errorOf(resolveModel(path));
    expect([error.code, error.exitCode]).toEqual([code, 4]);
    expect(error.message).toMatch(message);
  });

  it('that does not exist is answered with the nearest that does', async () => {
    model('assets/models/chess-xs');
    model('nearby');
    process.env.W2S_ASSETS = join(folder, 'assets');
    const builtIn = await errorOf(resolveModel('ches-xs'));
    expect([builtIn.code, builtIn.exitCode]).toEqual(['ERR_NOT_FOUND', 4]);
    expect(builtIn.hint).toContain('chess-xs?');
    expect((await errorOf(resolveModel(join(folder, 'nearbi')))).hint).toContain(`${folder}/nearby?`);
    expect((await errorOf(resolveModel('../nowhere/at/all'))).code).toBe('ERR_NOT_FOUND');
    expect((await errorOf(resolveModel('../nowhere/at/all'))).hint).toContain('There is no folder ');
    expect((await errorOf(resolveModel('./qqqqqqqq'))).hint).toContain('ls .;');
    expect((await errorOf(resolveModel(write('file.txt', '')))).message).toContain('is a file');
  });
});

describe('the hash of a file', () => {
  const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');
  const settled = () => new Promise((done) => setTimeout(done, 150));

  it('is kept while the file stays as it is, and found out when it changes', async () => {
    const file = write('hashed.txt', 'one');
    await settled();
    expect(await hashFile(file)).toBe(sha256('one'));
    const kept = readdirSync(join(folder, 'cache', 'hashes')).length;
    expect(await hashFile(file)).toBe(sha256('one'));
    expect(readdirSync(join(folder, 'cache', 'hashes'))).toHaveLength(kept);
    // Same size, and its modification time set back: the change time tells.
    write('hashed.txt', 'two');
    utimesSync(file, 0, 0);
    expect(await hashFile(file)).toBe(sha256('two'));
  });

  it('is computed where the cache cannot be written', async () => {
    const file = write('unkept.txt', 'content');
    await settled();
    process.env.W2S_CACHE = write('no-folder', '');
    expect(await hashFile(file)).toBe(sha256('content'));
    expect(existsSync(join(folder, 'no-folder', 'hashes'))).toBe(false);
  });
});
