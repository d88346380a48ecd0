/** The JSON documents of `reward` and `best-of`, version 1: fields may be added, never renamed. Types only. */

import type { DocumentConfig, GapRecovered, ModelScore, TrainDocument } from './document.js';
import type { Measure } from './ratio.js';

export const REWARD_SCHEMA = 'w2s-native/reward@1';
export const BEST_OF_SCHEMA = 'w2s-native/best-of@1';

/** What `reward` resolves to and `reward --json` prints: the document of `train`, and what generative fine-tuning gave. */
export interface RewardDocument extends Omit<TrainDocument, 'schema' | 'generative'> {
  schema: typeof REWARD_SCHEMA;
  /** Null without generative fine-tuning. */
  generative: GenerativeScores | null;
}

/** A student and a ceiling that start from a strong model which has first learned to write the completions. */
export interface GenerativeScores {
  student: ModelScore;
  ceiling: ModelScore;
  /**
   * Of this student against the plain ceiling. It flatters the method: what fine-tuning on the task's texts gives any
   * model counts as if it had been recovered from the weak labels.
   */
  pgrPlainCeiling: GapRecovered;
  /** Of this student against the equally fine-tuned ceiling: the honest one. */
  pgrTunedCeiling: GapRecovered;
}

/** What one chooser makes of the completions, at each n. */
export interface BestOfCurve {
  /** As the user named it. */
  model: string;
  /** Mean truth score of the completion that is chosen from n, by the document's `n`. */
  scores: readonly Measure[];
}

/** What `bestOf` resolves to and `best-of --json` prints. */
export interface BestOfDocument {
  schema: typeof BEST_OF_SCHEMA;
  /** Every setting, defaults and all. */
  config: DocumentConfig;
  seeds: readonly number[];
  /** What wrote the completions, as the user named it. */
  policy: string;
  /** Test prompts. */
  prompts: number;
  /** Completions that were drawn of each. */
  samples: number;
  /** How many a chooser sees, from small to large. */
  n: readonly number[];
  /** log n − (n − 1)/n: at most so many nats lie between what is chosen from n and the policy. */
  kl: readonly number[];
  /** By the reward model of each role; null: labels from outside have no model that could choose. */
  weak: BestOfCurve | null;
  student: BestOfCurve;
  ceiling: BestOfCurve;
  /** Student less weak at each n, prompt by prompt; null without weak. */
  gain: readonly Measure[] | null;
  /** Choosing by the truth itself: as good as any chooser could do. */
  oracle: readonly Measure[];
  /** A random choice, whatever n. */
  random: Measure;
  /** What else the data set measures of completions, such as `legal`: means over all of them. */
  measures: Readonly<Record<string, number>>;
  /** The three as reward models: pairwise accuracy, and the gap recovered. */
  accuracy: { weak: ModelScore; student: ModelScore; ceiling: ModelScore };
  pgr: GapRecovered;
  /** Relative to the working directory. */
  store: string;
  /** Step hashes by role, of the first seed. */
  steps: Readonly<Record<string, string>>;
}
