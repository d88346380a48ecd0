import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withDraft } from '../../config/hub/keep.js';
import { userCacheFolder } from '../../config/userCache.js';

/**
 * Where data from the hub are kept: a folder for each data set's conversion, `owner--name`, and for each
 * revision of its own files, `owner--name@revision`.
 */
export const dataCache = (): string => join(userCacheFolder(), 'datasets');

export const isKept = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined))?.isFile() ?? false;

/**
 * A file of the cache, fetched where it is not kept yet: whole or not at all. What the hub has under the same
 * name later is not looked at again (delete the file for that).
 * @param fetchInto writes the file of this name into a draft folder and says where it comes from
 */
export async function keep(
  file: string,
  fetchInto: (draftFile: string, draft: string) => Promise<object>,
): Promise<string> {
  if (await isKept(file)) return file;
  return withDraft(dataCache(), 'draft', async (draft) => {
    const draftFile = join(draft, basename(file));
    const source = await fetchInto(draftFile, draft);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${draftFile}.source.json`, `${JSON.stringify(source)}\n`);
    await rename(`${draftFile}.source.json`, `${file}.source.json`);
    await rename(draftFile, file).catch(async (error: unknown) => {
      // Another process was first: its file is as good.
      if (!(await isKept(file))) throw error;
    });
    return file;
  });
}
