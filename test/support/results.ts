/** Reads what a store holds of an experiment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlanStep } from '../../src/experiments/plan.js';
import type { TrainDocument } from '../../src/index.js';
import { openStore, type Prediction } from '../../src/store/index.js';
import type { Row } from './tinyWorld.js';

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

/** Hashes of the newest run's steps by role, those of other steps than the document's roles included. */
export function plannedSteps(out: string): Map<string, string> {
  const runs = join(out, 'runs');
  const newest = readdirSync(runs).sort().at(-1) ?? '';
  const { plan } = JSON.parse(readFileSync(join(runs, newest), 'utf8')) as { plan: PlanStep[] };
  return new Map(plan.map(({ role, hash }) => [role, hash]));
}

/** Rows of a file of JSON lines. */
export const readRows = <T = Row>(file: string): T[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
