/** The JSON document of `run`, version 1: an experiment that a user defines. Fields may be added, never renamed. */
import type { DocumentConfig, GapRecovered, Interval, ModelScore } from './document.js';

export const EXPERIMENT_SCHEMA = 'w2s-native/experiment@1';

/** What `runExperiment` resolves to and `run` prints with `--json`. */
export interface ExperimentDocument {
  /** Name and version of this format. */
  schema: typeof EXPERIMENT_SCHEMA;
  /** Every setting, defaults and all; `experiment` has name, hash of the code and parameters. */
  config: DocumentConfig & {
    experiment: {
      name: string;
      source: string;
      params: Readonly<Record<string, unknown>>;
      file?: string;
    };
  };
  /** As they were given; the rest is their mean. */
  seeds: readonly number[];
  /** Every model that was evaluated, by its role, in the order in which the plan asked for them. */
  models: Readonly<Record<string, ModelScore>>;
  /** Labels that were held against the truth, by role. */
  labels: Readonly<Record<string, { accuracy: number; n: number }>>;
  /** Of models named `weak`, `student` and `ceiling` that were scored on the same rows; else absent, as the next two. */
  gap?: { value: number; ci95: Interval };
  pgr?: GapRecovered;
  pgrAuroc?: GapRecovered;
  /** One by one. */
  perSeed: readonly ExperimentSeed[];
  /** Bad rows that `skipBadRows` left out, by the file's role; absent where there were none. */
  skippedRows?: Readonly<Record<string, number>>;
  /** Of training, all steps together. */
  throughput: { tokensPerSecond: number; examplesPerSecond: number };
  /** Relative to the working directory. */
  store: string;
  /** Step hashes by role, of the first seed. */
  steps: Readonly<Record<string, string>>;
}

/** What one seed came to. */
export interface ExperimentSeed {
  seed: number;
  /** Accuracy of each evaluated model. */
  accuracies: Readonly<Record<string, number>>;
  /** Null where this seed's own interval of ceiling − weak is not above zero; absent without such models. */
  pgr?: number | null;
  /** Step hashes by role. */
  steps: Readonly<Record<string, string>>;
}
