/** Specs of single steps, from settings. Pure. */

import type { SplitSpec } from '../data/types.js';
import {
  ENGINE_REVISION,
  type EvaluateSpec,
  type FeaturesSpec,
  type FinetuneSpec,
  type GradeSpec,
  type HeadSpec,
  type LabelSpec,
  type LabelStepSpec,
  type ModelSpec,
  type ReadingSpec,
  type RelabelMethod,
  type RelabelSpec,
  type WeightsSpec,
} from './plan.js';
import { type DataShape, type ModelSettings, optimisationOf } from './settings.js';

/** What the specs take from an experiment's settings. */
export interface StepSettings {
  deterministic: boolean;
}

/** All of a `finetune` but what it learns from. */
export function finetuneSpec(
  { deterministic }: StepSettings,
  model: ModelSettings,
  base: WeightsSpec,
  reading: ReadingSpec,
  seed: number,
): Omit<FinetuneSpec, 'data' | 'labels' | 'objective'> {
  // How long answers may be concerns who writes them, not who learns them.
  const { maxNewTokens: _, ...learning } = reading;
  return {
    kind: 'finetune',
    engineRevision: ENGINE_REVISION,
    model: base,
    reading: learning,
    optimisation: optimisationOf(model),
    seed,
    deterministic,
  };
}

/** Hidden states of rows under weights that no step of the same spec changes. */
export function featuresSpec(
  { deterministic }: StepSettings,
  model: WeightsSpec,
  reading: ReadingSpec,
  data: SplitSpec,
): FeaturesSpec {
  return { kind: 'features', engineRevision: ENGINE_REVISION, model, reading, data, deterministic };
}

export function labelSpec(
  { deterministic }: StepSettings,
  model: ModelSpec,
  reading: ReadingSpec,
  data: SplitSpec,
  calibration: SplitSpec | null = null,
): LabelStepSpec {
  return { kind: 'label', engineRevision: ENGINE_REVISION, model, reading, data, calibration, deterministic };
}

export function evaluateSpec(
  { deterministic }: StepSettings,
  model: ModelSpec,
  reading: ReadingSpec,
  data: SplitSpec,
  calibration: SplitSpec | null = null,
): EvaluateSpec {
  return {
    kind: 'evaluate',
    engineRevision: ENGINE_REVISION,
    model,
    reading,
    data,
    calibration,
    deterministic,
  };
}

export function gradeSpec(
  { task }: Pick<DataShape, 'task'>,
  labels: LabelSpec,
  data: SplitSpec,
  unlessIn: SplitSpec | null = null,
): GradeSpec {
  return { kind: 'grade', engineRevision: ENGINE_REVISION, task, labels, data, unlessIn };
}

/** Labels of rows made of labels; `more`: what a method reads beside them. */
export function relabelSpec(
  { task, classes }: DataShape,
  method: RelabelMethod,
  data: SplitSpec,
  labels: readonly LabelSpec[],
  seed: number,
  more: Partial<Pick<RelabelSpec, 'graded' | 'features' | 'zeroShot'>> = {},
): RelabelSpec {
  return {
    kind: 'relabel',
    engineRevision: ENGINE_REVISION,
    task,
    classes: classes.length,
    data,
    method,
    labels,
    ...more,
    seed,
  };
}

/**
 * What a likelihood head is calibrated on that no training has set, labels unseen. Null of other heads, and of
 * preferences: there the bias cancels.
 */
export function calibrationOn({ head, task }: ReadingSpec, data: SplitSpec): SplitSpec | null {
  return head.kind === 'likelihood' && task !== 'preference' ? data : null;
}

/** Whether a base model has an answer before any training: by its language model, but not by a fresh head. */
export function readsWithoutTraining(head: HeadSpec): boolean {
  return head.kind === 'lm' || head.kind === 'likelihood' || head.kind === 'tokens';
}
