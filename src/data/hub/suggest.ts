import { hubAccess, requireOnline } from '../../config/hub/access.js';
import { nearest, nearestOf } from '../../config/nearest.js';
import { isDataFileName } from '../sources/index.js';
import { type HubLocation, hubLocationText } from './location.js';

/** Entries of a data set that are looked at. */
const MOST = 5000;

/**
 * The location that was most likely meant: another file of the data set, the same without its revision, or of
 * another data set. Undefined where none is near, or the hub does not say.
 */
export async function nearestLocation(location: HubLocation): Promise<string | undefined> {
  const { repo, path } = location;
  for (const revision of new Set([location.revision, 'main'])) {
    const files = await dataFilesOf({ repo, revision });
    if (files === undefined) continue;
    const near = nearestOf(path, files);
    return near === undefined ? undefined : hubLocationText({ repo, revision, path: near });
  }
  const other = await nearestRepo(repo);
  return other === undefined || other === repo ? undefined : hubLocationText({ ...location, repo: other });
}

/** A file of a data set that can be read, the training part before others; undefined where there is none. */
export async function someFileOf(place: Omit<HubLocation, 'path'>): Promise<string | undefined> {
  const files = (await dataFilesOf(place)) ?? [];
  return files.find((file) => /train/i.test(file)) ?? files[0];
}

/** Files of a data set that can be read; undefined where the hub does not say. */
async function dataFilesOf({ repo, revision }: Omit<HubLocation, 'path'>): Promise<string[] | undefined> {
  const files: string[] = [];
  try {
    requireOnline();
    const { listFiles } = await import('@huggingface/hub');
    const asked = {
      repo: { type: 'dataset', name: repo },
      revision,
      recursive: true,
      ...hubAccess(),
    } as const;
    let seen = 0;
    for await (const { type, path } of listFiles(asked)) {
      if (type === 'file' && isDataFileName(path)) files.push(path);
      if (++seen === MOST) break;
    }
  } catch {
    // A suggestion is not worth a second error.
    return undefined;
  }
  return files;
}

/** Among data sets of the same owner, and those that the hub finds for the name without its owner. */
async function nearestRepo(repo: string): Promise<string | undefined> {
  const [owner = '', own = ''] = repo.split('/');
  const names: string[] = [];
  for (const search of [{ owner }, { query: own }]) {
    try {
      requireOnline();
      const { listDatasets } = await import('@huggingface/hub');
      for await (const { name } of listDatasets({ search, sort: 'downloads', limit: 100, ...hubAccess() })) {
        names.push(name);
      }
    } catch {
      // See above.
    }
  }
  return names.find((name) => name.split('/')[1] === own) ?? nearest(repo, names);
}
