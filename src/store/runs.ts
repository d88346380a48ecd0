import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { guarded, isMissing, readObject, type Warn, writeAtomically } from './files.js';

/** One command that was run: `runs/<time>-<name>.json` (DESIGN 3.2). */
export interface RunRecord {
  /** Such as `train`. */
  command: string;
  /** When it ended, ISO 8601. */
  time: string;
  config: unknown;
  plan: unknown;
  /** Hashes of its steps. */
  steps: unknown;
  /** The JSON document that the command printed. */
  summary: unknown;
}

/** @returns the file that was written */
export async function writeRun(root: string, name: string, record: RunRecord): Promise<string> {
  const stamp = record.time.replace(/[-:]/g, '').replace('.', '');
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100);
  // The process id keeps two runs of one millisecond apart.
  const path = join(root, `${stamp}-${process.pid}-${safe}.json`);
  await writeAtomically(path, `${JSON.stringify(record, null, 2)}\n`);
  return path;
}

/** All runs, oldest first; broken files are left out with a warning. */
export async function readRuns(root: string, warn: Warn): Promise<{ path: string; record: RunRecord }[]> {
  const names = await guarded(`reading ${root}`, async () => {
    try {
      return await readdir(root);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  });
  const runs: { path: string; record: RunRecord }[] = [];
  for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
    const path = join(root, name);
    const found = await readObject(path, warn);
    if (found === null) continue;
    if (typeof found.command === 'string' && typeof found.time === 'string') {
      runs.push({ path, record: found as unknown as RunRecord });
    } else {
      warn(`${path} is no record of a run and is left out`);
    }
  }
  return runs;
}
