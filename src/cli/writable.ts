/** Whether a file that a flag names can be written. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { W2sError } from '../errors.js';

/**
 * Its folder must be there, and no folder may have its name.
 * @param example a name for a file in such a folder
 * @throws ERR_USAGE
 */
export async function checkWritable(flag: string, file: string, example: string): Promise<void> {
  const folder = dirname(file);
  const found = await stat(folder).catch(() => undefined);
  const isFolder = (await stat(file).catch(() => undefined))?.isDirectory() === true;
  if (found?.isDirectory() === true && !isFolder) return;
  const why = isFolder ? 'a folder of that name' : `the folder ${folder}, which does not exist`;
  throw new W2sError('ERR_USAGE', `Expected a file that can be written for ${flag} but received ${why}.`, {
    hint: isFolder ? `Try: ${flag} ${join(file, example)}` : `mkdir -p ${folder}`,
  });
}
