/**
 * The JSON document of `bootstrap`, version 1: fields may be added, never renamed. Types only. As with `train`, two
 * runs of one chain give the same document but for `seconds`, `throughput`, `store` and `config.out`.
 */

import type { Agreement, GapRecovered, Interval, ModelScore, ZeroShotScore } from './document.js';

export const BOOTSTRAP_SCHEMA = 'w2s-native/bootstrap@1';

/** Labels held against the truth. */
export interface GradedLabels {
  accuracy: number;
  /** Of one seed. */
  n: number;
}

/** A model of the chain. */
export interface ChainModel extends ModelScore {
  /** What it gave the next model to learn; null of the last. */
  labels: GradedLabels | null;
}

/** One way from M1 to Mn: the last model, and what it learned from. */
export interface BootstrapArm {
  student: ModelScore;
  labels: GradedLabels;
  /** With the model that gave the labels, on the test set. */
  agreement: Agreement | null;
  /** (student − M1) / (ceiling − M1), in accuracy. */
  pgr: GapRecovered;
  /** The same in AUROC, of binary tasks. */
  pgrAuroc: GapRecovered;
}

/** `chain`: through every model. `direct`: M1 labels the last set. `union`: M1 labels all sets. */
export type BootstrapArms = Readonly<Record<'chain' | 'direct' | 'union', BootstrapArm>>;

/** Accuracies of one seed. */
export interface BootstrapSeed {
  seed: number;
  /** M1 … Mn. */
  models: readonly number[];
  ceiling: number;
  /** `pgr` is null where this seed's own interval of ceiling − M1 is not above zero. */
  arms: Readonly<Record<'chain' | 'direct' | 'union', { accuracy: number; pgr: number | null }>>;
  /** Step hashes by role. */
  steps: Readonly<Record<string, string>>;
}

/** What `bootstrap` resolves to and `bootstrap --json` prints. */
export interface BootstrapDocument {
  schema: typeof BOOTSTRAP_SCHEMA;
  /** Every setting, defaults and all. */
  config: { chain: readonly string[]; dataset: string; [key: string]: unknown };
  seeds: readonly number[];
  /** M1 … Mn of the chain. */
  models: readonly ChainModel[];
  arms: BootstrapArms;
  /** Mn, trained on the truth of the last set. */
  ceiling: ModelScore;
  /** Ceiling − M1, in accuracy. */
  gap: { value: number; ci95: Interval };
  perSeed: readonly BootstrapSeed[];
  /** Mn before any fine-tuning, where the task can be scored so. */
  zeroShot: ZeroShotScore | null;
  skippedRows?: Readonly<Record<string, number>>;
  /** Of training, all steps together. */
  throughput: { tokensPerSecond: number; examplesPerSecond: number };
  /** Relative to the working directory. */
  store: string;
  /** Step hashes by role, of the first seed. */
  steps: Readonly<Record<string, string>>;
}
