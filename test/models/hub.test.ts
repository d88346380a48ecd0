import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listModels, resolveModel } from '../../src/models/index.js';
import { errorOf, temporaryFolder } from '../data/support.js';

const { folder } = temporaryFolder();

const SHA = 'a'.repeat(40);
const WEIGHTS = (() => {
  const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(8)]);
})();

/** What stands in for the hub: repositories with files, each served under one commit. */
const repos: Record<string, Record<string, Buffer>> = {
  'org/tiny': {
    'config.json': Buffer.from('{"model_type": "gpt2", "n_positions": 8}'),
    'tokenizer.json': Buffer.from('{}'),
    'model.safetensors': WEIGHTS,
    'pytorch_model.bin': Buffer.from('never fetched'),
    'README.md': Buffer.from('never fetched'),
  },
  'org/sharded': {
    'config.json': Buffer.from('{"model_type": "llama"}'),
    'tokenizer.json': Buffer.from('{}'),
    'model.safetensors.index.json': Buffer.from('{}'),
    'model-00001-of-00002.safetensors': WEIGHTS,
    'model-00002-of-00002.safetensors': WEIGHTS,
  },
  'org/pickled': {
    'config.json': Buffer.from('{"model_type": "gpt2"}'),
    'pytorch_model.bin': Buffer.from('x'),
  },
  'org/changed': { 'config.json': Buffer.from('{"model_type": "gpt2"}'), 'model.safetensors': WEIGHTS },
};
/** The hub's list of models: those whose name holds the search words, or those of one author. */
function listed(search: URLSearchParams): object[] {
  const [words, author] = [search.get('search'), search.get('author')];
  return Object.keys(repos)
    .filter(
      (name) => (words === null || name.includes(words)) && (author === null || name.startsWith(author)),
    )
    .map((id) => ({ _id: '1', id, private: false, gated: false, downloads: 1, likes: 1 }));
}
let requests: string[] = [];
let authorization: string | undefined;
let server: Server;
const before = { endpoint: process.env.HF_ENDPOINT, token: process.env.HF_TOKEN };

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = decodeURIComponent(request.url ?? '').replace(/\?.*/, '');
    requests.push(url);
    authorization = request.headers.authorization;
    const json = (value: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (url === '/api/models')
      return void json(listed(new URL(request.url ?? '', 'http://hub').searchParams));
    const [, repo = ''] = /^(?:\/api\/models)?\/([\w-]+\/[\w-]+)/.exec(url) ?? [];
    const files = repos[repo];
    if (files === undefined) return void response.writeHead(404, { 'x-error-message': 'not found' }).end();
    if (url.startsWith(`/api/models/${repo}/tree/`)) {
      return void json(
        Object.entries(files).map(([path, content]) => ({
          type: 'file',
          path,
          size: content.length,
          oid: '0',
          ...(path.endsWith('.safetensors')
            ? {
                lfs: {
                  oid: createHash('sha256').update(content).digest('hex'),
                  size: content.length,
                  pointerSize: 1,
                },
              }
            : {}),
        })),
      );
    }
    if (url.startsWith('/api/models/')) return void json({ _id: '1', id: repo, modelId: repo, sha: SHA });
    const path = /resolve\/[^/]+\/(.+)$|raw\/[^/]+\/(.+)$/.exec(url)?.[1] ?? '';
    const content = files[path];
    if (content === undefined) return void response.writeHead(404).end();
    const body =
      repo === 'org/changed' && path === 'model.safetensors' ? Buffer.alloc(content.length) : content;
    const range = /bytes=(\d+)-(\d+)?/.exec(request.headers.range ?? '');
    if (range) {
      const [start, end] = [Number(range[1]), Math.min(Number(range[2] ?? body.length - 1), body.length - 1)];
      response.writeHead(206, {
        'content-range': `bytes ${start}-${end}/${body.length}`,
        'content-length': end - start + 1,
        etag: '"1"',
      });
      return void response.end(body.subarray(start, end + 1));
    }
    response.writeHead(200, { 'content-length': body.length, etag: '"1"' }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});

beforeEach(() => {
  requests = [];
  process.env.HF_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  delete process.env.HF_TOKEN;
});

afterEach(() => {
  for (const [name, value] of [
    ['HF_ENDPOINT', before.endpoint],
    ['HF_TOKEN', before.token],
  ] as const) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  delete process.env.HF_HUB_OFFLINE;
});

afterAll(() => new Promise((done) => server.close(done)));

const leftovers = () => readdirSync(join(folder, 'cache', 'models')).filter((name) => name.startsWith('.'));

describe('a model from the hub', () => {
  it('is fetched once, with what is needed only, and listed from then on', async () => {
    process.env.HF_TOKEN = 'hf_test';
    const found = await resolveModel('org/tiny');
    expect(found).toMatchObject({
      name: 'org/tiny',
      builtIn: false,
      family: 'gpt2',
      contextLength: 8,
      parameters: 2,
    });
    expect(authorization).toBe('Bearer hf_test');
    expect(readdirSync(found.folder).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'source.json',
      'tokenizer.json',
    ]);
    expect(JSON.parse(readFileSync(join(found.folder, 'source.json'), 'utf8'))).toMatchObject({ sha: SHA });
    requests = [];
    process.env.HF_HUB_OFFLINE = '1';
    expect((await resolveModel('org/tiny')).contentHash).toBe(found.contentHash);
    expect(requests).toEqual([]);
    expect((await listModels()).map((model) => model.name)).toContain('org/tiny');
    expect(leftovers()).toEqual([]);
  });

  it('may be sharded, and named with a revision', async () => {
    const found = await resolveModel('org/sharded@v1');
    expect(readdirSync(found.folder)).toHaveLength(6);
    expect(requests.some((url) => url.includes('v1'))).toBe(true);
  });

  it('that is missing, pickled or changed on its way is refused, and nothing is left behind', async () => {
    const missing = await errorOf(resolveModel('org/missing'));
    expect([missing.code, missing.exitCode]).toEqual(['ERR_NOT_FOUND', 4]);
    const pickled = await errorOf(resolveModel('org/pickled'));
    expect([pickled.code, pickled.message]).toEqual(['ERR_WEIGHTS', expect.stringContaining('pickled')]);
    const changed = await errorOf(resolveModel('org/changed'));
    expect([changed.code, changed.message]).toEqual([
      'ERR_NETWORK',
      expect.stringContaining('model.safetensors'),
    ]);
    expect(existsSync(join(folder, 'cache', 'models', 'org--changed'))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('that is misspelt is answered with the nearest one: on the hub, fetched before, or a folder here', async () => {
    expect((await errorOf(resolveModel('org/changet'))).hint).toBe('Did you mean org/changed?');
    expect((await errorOf(resolveModel('ogr/pickled'))).hint).toBe('Did you mean org/pickled?');
    expect((await errorOf(resolveModel('changed'))).hint).toBe('Did you mean org/changed?');
    await resolveModel('org/tiny');
    process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
    expect((await errorOf(resolveModel('org/tinny'))).hint).toContain('Did you mean org/tiny?');
    mkdirSync(join(folder, 'models', 'smollm2-12l'), { recursive: true });
    const misspelt = join(folder, 'models', 'smolm2-12l');
    expect((await errorOf(resolveModel(misspelt))).hint).toBe(
      `Did you mean ${join(folder, 'models', 'smollm2-12l')}?`,
    );
  });

  it('cannot be had without the hub: an org/name is the network, a plain name most likely a slip', async () => {
    process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
    const network = await errorOf(resolveModel('org/unreached'));
    expect([network.code, network.exitCode]).toEqual(['ERR_NETWORK', 3]);
    expect(network.message).toContain('http://127.0.0.1:9');
    expect((await errorOf(resolveModel('unreached'))).code).toBe('ERR_NOT_FOUND');
    process.env.HF_HUB_OFFLINE = '1';
    expect((await errorOf(resolveModel('org/unreached'))).message).toContain('HF_HUB_OFFLINE');
  });
});
