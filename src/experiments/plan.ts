import type { SplitSpec, TaskKind } from '../data/types.js';

/**
 * A plan: a directed graph of steps, each named by the hash of everything that determines its result
 * (DESIGN 1). A spec holds no path, no device, no thread count and no micro-batch size.
 */

/** First 16 hex digits of the sha256 of a spec's canonical JSON. */
export type StepHash = string;

/**
 * Raised whenever results change beyond rounding. 2: rows without an id count records, not lines, and the id of
 * a pair names its order.
 */
export const ENGINE_REVISION = 2;

export type HeadSpec =
  | { kind: 'lm' }
  | { kind: 'classifier'; labels: number; init: 'zero' }
  | { kind: 'classifier'; labels: number; init: 'unembedding'; answers: readonly string[] }
  | { kind: 'likelihood' };

/** Where a step's weights come from: a folder, by the hash of its files, or a finished `finetune`. */
export type ModelSpec = { from: 'folder'; contentHash: string } | { from: 'step'; step: StepHash };

/** `data`: the labels that the split brings. `step`: the predictions of a `label` step. `file`: given from outside. */
export type LabelSpec =
  | { from: 'data' }
  | { from: 'step'; step: StepHash }
  | { from: 'file'; sha256: string };

export type ObjectiveSpec =
  | { loss: 'xent' }
  | { loss: 'lm' }
  | { loss: 'completion' }
  | { loss: 'confidence'; threshold: 'half' | 'weak-mean'; alphaMax: number; warmup: number | 'as-released' }
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
}

export interface FinetuneSpec {
  kind: 'finetune';
  engineRevision: number;
  model: ModelSpec;
  reading: ReadingSpec;
  data: SplitSpec;
  labels: LabelSpec;
  objective: ObjectiveSpec;
  optimisation: OptimisationSpec;
  seed: number;
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

export type StepSpec = FinetuneSpec | LabelStepSpec | EvaluateSpec | GradeSpec;

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
