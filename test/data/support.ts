import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { isW2sError, type W2sError } from '../../src/errors.js';

/** A folder for one test file, gone afterwards; the user's cache lies in it meanwhile. */
export function temporaryFolder(): {
  folder: string;
  write(name: string, content: string | Uint8Array): string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'w2s-data-'));
  const before = { cache: process.env.W2S_CACHE, assets: process.env.W2S_ASSETS };
  beforeEach(() => {
    process.env.W2S_CACHE = join(folder, 'cache');
  });
  afterEach(() => {
    restore('W2S_CACHE', before.cache);
    restore('W2S_ASSETS', before.assets);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, content: string | Uint8Array): string => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  return { folder, write };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** The W2sError that a promise ends in; anything else fails the test. */
export async function errorOf(promise: Promise<unknown>): Promise<W2sError> {
  try {
    await promise;
  } catch (error) {
    if (isW2sError(error)) return error;
    throw error;
  }
  throw new Error('Expected an error but the promise was fulfilled');
}

export const jsonl = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
