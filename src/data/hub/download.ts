import { Readable } from 'node:stream';
import { HUB, HubAnswerError, hubEndpoint, patientFetch, reasonOf } from '../../config/hub/access.js';
import { type Announced, writeChecked } from '../../config/hub/keep.js';
import { isW2sError, W2sError } from '../../errors.js';

const MOST_REDIRECTS = 10;

/** What came: for people who want to know later. */
export interface Downloaded {
  sha256: string;
  /** The commit that it belongs to, where the hub says so. */
  commit?: string;
}

/**
 * Writes what lies at an address of the hub into a file. The hub sends large files from elsewhere: its
 * redirect announces their size and sha256 (`X-Linked-Size`, `X-Linked-Etag`), which are checked. The token
 * goes to the hub alone.
 * Throws HubAnswerError, ERR_NETWORK where the transfer breaks or differs, or what `fetch` throws.
 */
export async function download(address: string, file: string, what: string): Promise<Downloaded> {
  const announced: Announced = {};
  let commit: string | undefined;
  let at = address;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await ask(at);
    if (isHubs(at)) {
      announced.size ??= byteCount(response.headers.get('x-linked-size'));
      announced.sha256 ??= sha256Of(response.headers.get('x-linked-etag'));
      commit ??= response.headers.get('x-repo-commit') ?? undefined;
    }
    const next = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && next !== null) {
      await response.body?.cancel();
      at = new URL(next, at).href;
      continue;
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new HubAnswerError(response.status);
    }
    if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
      await response.body.cancel();
      // Such as a network that wants to be logged in to.
      throw new Error('it answered with a web page');
    }
    if (!response.headers.has('content-encoding')) {
      announced.size ??= byteCount(response.headers.get('content-length'));
    }
    const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
    const sha256 = await writeChecked(body, file, announced, what).catch((cause: unknown) => {
      throw broken(cause, what);
    });
    return { sha256, ...(commit === undefined ? {} : { commit }) };
  }
  throw new Error(`more than ${MOST_REDIRECTS} redirects`);
}

/** A JSON answer of the hub. Throws HubAnswerError, or what `fetch` throws. */
export async function askJson(address: string): Promise<unknown> {
  let at = address;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await ask(at);
    const next = response.headers.get('location');
    if (response.status < 300) return response.json();
    await response.body?.cancel();
    if (response.status >= 400 || next === null) throw new HubAnswerError(response.status);
    at = new URL(next, at).href;
  }
  throw new Error(`more than ${MOST_REDIRECTS} redirects`);
}

/**
 * An address that the hub gave, at the endpoint in use: a mirror passes the hub's answers on as they are,
 * with the hub's own addresses in them.
 */
export function atEndpoint(address: string): string {
  const endpoint = hubEndpoint();
  const { origin, pathname, search } = new URL(address, `${endpoint}/`);
  return origin === HUB ? `${endpoint}${pathname}${search}` : new URL(address, `${endpoint}/`).href;
}

function ask(address: string): Promise<Response> {
  const token = process.env.HF_TOKEN;
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (token && isHubs(address)) headers.authorization = `Bearer ${token}`;
  return patientFetch(address, { headers, redirect: 'manual' });
}

const isHubs = (address: string): boolean => new URL(address).origin === new URL(hubEndpoint()).origin;

function byteCount(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) ? Number(header) : undefined;
}

/** The etag of a large file is its sha256; that of a small one says nothing about its bytes. */
function sha256Of(etag: string | null): string | undefined {
  return /^"?([0-9a-f]{64})"?$/.exec(etag ?? '')?.[1];
}

function broken(cause: unknown, what: string): unknown {
  const { code, path } = cause as NodeJS.ErrnoException;
  if (isW2sError(cause) || code === 'ENOSPC' || path !== undefined) return cause;
  return new W2sError(
    'ERR_NETWORK',
    `Expected ${what} but the transfer was broken off: ${reasonOf(cause)}.`,
    { cause, hint: 'Try again: the same command' },
  );
}
