/** Predictions and times of finished steps, as documents count them. */

import type { TrainConfig } from '../config/train.js';
import { W2sError } from '../errors.js';
import type { Plan, StepHash } from '../experiments/plan.js';
import {
  type AnswerPair,
  accuracyWithInterval,
  type ModelOutcome,
  type ZeroShotScore,
} from '../metrics/index.js';
import { answerOrTie, creditOf } from '../steps/evaluate.js';
import type { EvaluateResult } from '../steps/results.js';
import type { Prediction, Store } from '../store/index.js';
import { binaryScore } from '../tasks/classification.js';

export type Lines = readonly Prediction[];

/** Predictions of a step. Rejects with ERR_STORE where there are none. */
export async function readLines(store: Store, hash: StepHash): Promise<Lines> {
  const predictions = await store.readPredictions(hash);
  if (predictions) return predictions;
  throw new W2sError('ERR_STORE', `Expected predictions in ${store.stepFolder(hash)} but received none`, {
    hint: `Do the step again: rm -r ${store.stepFolder(hash)}`,
  });
}

/** What stands for the two models in documents: their names, or the files that are there in their place. */
export function modelNames(config: TrainConfig): { weak: string; strong: string } {
  return {
    weak: config.weakLabels ?? config.weakFeatures ?? config.weak,
    strong: config.strongFeatures ?? config.strong,
  };
}

/** Steps, and beneath those that read hidden states, the steps that computed them and tuned their weights. */
export function withFoundations({ steps }: Plan, hashes: readonly StepHash[]): StepHash[] {
  const byHash = new Map(steps.map((step) => [step.hash, step]));
  const found = new Set<StepHash>();
  const visit = (hash: StepHash): void => {
    found.add(hash);
    const step = byHash.get(hash);
    for (const need of step?.needs ?? []) {
      const kind = byHash.get(need)?.spec.kind;
      if (kind === 'features' || (kind === 'finetune' && step?.spec.kind === 'features')) visit(need);
    }
  };
  hashes.forEach(visit);
  return [...found];
}

export function groupOf(line: Prediction): string {
  return line.group ?? line.id;
}

/** What predictions count in an accuracy, and the scores of a task with two classes. */
export function outcome(lines: Lines): ModelOutcome {
  const correct = Float32Array.from(lines, creditOf);
  if (!lines.every((line) => line.logits?.length === 2)) return { correct };
  return { correct, scores: Float64Array.from(lines, (line) => binaryScore(line.logits ?? [])) };
}

/** Answers of student and supervisor to the same items, and what they count. */
export function answerPair(student: Lines, supervisor: Lines): AnswerPair {
  return {
    student: student.map(answerOrTie),
    supervisor: supervisor.map(answerOrTie),
    credits: { student: student.map(creditOf), supervisor: supervisor.map(creditOf) },
  };
}

/** True classes of a task with two; null of any other. */
export function binaryLabels(lines: Lines): Uint8Array | null {
  if (!lines.every((line) => line.logits?.length === 2 && typeof line.label === 'number')) return null;
  return Uint8Array.from(lines, (line) => line.label as number);
}

/**
 * The mean over seeds of a model that was read before any training; null where a seed has no such reading.
 * @param seeds each seed's step, and what it predicts
 */
export function zeroShotScore(
  seeds: readonly (readonly [StepHash | undefined, Lines | null])[],
  groups: readonly string[],
): ZeroShotScore | null {
  // A base model that no seed changes is one observation, not several.
  const distinct = new Map<StepHash, Lines>();
  for (const [hash, lines] of seeds) {
    if (hash === undefined || lines === null) return null;
    distinct.set(hash, lines);
  }
  const { accuracy, ci95 } = accuracyWithInterval(
    [...distinct.values()].map((lines) => outcome(lines).correct),
    groups,
  );
  return { accuracy, ci95 };
}

/** What data sets measure of written answers: means over those of the steps that evaluated something so. */
export async function measuresOf(
  store: Store,
  hashes: readonly StepHash[],
): Promise<{ measures?: Readonly<Record<string, number>> }> {
  const found: Readonly<Record<string, number>>[] = [];
  for (const hash of new Set(hashes)) {
    const { measures } = ((await store.readResult(hash)) ?? {}) as Partial<EvaluateResult>;
    if (measures) found.push(measures);
  }
  const [first] = found;
  if (first === undefined) return {};
  const mean = (name: string) => found.reduce((sum, one) => sum + (one[name] ?? 0), 0) / found.length;
  return { measures: Object.fromEntries(Object.keys(first).map((name) => [name, mean(name)])) };
}

/** Labels held against the truth: their mean accuracy over seeds, and how many there are of one seed. */
export function labelScore(seeds: readonly Lines[]): { accuracy: number; n: number } {
  const accuracies = seeds.map(
    (labels) => labels.reduce((sum, line) => sum + creditOf(line), 0) / labels.length,
  );
  const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  return { accuracy, n: seeds[0]?.length ?? 0 };
}

/** Seconds, tokens and examples of steps, each counted once. */
export async function sumTimings(store: Store, hashes: readonly StepHash[]) {
  const totals = { seconds: 0, tokens: 0, examples: 0 };
  for (const hash of new Set(hashes)) {
    const timing = await store.readTiming(hash);
    totals.seconds += timing?.seconds ?? 0;
    totals.tokens += timing?.tokens ?? 0;
    totals.examples += timing?.examples ?? 0;
  }
  return totals;
}

/** Speed of training over these steps. */
export async function throughputOf(store: Store, hashes: readonly StepHash[]) {
  const { tokens, examples, seconds } = await sumTimings(store, hashes);
  return { tokensPerSecond: rate(tokens, seconds), examplesPerSecond: rate(examples, seconds) };
}

function rate(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}
