/** What result.json holds of each kind of step: counts and shares, no times and no paths. */

import type { FileRole } from '../data/types.js';

/** Bad rows that were left out, by the file's role; a role where there were none is absent. */
export type SkippedRows = Partial<Record<FileRole, number>>;

interface ReadingResult {
  /** Of the files that the step read; absent where none was left out. */
  skippedRows?: SkippedRows;
}

export interface FinetuneResult extends ReadingResult {
  kind: 'finetune';
  examples: number;
  /** T. */
  steps: number;
  /** The last batch's objective before its update. */
  finalLoss: number;
  /** Tokens of one epoch. */
  tokens: number;
  truncated: number;
  /** Most tokens of a completion, the one that ends it included; null where none were learned. */
  longestCompletion: number | null;
  /** sha256 of the trained weights. */
  weights: string;
  /** Of early stopping alone. */
  earlyStop?: EarlyStopResult;
}

/** Held-out rows over training. */
export interface EarlyStopResult {
  /** Optimizer steps done when the kept weights were the model's: the earliest best. */
  step: number;
  /** What chose it: the labels, or, in an oracle, the truth. */
  against: 'labels' | 'truth';
  /** Accuracy against the hardened labels of the kind learned from, and, of an oracle, against the truth. */
  curve: readonly { step: number; labels: number; truth?: number }[];
}

export interface LabelResult extends ReadingResult {
  kind: 'label';
  n: number;
  truncated: number;
  /** Rows whose prompt had room for some of `--shots` only; absent where there are none. */
  fewerShots?: number;
}

export interface EvaluateResult extends ReadingResult {
  kind: 'evaluate';
  n: number;
  accuracy: number;
  truncated: number;
  /** Rows whose prompt had room for some of `--shots` only; absent where there are none. */
  fewerShots?: number;
  /** What else the data set measures of a written answer, such as the share of legal moves; means over rows. */
  measures?: Readonly<Record<string, number>>;
}

export interface GradeResult extends ReadingResult {
  kind: 'grade';
  /** How many of the split's rows the labels speak of, in a way that counts. */
  n: number;
  /** Null unless every row has a label. */
  accuracy: number | null;
  /** Rows that a relabelling left out, which are not graded; absent where there are none. */
  leftOut?: number;
}

export interface RelabelResult extends ReadingResult {
  kind: 'relabel';
  n: number;
  /** Rows that are learned from. */
  kept: number;
  /** Weights of the labels that were combined, by AdaBoost; 0 for one that was left out. */
  memberWeights?: readonly number[];
}

export interface FeaturesResult extends ReadingResult {
  kind: 'features';
  n: number;
  /** D. */
  dimension: number;
  truncated: number;
}

export interface ProbeResult extends ReadingResult {
  kind: 'probe';
  examples: number;
  /** D. */
  dimension: number;
  /** Objective at the end, the penalty included. */
  loss: number;
  /** Optimizer steps (Adam) or iterations (L-BFGS). */
  iterations: number;
}

export interface GeneratedResult extends ReadingResult {
  kind: 'generate';
  /** Continuations. */
  n: number;
  prompts: number;
  truncated: number;
}

export interface RankResult extends ReadingResult {
  kind: 'rank';
  /** Completions. */
  n: number;
  /** Those that differ, prompt by prompt; blanks left out. */
  distinct: number;
  truncated: number;
}

export type AnyResult =
  | FinetuneResult
  | LabelResult
  | EvaluateResult
  | GradeResult
  | FeaturesResult
  | RelabelResult
  | GeneratedResult
  | RankResult
  | ProbeResult;
