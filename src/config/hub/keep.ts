import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { W2sError } from '../../errors.js';

/** How what is fetched reaches the user's cache: into a draft folder first, counted and hashed on its way. */

const OTHER_CACHE = 'export W2S_CACHE=FOLDER';

/**
 * Gives `work` a fresh folder inside `cache`, from which it renames what is complete; the folder is gone
 * afterwards, whatever happens. Throws ERR_DISK where it cannot be made.
 */
export async function withDraft<T>(
  cache: string,
  name: string,
  work: (draft: string) => Promise<T>,
): Promise<T> {
  const draft = join(cache, `.${name}.${process.pid}.${Math.random().toString(36).slice(2)}`);
  await mkdir(draft, { recursive: true }).catch((cause: unknown) => {
    throw new W2sError('ERR_DISK', `Expected to write to ${cache} but cannot.`, {
      cause,
      hint: `Choose another folder: ${OTHER_CACHE}`,
    });
  });
  try {
    return await work(draft);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Why what was fetched cannot be kept; undefined where `cause` says nothing of the disk. */
export function diskFailure(cause: unknown, what: string, cache: string): W2sError | undefined {
  const { code, path, message } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC') {
    return new W2sError('ERR_DISK', `Expected room for ${what} in ${cache} but the disk is full.`, {
      cause,
      hint: `Make room or choose another folder: ${OTHER_CACHE}`,
    });
  }
  // Errors of files name one; those of connections do not.
  if (code === undefined || typeof path !== 'string') return undefined;
  return new W2sError('ERR_DISK', `Expected to keep ${what} in ${cache} but cannot: ${message}.`, {
    cause,
    hint: `Choose another folder: ${OTHER_CACHE}`,
  });
}

/** What the hub says of a file before it comes. */
export interface Announced {
  /** Bytes. */
  size?: number | undefined;
  /** Hex. */
  sha256?: string | undefined;
}

/**
 * Writes a file as it arrives and compares it with what was announced; gives the sha256 of its bytes.
 * Throws ERR_NETWORK where they differ.
 */
export async function writeChecked(
  body: Readable,
  file: string,
  announced: Announced,
  what: string,
): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(body, count, createWriteStream(file));
  const sha256 = hash.digest('hex');
  const expected = announced.size ?? size;
  if (size !== expected || (announced.sha256 ?? sha256) !== sha256) {
    throw new W2sError(
      'ERR_NETWORK',
      `Expected ${expected} bytes for ${what} but received ${size}, or other ones than announced.`,
      { hint: 'Try again: the transfer was broken off or changed on its way' },
    );
  }
  return sha256;
}
