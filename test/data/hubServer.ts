import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

/** What stands in for the hub's data sets, and for the place that the hub sends large files from. */
export interface HubServer {
  /** Files of the data sets, by `owner/name`; converted ones are those below `refs/convert/parquet/`. */
  repos: Record<string, Record<string, Uint8Array>>;
  /** Paths that were asked for, at both places. */
  requests: string[];
  /** The token that came with each. */
  tokens: (string | undefined)[];
  /** What goes wrong. */
  fault?: 'cut' | 'changed' | 'short' | 'busy' | 'private' | 'portal' | 'unsure';
}

const CONVERTED = 'refs/convert/parquet/';
const COMMIT = 'c'.repeat(40);

/** Serves the same data sets to every test of a file, through HF_ENDPOINT. */
export function hubServer(repos: HubServer['repos']): HubServer {
  const hub: HubServer = { repos, requests: [], tokens: [] };
  const saved = Object.fromEntries(
    ['HF_ENDPOINT', 'HF_TOKEN', 'HF_HUB_OFFLINE'].map((name) => [name, process.env[name]]),
  );
  const away = createServer((request, response) => serveAway(hub, request, response));
  const front = createServer((request, response) => serveFront(hub, addressOf(away), request, response));
  beforeAll(async () => {
    for (const server of [away, front]) {
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    }
  });
  beforeEach(() => {
    Object.assign(hub, { requests: [], tokens: [], fault: undefined });
    process.env.HF_ENDPOINT = `${addressOf(front)}/`;
    delete process.env.HF_TOKEN;
    delete process.env.HF_HUB_OFFLINE;
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(saved)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  afterAll(async () => {
    for (const server of [away, front]) await new Promise((done) => server.close(done));
  });
  return hub;
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function note(hub: HubServer, request: IncomingMessage): string {
  const path = decodeURIComponent((request.url ?? '').replace(/\?.*/, ''));
  hub.requests.push(path);
  hub.tokens.push(request.headers.authorization);
  return path;
}

function serveFront(hub: HubServer, away: string, request: IncomingMessage, response: ServerResponse): void {
  const path = note(hub, request);
  const json = (value: unknown) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (path === '/api/datasets') return void json(listed(hub, request));
  const [, repo = '', rest = ''] = /^(?:\/api)?\/datasets\/([\w.-]+\/[\w.-]+)\/(.*)$/.exec(path) ?? [];
  const files = hub.repos[repo];
  if (files === undefined) return void response.writeHead(hub.fault === 'unsure' ? 401 : 404).end();
  if (hub.fault === 'private') return void response.writeHead(401).end();
  if (hub.fault === 'busy') return void response.writeHead(503).end();
  const [, shard, index] = /^parquet\/(.+)\/(\d+)\.parquet$/.exec(rest) ?? [];
  if (shard !== undefined) {
    const target = `${CONVERTED}${shard}/${(index ?? '').padStart(4, '0')}.parquet`;
    const location = `/datasets/${repo}/resolve/${encodeURIComponent(CONVERTED.slice(0, -1))}/${target.slice(CONVERTED.length)}`;
    return void response.writeHead(302, { location }).end();
  }
  const [, split] = /^parquet\/(.+)$/.exec(rest) ?? [];
  if (split !== undefined) {
    const shards = Object.keys(files).filter((name) => name.startsWith(`${CONVERTED}${split}/`));
    if (shards.length === 0) return void response.writeHead(404).end();
    // As the hub says it, whatever the endpoint: a mirror passes this on as it is.
    return void json(
      shards.map((_, i) => `https://huggingface.co/api/datasets/${repo}/parquet/${split}/${i}.parquet`),
    );
  }
  const [, revision] = /^tree\/(.+)$/.exec(rest) ?? [];
  if (revision !== undefined) return void serveTree(revision, files, response);
  const [, named = ''] = /^resolve\/(.+)$/.exec(rest) ?? [];
  serveFile(named, files[named.replace(/^main\//, '')], `${away}/${repo}/${named}`, response);
}

function serveTree(revision: string, files: Record<string, Uint8Array>, response: ServerResponse): void {
  if (revision !== 'main') return void response.writeHead(404).end();
  const entries = Object.entries(files)
    .filter(([path]) => !path.startsWith(CONVERTED))
    .map(([path, content]) => ({ type: 'file', path, size: content.length, oid: '0' }));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries));
}

/** Large files (Parquet here) are sent from elsewhere, and announced; others come at once. */
function serveFile(
  path: string,
  content: Uint8Array | undefined,
  elsewhere: string,
  response: ServerResponse,
): void {
  if (content === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
  if (!path.endsWith('.parquet')) {
    return void response
      .writeHead(200, { 'content-length': content.length, etag: '"1"', 'x-repo-commit': COMMIT })
      .end(content);
  }
  response
    .writeHead(302, {
      location: elsewhere,
      'x-repo-commit': COMMIT,
      'x-linked-size': content.length,
      'x-linked-etag': `"${createHash('sha256').update(content).digest('hex')}"`,
    })
    .end();
}

function serveAway(hub: HubServer, request: IncomingMessage, response: ServerResponse): void {
  const [, repo = '', path = ''] = /^\/([^/]+\/[^/]+)\/(.+)$/.exec(note(hub, request)) ?? [];
  const content = hub.repos[repo]?.[path.replace(/^main\//, '')] ?? new Uint8Array();
  if (hub.fault === 'portal') {
    return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>');
  }
  if (hub.fault === 'cut') {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 10), () => response.destroy());
    return;
  }
  if (hub.fault === 'changed') return void response.end(new Uint8Array(content.length));
  response.end(hub.fault === 'short' ? content.subarray(0, -1) : content);
}

/** The hub's list: data sets whose name holds the search words, or those of one author. */
function listed({ repos }: HubServer, request: IncomingMessage): object[] {
  const { searchParams } = new URL(request.url ?? '', 'http://hub');
  const [words, author] = [searchParams.get('search'), searchParams.get('author')];
  return Object.keys(repos)
    .filter(
      (name) => (words === null || name.includes(words)) && (author === null || name.startsWith(author)),
    )
    .map((id) => ({ _id: '1', id, private: false, gated: false, downloads: 1, likes: 1 }));
}
