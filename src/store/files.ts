import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { W2sError } from '../errors.js';

/** The few file operations that the store is built of: each all or nothing, with errors of our own. */

/** Gives a warning to whoever runs the store. */
export type Warn = (message: string) => void;

const errnoOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

export const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';

/** A file system's refusal in our words; other errors pass unchanged. */
export function storeError(error: unknown, doing: string): unknown {
  if (error instanceof W2sError) return error;
  const code = errnoOf(error);
  const details = (hint: string) => ({ hint, cause: error });
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new W2sError(
        'ERR_DISK',
        `Expected room on the disk for ${doing} but received ${code}`,
        details('Free some space, or write elsewhere: --out OTHER_FOLDER'),
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new W2sError(
        'ERR_STORE',
        `Expected the right to write for ${doing} but received ${code}`,
        details('Mend the folder with chmod -R u+rwX FOLDER, or write elsewhere: --out OTHER_FOLDER'),
      );
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return new W2sError(
        'ERR_STORE',
        `Expected a folder for ${doing} but received a file in its place (${code})`,
        details('Name a folder: --out OTHER_FOLDER'),
      );
    case undefined:
      return error;
    default:
      return new W2sError(
        'ERR_STORE',
        `Expected ${doing} to work but received ${code}`,
        details('Write elsewhere: --out OTHER_FOLDER'),
      );
  }
}

/** Runs a file operation; its errors come out as ours. `doing` fits into "Expected room on the disk for …". */
export async function guarded<T>(doing: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw storeError(error, doing);
  }
}

/** Makes sure that what was renamed into a folder is still there after a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  // Some file systems cannot sync a folder; then there is nothing more to be done.
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** Flushes a finished file, or every file below a folder, to the disk. */
export async function syncTree(path: string): Promise<void> {
  const found = await stat(path);
  if (found.isDirectory()) {
    for (const name of await readdir(path)) await syncTree(join(path, name));
    return syncFolder(path);
  }
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file so that a reader sees the old content, or all of the new, and never anything between. */
export async function writeAtomically(
  path: string,
  content: string | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  await guarded(`writing ${path}`, async () => {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      const handle = await open(temporary, 'wx');
      try {
        for await (const piece of typeof content === 'string' ? [content] : content)
          await handle.writeFile(piece);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  });
}

/** A file's text, or null where there is none. */
export async function readText(path: string): Promise<string | null> {
  return guarded(`reading ${path}`, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  });
}

/** A JSON object from a file; null where there is none, and, with a warning, where it is broken. */
export async function readObject(path: string, warn: Warn): Promise<Record<string, unknown> | null> {
  const text = await readText(path);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Not JSON: answered below, as any other broken file.
  }
  warn(`${path} is broken and is treated as absent`);
  return null;
}
