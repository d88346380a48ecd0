import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ListFileEntry } from '@huggingface/hub';
import { W2sError } from '../errors.js';
import { hubCache } from './hubCache.js';
import { nearestLocal, nearestOnHub } from './suggest.js';

/**
 * Models from the Hugging Face hub, or from what stands in for it (`HF_ENDPOINT`). A model is fetched once
 * and kept; what the hub's branch points to later is not looked at again (delete the folder for that, or name
 * a revision). `HF_TOKEN` is sent where it is set; `HF_HUB_OFFLINE=1` forbids the network.
 */

const SMALL_FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];
const INDEX = 'model.safetensors.index.json';
/** Where a name is near to none. */
const LIST = 'For models that are built in: w2s-native models';
/** Silence after which a connection counts as lost. */
const CONNECT_MS = 30_000;

/** The local folder of a hub model, fetched where it is not kept yet. */
export async function fetchHubModel(name: string): Promise<string> {
  const [repo = name, revision = 'main'] = name.split('@');
  const folder = join(hubCache(), name.replace('/', '--'));
  if (await stat(folder).catch(() => undefined)) return folder;
  if (/^(1|true|on|yes)$/i.test(process.env.HF_HUB_OFFLINE ?? '')) {
    throw await notReached(name, new Error('HF_HUB_OFFLINE is set'));
  }
  const draft = join(hubCache(), `.${name.replace('/', '--')}.${process.pid}.${Date.now().toString(36)}`);
  await mkdir(draft, { recursive: true }).catch((cause: unknown) => {
    throw new W2sError('ERR_DISK', `Expected to write to ${hubCache()} but cannot.`, {
      cause,
      hint: 'Choose another folder: export W2S_CACHE=FOLDER',
    });
  });
  try {
    const sha = await fetchInto(draft, name, repo, revision);
    await writeFile(join(draft, 'source.json'), `${JSON.stringify({ repo, revision, sha })}\n`);
    await rename(draft, folder).catch(async (error: unknown) => {
      // Another process was first: its folder is as good.
      if (!(await stat(folder).catch(() => undefined))) throw error;
    });
    return folder;
  } catch (cause) {
    throw await explained(name, cause);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Fetches the files of one revision; gives its commit. */
async function fetchInto(draft: string, name: string, repo: string, branch: string): Promise<string> {
  const { listFiles, modelInfo } = await import('@huggingface/hub');
  const access = accessOptions();
  const { sha } = await modelInfo({ name: repo, revision: branch, additionalFields: ['sha'], ...access });
  const revision = sha ?? branch;
  const found: ListFileEntry[] = [];
  for await (const entry of listFiles({ repo: { type: 'model', name: repo }, revision, ...access })) {
    if (entry.type === 'file') found.push(entry);
  }
  const wanted = wantedFiles(name, found);
  for (const entry of wanted) await download(draft, repo, revision, entry, access);
  return revision;
}

/** Configuration, tokenizer and safetensors; nothing else is opened or kept. */
function wantedFiles(name: string, found: readonly ListFileEntry[]): readonly ListFileEntry[] {
  const paths = found.map((entry) => entry.path);
  const single = paths.includes('model.safetensors');
  const weights = (path: string): boolean =>
    single ? path === 'model.safetensors' : /^model-\d+-of-\d+\.safetensors$/.test(path) || path === INDEX;
  if (!paths.some(weights)) {
    throw new W2sError(
      'ERR_WEIGHTS',
      `Expected model.safetensors in ${name} on the hub but received ${
        paths.some((path) => path.endsWith('.bin'))
          ? 'pickled weights only, which are never opened'
          : 'no weights'
      }.`,
      { hint: 'Take a model with safetensors, such as a converted copy of it: w2s-native models' },
    );
  }
  return found.filter((entry) => SMALL_FILES.includes(entry.path) || weights(entry.path));
}

type Access = ReturnType<typeof accessOptions>;

function accessOptions() {
  const endpoint = process.env.HF_ENDPOINT?.replace(/\/+$/, '');
  const token = process.env.HF_TOKEN;
  return {
    fetch: patientFetch,
    ...(endpoint ? { hubUrl: endpoint } : {}),
    ...(token ? { accessToken: token } : {}),
  };
}

/** `fetch` that gives up when no answer begins in time. */
const patientFetch: typeof fetch = async (input, init) => {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`no answer within ${CONNECT_MS / 1000} s`)),
    CONNECT_MS,
  );
  try {
    return await fetch(input, { ...init, signal: abort.signal });
  } finally {
    clearTimeout(timer);
  }
};

async function download(
  draft: string,
  repo: string,
  revision: string,
  entry: ListFileEntry,
  access: Access,
): Promise<void> {
  const { downloadFile } = await import('@huggingface/hub');
  const blob = await downloadFile({
    repo: { type: 'model', name: repo },
    path: entry.path,
    revision,
    // Plain HTTP: one path through mirrors and proxies.
    xet: false,
    ...access,
  });
  if (blob === null) throw new Error(`${entry.path} is listed but missing`);
  const hash = createHash('sha256');
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const body = Readable.fromWeb(blob.stream() as import('node:stream/web').ReadableStream);
  await pipeline(body, count, createWriteStream(join(draft, entry.path)));
  const digest = hash.digest('hex');
  if (size !== entry.size || (entry.lfs !== undefined && entry.lfs.oid.replace('sha256:', '') !== digest)) {
    throw new W2sError(
      'ERR_NETWORK',
      `Expected ${entry.size} bytes for ${entry.path} of ${repo} but received ${size}, or other ones than announced.`,
      { hint: 'Try again: the transfer was broken off or changed on its way' },
    );
  }
}

async function explained(name: string, cause: unknown): Promise<W2sError> {
  if (cause instanceof W2sError) return cause;
  const status = (cause as { statusCode?: number }).statusCode;
  if (status === 404) return notFound(name, 'which the hub does not have', await suggestion(name));
  if (status === 401 || status === 403) {
    const why = 'which the hub does not have, or does not show without permission (HF_TOKEN)';
    return notFound(name, why, await suggestion(name));
  }
  if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') {
    return new W2sError('ERR_DISK', `Expected room for ${name} in ${hubCache()} but the disk is full.`, {
      cause,
      hint: 'Make room or choose another folder: export W2S_CACHE=FOLDER',
    });
  }
  return notReached(name, cause);
}

async function suggestion(name: string): Promise<string | undefined> {
  const [repo = name] = name.split('@');
  return (await nearestLocal(name)) ?? nearestOnHub(repo, accessOptions());
}

function notFound(name: string, why: string, near: string | undefined): W2sError {
  return new W2sError(
    'ERR_NOT_FOUND',
    `Expected a built-in model, a folder or a hub id for the model but received "${name}", ${why}.`,
    { hint: near ? `Did you mean ${near}?` : LIST },
  );
}

/** Without the hub, a name without a slash is most likely a slip; an `org/name` most likely the network's fault. */
async function notReached(name: string, cause: unknown): Promise<W2sError> {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error ? inner.message || inner.name : String(inner);
  const endpoint = process.env.HF_ENDPOINT ?? 'https://huggingface.co';
  const near = await nearestLocal(name);
  if (!name.includes('/')) {
    return new W2sError(
      'ERR_NOT_FOUND',
      `Expected a built-in model, a folder or a hub id for the model but received "${name}", which is neither ` +
        `built in nor a folder here (and ${endpoint} cannot be asked: ${reason}).`,
      { cause, hint: near ? `Did you mean ${near}?` : LIST },
    );
  }
  return new W2sError(
    'ERR_NETWORK',
    `Expected ${name} from ${endpoint} but it cannot be reached: ${reason}.`,
    {
      cause,
      hint: near
        ? `Did you mean ${near}? Or set a mirror: export HF_ENDPOINT=https://…`
        : 'Set a mirror (export HF_ENDPOINT=https://…), or name a folder that holds the model',
    },
  );
}
