import { join, resolve } from 'node:path';
import { hubEndpoint, requireOnline } from '../../config/hub/access.js';
import { W2sError } from '../../errors.js';
import { isDataFileName, unknownEnding } from '../sources/index.js';
import { dataCache, isKept, keep } from './cache.js';
import { download } from './download.js';
import { explained } from './failure.js';
import { type HubLocation, hubLocationText, isHubLocation, parseHubLocation } from './location.js';
import { nearestLocation, someFileOf } from './suggest.js';

/**
 * Where a named file lies on this machine: one on the hub is fetched, any other is not looked at.
 * Throws ERR_CONFIG, ERR_DATA, ERR_NOT_FOUND, ERR_NETWORK or ERR_DISK.
 * @param flag for messages: `--data`
 * @param allowed whether the network may be used
 */
export async function localFile(file: string, flag: string, allowed = true): Promise<string> {
  return isHubLocation(file) ? fetchHubFile(file, flag, allowed) : resolve(file);
}

/**
 * A file of a data set on the hub (`hf://datasets/OWNER/NAME[@REVISION]/PATH`) as a local one, fetched where it
 * is not kept yet.
 * Throws ERR_CONFIG on another form, ERR_DATA on a file that cannot be read as data, ERR_NOT_FOUND with the
 * nearest right name, ERR_NETWORK or ERR_DISK.
 * @param flag for messages: `--data`
 * @param allowed whether the network may be used
 */
async function fetchHubFile(text: string, flag: string, allowed = true): Promise<string> {
  const { path, ...place } = parseHubLocation(text, flag);
  if (path === undefined) throw await withoutPath(text, flag, place);
  const location: HubLocation = { ...place, path };
  const { repo, revision } = location;
  const folder = `${repo}@${revision}`.replaceAll('/', '--');
  const file = join(dataCache(), folder, ...path.split('/'));
  if (await isKept(file)) return file;
  if (!isDataFileName(path)) throw await unreadable(text, flag, location);
  try {
    requireOnline(allowed);
    return await keep(file, async (draftFile) => {
      const address = `${hubEndpoint()}/datasets/${repo}/resolve/${encodeURIComponent(revision)}/${path.split('/').map(encodeURIComponent).join('/')}`;
      return { ...location, ...(await download(address, draftFile, text)) };
    });
  } catch (cause) {
    throw await explained(cause, {
      what: hubLocationText(location),
      hint: `Name a file that you have: ${flag} FILE`,
      suggest: async () => {
        const near = await nearestLocation(location);
        return near === undefined ? undefined : `Did you mean ${flag} ${near}?`;
      },
    });
  }
}

async function unreadable(text: string, flag: string, location: HubLocation): Promise<W2sError> {
  const near = await nearestLocation(location);
  const hint =
    near === undefined ? `Name a file that you have: ${flag} FILE` : `Did you mean ${flag} ${near}?`;
  return unknownEnding(text, hint);
}

async function withoutPath(text: string, flag: string, place: Omit<HubLocation, 'path'>): Promise<W2sError> {
  const example = hubLocationText({ ...place, path: (await someFileOf(place)) ?? 'PATH' });
  return new W2sError('ERR_CONFIG', `Expected a file of the data set for ${flag} but received "${text}".`, {
    hint: `Name one: ${flag} ${example}`,
  });
}
