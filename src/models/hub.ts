import { rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ListFileEntry } from '@huggingface/hub';
import {
  type HubAccess,
  hubAccess,
  hubEndpoint,
  reasonOf,
  refusalOf,
  requireOnline,
} from '../config/hub/access.js';
import { diskFailure, withDraft, writeChecked } from '../config/hub/keep.js';
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
const LIST = 'For models that are built in: npx w2s-native models';

/** The local folder of a hub model, fetched where it is not kept yet. */
export async function fetchHubModel(name: string): Promise<string> {
  const [repo = name, revision = 'main'] = name.split('@');
  const folder = join(hubCache(), name.replace('/', '--'));
  if (await stat(folder).catch(() => undefined)) return folder;
  try {
    requireOnline();
    return await withDraft(hubCache(), name.replace('/', '--'), async (draft) => {
      const sha = await fetchInto(draft, name, repo, revision);
      await writeFile(join(draft, 'source.json'), `${JSON.stringify({ repo, revision, sha })}\n`);
      await rename(draft, folder).catch(async (error: unknown) => {
        // Another process was first: its folder is as good.
        if (!(await stat(folder).catch(() => undefined))) throw error;
      });
      return folder;
    });
  } catch (cause) {
    throw await explained(name, cause);
  }
}

/** Fetches the files of one revision; gives its commit. */
async function fetchInto(draft: string, name: string, repo: string, branch: string): Promise<string> {
  const { listFiles, modelInfo } = await import('@huggingface/hub');
  const access = hubAccess();
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
      { hint: 'Take a model with safetensors, such as a converted copy of it: npx w2s-native models' },
    );
  }
  return found.filter((entry) => SMALL_FILES.includes(entry.path) || weights(entry.path));
}

async function download(
  draft: string,
  repo: string,
  revision: string,
  entry: ListFileEntry,
  access: HubAccess,
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
  const body = Readable.fromWeb(blob.stream() as import('node:stream/web').ReadableStream);
  const announced = { size: entry.size, sha256: entry.lfs?.oid.replace('sha256:', '') };
  await writeChecked(body, join(draft, entry.path), announced, `${entry.path} of ${repo}`);
}

async function explained(name: string, cause: unknown): Promise<W2sError> {
  if (cause instanceof W2sError) return cause;
  const why = refusalOf(cause);
  if (why !== undefined) return notFound(name, why, await suggestion(name));
  return diskFailure(cause, name, hubCache()) ?? notReached(name, cause);
}

async function suggestion(name: string): Promise<string | undefined> {
  const [repo = name] = name.split('@');
  return (await nearestLocal(name)) ?? nearestOnHub(repo, hubAccess());
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
  const reason = reasonOf(cause);
  const endpoint = hubEndpoint();
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
