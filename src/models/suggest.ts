import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { HubAccess } from '../config/hub/access.js';
import { nearest } from '../config/nearest.js';
import { hubCache } from './hubCache.js';

/**
 * The local model that a name most likely stands for: a folder beside the one that was asked for, spelt as the
 * user spelt the path, or a model that was fetched from the hub before. Undefined where none is near.
 */
export async function nearestLocal(name: string): Promise<string | undefined> {
  const folder = resolve(name);
  const beside = await readdir(dirname(folder), { withFileTypes: true }).catch(() => []);
  const folders = beside.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const near = nearest(basename(folder), folders);
  if (near !== undefined) return name.replace(/[^/\\]*[/\\]?$/, near);
  const cached = await readdir(hubCache()).catch(() => []);
  return nearest(
    name,
    cached.filter((entry) => !entry.startsWith('.')).map((entry) => entry.replace('--', '/')),
  );
}

/** Models of one answer that are compared with the name. */
const MOST = 100;

/**
 * The model of the hub that a name most likely stands for: among those of the same owner, and those that the
 * hub finds for the name without its owner. Undefined where none is near, or the hub does not say.
 */
export async function nearestOnHub(repo: string, access: HubAccess): Promise<string | undefined> {
  const { listModels } = await import('@huggingface/hub');
  const [owner, own] = repo.includes('/') ? repo.split('/') : [undefined, repo];
  const searches = [{ query: own ?? repo }, ...(owner === undefined ? [] : [{ owner }])];
  const found = await Promise.all(
    searches.map(async (search) => {
      const names: string[] = [];
      try {
        for await (const model of listModels({ search, sort: 'downloads', limit: MOST, ...access }))
          names.push(model.name);
      } catch {
        // A suggestion is not worth a second error.
      }
      return names;
    }),
  );
  const names = found.flat();
  return names.find((name) => name.split('/')[1] === repo) ?? nearest(repo, names);
}
