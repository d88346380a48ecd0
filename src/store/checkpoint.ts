import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { guarded, isMissing, readObject, syncTree, type Warn, writeAtomically } from './files.js';

/**
 * Checkpoints of an unfinished step: a folder each, and `latest.json`, which names the whole one. It is
 * replaced atomically once the folder is on the disk, so that a half-written folder is never read.
 */

export interface Checkpoint {
  /** Optimizer steps done. */
  step: number;
  /** Holds what the trainer wrote. */
  folder: string;
  /** What the caller kept beside it: position, generator states, micro-batch, threads. */
  state: Readonly<Record<string, unknown>>;
}

const LATEST = 'latest.json';

/**
 * @param write fills the folder that it is given, and returns the state to be kept beside it
 * @returns the checkpoint that is now the latest; older ones are gone
 */
export async function saveCheckpoint(
  root: string,
  step: number,
  write: (folder: string) => Promise<Readonly<Record<string, unknown>>>,
  warn: Warn,
): Promise<Checkpoint> {
  const before = await readCheckpoint(root, warn);
  // Never into the folder that is still the latest: a resumed step may save at its first step again.
  const name = before?.folder === join(root, `${step}`) ? `${step}-again` : `${step}`;
  const folder = join(root, name);
  await guarded(`writing a checkpoint to ${folder}`, async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  });
  const state = await write(folder);
  await guarded(`writing a checkpoint to ${folder}`, () => syncTree(folder));
  await writeAtomically(join(root, LATEST), `${JSON.stringify({ step, folder: name, state })}\n`);
  await guarded(`removing old checkpoints from ${root}`, () => removeAllBut(root, new Set([LATEST, name])));
  return { step, folder, state };
}

/** The latest whole checkpoint, or null. */
export async function readCheckpoint(root: string, warn: Warn): Promise<Checkpoint | null> {
  const latest = await readObject(join(root, LATEST), warn);
  if (latest === null) return null;
  const { step, folder: name, state } = latest;
  if (typeof step === 'number' && typeof name === 'string' && typeof state === 'object' && state !== null) {
    const folder = join(root, name);
    if (await isFolder(folder)) return { step, folder, state: state as Record<string, unknown> };
  }
  warn(`${join(root, LATEST)} names no whole checkpoint and is treated as absent`);
  return null;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function removeAllBut(root: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(root)) {
    if (!kept.has(name)) await rm(join(root, name), { recursive: true, force: true });
  }
}
