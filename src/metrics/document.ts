/**
 * The JSON document of `train` (DESIGN 3.1, version 1): fields may be added, never renamed. It is the
 * one place that the rooms which compute, print and store a result agree on, and holds types only.
 *
 * But for `seconds`, `throughput`, `store` and `config.out`, two runs of one experiment give the same
 * document. Numbers are unrounded; accuracies, intervals and shares lie between 0 and 1.
 */

import type { GenerativeScores } from './rewardDocument.js';

export const TRAIN_SCHEMA = 'w2s-native/train@1';

/** Lower and upper end of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** How one model does on the test set; over several seeds, their mean. */
export interface ModelScore {
  /** As the user named it. */
  model: string;
  accuracy: number;
  ci95: Interval;
  /** Null unless the task is binary and both classes occur. */
  auroc: number | null;
  aurocCi95?: Interval | null;
  /** Test items, counted once however many seeds there are. */
  n: number;
  /** Training and scoring, all seeds together; from the steps' own records when they were cached. */
  seconds: number;
  /**
   * What else the data set measures of written answers on the test set, by name, such as `legal`; means over items
   * and seeds. Absent where it measures nothing.
   */
  measures?: Readonly<Record<string, number>>;
  /** Absent: the test set. `transfer`: supervision from outside that brings no test predictions. */
  on?: 'test' | 'transfer';
}

/** Performance gap recovered. `value` is null exactly when `reason` says why. */
export interface GapRecovered {
  value: number | null;
  ci95: Interval | null;
  reason: string | null;
}

/** Shares of test items on which student and supervisor answer alike; null where there are no such items. */
export interface Agreement {
  /** Of all items. */
  overall: number | null;
  /** Of those that the supervisor answers rightly. */
  supervisorRight: number | null;
  /** Of those that it answers wrongly: how far its mistakes are taken over. */
  supervisorWrong: number | null;
}

/** Accuracies of one seed. */
export interface SeedScore {
  seed: number;
  /** Accuracy of the supervisor. */
  weak: number;
  /** Accuracy of the student. */
  student: number;
  /** Accuracy of the ceiling. */
  ceiling: number;
  /** Null where this seed's own interval of ceiling − weak is not above zero. */
  pgr: number | null;
  /** Whose weights are not the last; absent where they are. */
  earlyStop?: { student: StoppedModel; ceiling: StoppedModel };
  /** Step hashes by role. */
  steps: Readonly<Record<string, string>>;
}

/** A model whose weights were chosen by rows that were held out of its training. */
export interface StoppedModel {
  /** Optimizer steps after which the kept weights stood. */
  step: number;
  /** Optimizer steps of the whole training. */
  steps: number;
  /** What the held-out rows were held against: labels of the kind learned from, or, by an oracle, the truth. */
  against: 'labels' | 'truth';
  /** Accuracy on them after so many steps; `truth` of an oracle alone. */
  curve: readonly { step: number; labels: number; truth?: number }[];
}

/** The student of one round of several, against the same supervisor and ceiling. */
export interface RoundScore {
  /** From 1. */
  round: number;
  accuracy: number;
  ci95: Interval;
  pgr: GapRecovered;
  /** What it learned from, held against the truth: labels of the supervisor, then of the student before. */
  labels: { accuracy: number; n: number };
}

/** A model before any fine-tuning. */
export interface ZeroShotScore {
  accuracy: number;
  ci95: Interval;
}

/** What became of labels before the student learned from them; means over seeds. */
export interface RelabelScore {
  /** Names of the methods in their order: `mutual + confident`. */
  method: string;
  /** Labels that are learned from. */
  kept: number;
  /** Labels that there were. */
  n: number;
  /** Of all labels, as they were. */
  accuracyBefore: number;
  /** Of those that are kept, as they are. */
  accuracyAfter: number;
}

/** Several supervisors; means over seeds. */
export interface EnsembleScore {
  /** Accuracy of each on the test set, and its weight by AdaBoost: 0 where it was left out. */
  members: readonly { model: string; accuracy: number; weight?: number }[];
}

/** What every document's `config` has at least; the rest is the resolved configuration. */
export interface DocumentConfig {
  weak: string;
  strong: string;
  dataset: string;
  [key: string]: unknown;
}

/** What `weakToStrong` resolves to and `train --json` prints. */
export interface TrainDocument {
  /** Name and version of this format. */
  schema: typeof TRAIN_SCHEMA;
  /** Every setting, defaults and all. */
  config: DocumentConfig;
  /** As they were given; the rest is their mean. */
  seeds: readonly number[];
  /** The supervisor, trained on true labels. */
  weak: ModelScore;
  /** The strong model, trained on the supervisor's labels. */
  student: ModelScore;
  /** The strong model, trained on true labels. */
  ceiling: ModelScore;
  /** What the student learned from held against the truth: weak labels on the transfer half, as far as they are kept. */
  labels: { accuracy: number; n: number };
  /** Labels of the strong model itself, before any training; absent: those of the supervisor. */
  labelledBy?: 'zero-shot' | 'consistent' | 'mutual';
  /** Labels that were filtered or made anew before the student learned from them; absent: as they were given. */
  relabel?: RelabelScore;
  /** Supervisors whose labels were combined; absent: one. */
  ensemble?: EnsembleScore;
  /** Student against supervisor on the test set; null when the supervisor has no predictions there. */
  agreement: Agreement | null;
  /** Ceiling − weak, in accuracy. */
  gap?: { value: number; ci95: Interval };
  /** (student − weak) / (ceiling − weak), in accuracy. */
  pgr: GapRecovered;
  /** The same in AUROC, of binary tasks. */
  pgrAuroc: GapRecovered;
  /** Students one after another, the last of which is `student`; absent: one. */
  rounds?: readonly RoundScore[];
  /** One by one. */
  perSeed: readonly SeedScore[];
  /** The strong model before any fine-tuning, where the task can be scored so. */
  zeroShot: ZeroShotScore | null;
  /** Of `reward`, whose document this is a part of, with generative fine-tuning. */
  generative?: GenerativeScores | null;
  /** Bad rows that `skipBadRows` left out, by the file's role; absent where there were none. */
  skippedRows?: Readonly<Record<string, number>>;
  /** Of training, all steps together. */
  throughput: { tokensPerSecond: number; examplesPerSecond: number };
  /** Relative to the working directory. */
  store: string;
  /** Step hashes by role, of the first seed. */
  steps: Readonly<Record<string, string>>;
}
