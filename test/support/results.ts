/** Reads what a store holds of an experiment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainDocument } from '../../src/index.js';
import { openStore, type Prediction } from '../../src/store/index.js';

/** A folder that `cleanUp` removes. */
export function temporaryFolder(): { folder: string; cleanUp(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'w2s-test-'));
  return { folder, cleanUp: () => rmSync(folder, { recursive: true, force: true }) };
}

/** sha256 of the weights that a role's `finetune` ended with. */
export async function weightsOf(out: string, document: TrainDocument, role: string): Promise<unknown> {
  return (await openStore(out).readResult(document.steps[role] ?? ''))?.weights;
}

export async function predictionsOf(
  out: string,
  document: TrainDocument,
  role: string,
): Promise<Prediction[]> {
  return (await openStore(out).readPredictions(document.steps[role] ?? '')) ?? [];
}

/** Every result.json of a store by step hash, as bytes. */
export function allResults(out: string): Record<string, string> {
  const steps = join(out, 'steps');
  return Object.fromEntries(
    readdirSync(steps)
      .sort()
      .map((hash) => [hash, readFileSync(join(steps, hash, 'result.json'), 'utf8')]),
  );
}
