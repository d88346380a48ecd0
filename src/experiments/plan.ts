import type { SplitSpec, TaskKind } from '../data/types.js';

/**
 * A plan: a directed graph of steps, each named by the hash of everything that determines its result
 * (DESIGN 1). A spec holds no path, no device, no thread count and no micro-batch size.
 */

/** First 16 hex digits of the sha256 of a spec's canonical JSON. */
export type StepHash = string;

/**
 * Raised whenever results change beyond rounding. 2: rows without an id count records, not lines, and the id of
 * a pair names its order. 3: completions of several tokens are learned with a token that ends them, and written
 * answers are judged by the data set's own rules.
 */
export const ENGINE_REVISION = 3;

export type HeadSpec =
  | { kind: 'lm' }
  | { kind: 'classifier'; labels: number; init: 'zero' }
  | { kind: 'classifier'; labels: number; init: 'unembedding'; answers: readonly string[] }
  /** Next-token logits of one token for each class, of these alone or of the whole vocabulary. */
  | { kind: 'tokens'; answers: readonly string[]; vocabulary: 'restricted' | 'full' }
  /** One number a sequence: a reward. */
  | { kind: 'scalar' }
  | { kind: 'likelihood' };

/** Where a step's weights come from: a folder, by the hash of its files, or a finished `finetune`. */
export type WeightsSpec = { from: 'folder'; contentHash: string } | { from: 'step'; step: StepHash };

/** What predicts: weights, or a finished `probe` on the hidden states of a frozen trunk. */
export type ModelSpec = WeightsSpec | { from: 'probe'; probe: StepHash; features: FeatureSource };

/** Hidden states of a finished `features` step, or a table that the user brings, by the hash of its bytes. */
export type FeatureSource = { from: 'step'; step: StepHash } | { from: 'file'; sha256: string };

/**
 * `data`: the labels that the split brings. `step`: what a `label` or `relabel` step predicts. `file`: given from
 * outside. `none`: nothing but the rows' texts is learned from.
 */
export type LabelSpec =
  | { from: 'data' }
  | { from: 'step'; step: StepHash }
  | { from: 'file'; sha256: string }
  | { from: 'none' };

export type ObjectiveSpec =
  | { loss: 'xent' }
  | { loss: 'lm' }
  | { loss: 'completion' }
  | {
      loss: 'confidence';
      threshold: 'half' | 'weak-mean' | number;
      alphaMax: number;
      warmup: number | 'as-released';
    }
  | { loss: 'product'; alpha: number; beta: number }
  | { loss: 'reverse-kl' }
  | { loss: 'window'; radius: number | 'median' }
  | { loss: 'entropy'; alphaMax: number; warmup: number }
  | { loss: 'adaptive-confidence'; temperature: number }
  /** A loss written in TypeScript: `source` is the sha256 of its code, `params` what it was given. */
  | { loss: 'custom'; name: string; source: string; params: Readonly<Record<string, unknown>> };

export interface OptimisationSpec {
  optimizer: 'adamw' | 'adam' | 'muon';
  epochs: number;
  batchSize: number;
  lr: number;
  headLr: number;
  weightDecay: number;
  clip: number;
  schedule: 'constant' | 'linear' | 'cosine';
  warmupSteps: number;
}

/** How a model reads text: part of every step that runs one. */
export interface ReadingSpec {
  /** Whether a row is a text (or prompt and completion) with a class, or a prompt whose completion is the answer. */
  task: TaskKind;
  head: HeadSpec;
  dtype: 'f32' | 'bf16';
  /** Most tokens a sequence may have; null: the model's own context. */
  maxContext: number | null;
  /** What a text is put into, `{text}` standing for it; absent: the text as it is. */
  template?: string;
  /** Answered examples that stand before the text; absent: none. */
  shots?: ShotsSpec;
  /** Most tokens of a written answer; absent: as many as the longest that was trained on. */
  maxNewTokens?: number;
}

/** Examples of a few-shot prompt: the first `count` rows of `data` in an order that the seed draws. */
export interface ShotsSpec {
  count: number;
  data: SplitSpec;
  labels: LabelSpec;
  seed: number;
}

/** Early stopping: training goes to its end, and the earliest step that does best on the held-out rows is restored. */
export interface EarlyStopSpec {
  data: SplitSpec;
  /** `labels`: accuracy against the hardened labels of the kind learned from. `truth`: an oracle, for analysis alone. */
  against: 'labels' | 'truth';
  /** How often in training the held-out rows are scored, the end included. */
  checks: number;
}

export interface FinetuneSpec {
  kind: 'finetune';
  engineRevision: number;
  model: WeightsSpec;
  reading: ReadingSpec;
  data: SplitSpec;
  labels: LabelSpec;
  objective: ObjectiveSpec;
  optimisation: OptimisationSpec;
  /** Labels of each batch are shifted so that their mean is one half. Absent otherwise. */
  balanced?: true;
  earlyStop?: EarlyStopSpec;
  seed: number;
  deterministic: boolean;
}

/** Final hidden states of each row's last token [N · D], computed once and kept for probes and filters. */
export interface FeaturesSpec {
  kind: 'features';
  engineRevision: number;
  model: WeightsSpec;
  reading: ReadingSpec;
  data: SplitSpec;
  deterministic: boolean;
}

export type ProbeFit =
  | { method: 'adam'; lr: number; epochs: number; batchSize: number; l2: number }
  | { method: 'lbfgs'; l2: number };

/** A linear classifier on features. */
export interface ProbeSpec {
  kind: 'probe';
  engineRevision: number;
  task: TaskKind;
  classes: number;
  features: FeatureSource;
  data: SplitSpec;
  labels: LabelSpec;
  fit: ProbeFit;
  seed: number;
}

/** What happens between labels and student: labels in, labels out, with weights, or with rows left out. */
export interface RelabelSpec {
  kind: 'relabel';
  engineRevision: number;
  task: TaskKind;
  /** K; 0 for completions. */
  classes: number;
  data: SplitSpec;
  method: RelabelMethod;
  /**
   * Predictions that the labels are made of: one supervisor, several, or the student's own; a second one of
   * `consistent` is of the mirrored rows, or of the other answers of the questions.
   */
  labels: readonly LabelSpec[];
  /** What weighs the labels above (AdaBoost): predictions on held-out rows, each held against the truth. */
  graded?: readonly StepHash[];
  /** Hidden states of the same rows, for filters that look at neighbours. */
  features?: FeatureSource;
  /** The student's own predictions before any training. */
  zeroShot?: StepHash;
  seed: number;
}

/**
 * Names and parameters of what `relabel` can do. `oneRight`: of the answers of one question exactly one is of class 1.
 * `custom` is written in TypeScript, `source` the hash of its code.
 */
export type RelabelMethod =
  | { name: 'mean' }
  | { name: 'adaboost' }
  /** Of completions. */
  | { name: 'vote' }
  | { name: 'confident'; keep: number }
  | { name: 'knn'; keep: number; neighbours: number }
  | { name: 'logistic'; keep: number }
  | { name: 'topological'; neighbours: number }
  | { name: 'consistent'; oneRight?: true }
  | { name: 'mutual'; neighbours: number; rounds: number; oneRight?: true }
  | { name: 'custom'; relabel: string; source: string; params: Readonly<Record<string, unknown>> };

/**
 * Labels with as many errors as a supervisor's, of a chosen kind: for analysis alone, since it sees the truth. `weak`:
 * the supervisor's own answers, hardened. `reference`: predictions of a model trained on other rows' truth, by
 * whose confidence rows are chosen.
 */
export interface SimulateSpec {
  kind: 'simulate';
  engineRevision: number;
  task: TaskKind;
  data: SplitSpec;
  /** Whose accuracy is met. */
  like: StepHash;
  errors: 'weak' | 'random' | 'longest' | 'shortest' | 'unconfident' | 'confidently-wrong';
  reference?: StepHash;
  seed: number;
}

/** Sampled continuations of each prompt; line i of a prompt has the id `<prompt's id>#i`. */
export interface GenerateSpec {
  kind: 'generate';
  engineRevision: number;
  model: WeightsSpec;
  reading: ReadingSpec;
  data: SplitSpec;
  samples: number;
  temperature: number;
  topP: number;
  seed: number;
  deterministic: boolean;
}

/** A reward model's score of what a `generate` step wrote. */
export interface RankSpec {
  kind: 'rank';
  engineRevision: number;
  model: WeightsSpec;
  reading: ReadingSpec;
  data: SplitSpec;
  candidates: StepHash;
  deterministic: boolean;
}

/** Predictions on a split whose labels are not seen. */
export interface LabelStepSpec {
  kind: 'label';
  engineRevision: number;
  model: ModelSpec;
  reading: ReadingSpec;
  data: SplitSpec;
  /** What a likelihood head is calibrated on (labels unseen) that no fine-tuning has set; else null. */
  calibration: SplitSpec | null;
  deterministic: boolean;
}

/** Predictions on a split, held against its true labels. A base model is read without fine-tuning. */
export interface EvaluateSpec {
  kind: 'evaluate';
  engineRevision: number;
  model: ModelSpec;
  reading: ReadingSpec;
  data: SplitSpec;
  calibration: SplitSpec | null;
  deterministic: boolean;
}

/** Labels held against a split's true ones: no model runs. The only place where weak labels meet the truth. */
export interface GradeSpec {
  kind: 'grade';
  engineRevision: number;
  task: TaskKind;
  labels: LabelSpec;
  data: SplitSpec;
  /** Ids that also occur here say nothing about `data`: a row number is no name across files. */
  unlessIn: SplitSpec | null;
}

export type StepSpec =
  | FinetuneSpec
  | LabelStepSpec
  | EvaluateSpec
  | GradeSpec
  | FeaturesSpec
  | ProbeSpec
  | RelabelSpec
  | SimulateSpec
  | GenerateSpec
  | RankSpec;

/** One node: its spec is what is hashed, the rest is for people and for finding files. */
export interface PlanStep<Spec extends StepSpec = StepSpec> {
  /** Such as `weak`, `labels`, `student`, `ceiling`, `weakTest`; unique within a seed. */
  role: string;
  seed: number;
  hash: StepHash;
  spec: Spec;
  /** Hashes that must be done before. */
  needs: readonly StepHash[];
}

/** Steps in an order in which each comes after what it needs; equal hashes appear once. */
export interface Plan {
  steps: readonly PlanStep[];
}
