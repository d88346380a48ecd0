/** One process at a time: downloads and builds that several processes may want at once. */
import { FolderLock } from '../config/folderLock.js';

/**
 * Holds `path`, a folder of its own that is there only meanwhile, as a lock while `work` runs. A lock whose
 * process is gone is taken over.
 */
export async function withLock<T>(
  path: string,
  onWait: (owner: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await FolderLock.acquire(path, { onWait: ({ pid }) => onWait(pid) });
  try {
    return await work();
  } finally {
    await lock.release({ forGood: true });
  }
}
