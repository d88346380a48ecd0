/** The documents of `finetune`, `label`, `evaluate` and `generate`. */

import type { StepConfig } from '../config/steps.js';
import type { StepHash } from '../experiments/plan.js';
import type { Interval } from '../metrics/document.js';
import type { SkippedRows } from '../steps/results.js';

/** What `--json` prints; `store` is relative to the working directory. */
export interface StepDocument {
  /** Name and version of this format. */
  schema: `w2s-native/${'finetune' | 'label' | 'evaluate' | 'generate'}@1`;
  /** Every setting, defaults and all. */
  config: StepConfig & { [key: string]: unknown };
  /** As it was named. */
  model: string;
  /** Rows that were trained on, labelled or scored, or that were continued. */
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
  /** What else the data set measures of written answers, such as `legal`; means over rows. Absent otherwise. */
  measures?: Readonly<Record<string, number>>;
}

/** What a model wrote behind a prompt. */
export interface Continuation {
  /** `<prompt's id>#<number>`. */
  id: string;
  /** The prompt's id; `prompt` for the text of the setting of that name. */
  prompt: string;
  /** Without the token that ended it. */
  text: string;
  /** log p of the text's tokens under the model itself, at temperature 1. */
  logProbability: number;
}

/** What `generate` resolves to. */
export interface GenerateDocument extends StepDocument {
  /** Prompt by prompt, in the order of the file. */
  continuations: readonly Continuation[];
}
