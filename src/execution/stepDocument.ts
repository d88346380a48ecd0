/** The documents of `finetune`, `label` and `evaluate`. */

import type { StepConfig } from '../config/steps.js';
import type { StepHash } from '../experiments/plan.js';
import type { Interval } from '../metrics/document.js';
import type { SkippedRows } from '../steps/results.js';

/** What `--json` prints; `store` is relative to the working directory. */
export interface StepDocument {
  schema: 'w2s-native/finetune@1' | 'w2s-native/label@1' | 'w2s-native/evaluate@1';
  config: StepConfig & { [key: string]: unknown };
  model: string;
  /** Rows that were trained on, labelled or scored. */
  n: number;
  /** Bad rows that `skipBadRows` left out, by the file's role; absent where there were none. */
  skippedRows?: SkippedRows;
  step: StepHash;
  store: string;
}

export interface EvaluateDocument extends StepDocument {
  accuracy: number;
  ci95: Interval;
  /** Null unless the task is binary and both classes occur. */
  auroc: number | null;
}
