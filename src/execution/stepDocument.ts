/** The documents of `finetune`, `label` and `evaluate`. */

import type { StepConfig } from '../config/steps.js';
import type { StepHash } from '../experiments/plan.js';
import type { Interval } from '../metrics/document.js';
import type { SkippedRows } from '../steps/results.js';

/** What `--json` prints; `store` is relative to the working directory. */
export interface StepDocument {
  /** Name and version of this format. */
  schema: 'w2s-native/finetune@1' | 'w2s-native/label@1' | 'w2s-native/evaluate@1';
  /** Every setting, defaults and all. */
  config: StepConfig & { [key: string]: unknown };
  /** As it was named. */
  model: string;
  /** Rows that were trained on, labelled or scored. */
  n: number;
  /** Bad rows that `skipBadRows` left out, by the file's role; absent where there were none. */
  skippedRows?: SkippedRows;
  /** Name of the step's folder in the store. */
  step: StepHash;
  /** Relative to the working directory. */
  store: string;
}

/** What `evaluate` resolves to. */
export interface EvaluateDocument extends StepDocument {
  /** Share of rows answered rightly. */
  accuracy: number;
  /** 95 % interval of the accuracy. */
  ci95: Interval;
  /** Null unless the task is binary and both classes occur. */
  auroc: number | null;
}
