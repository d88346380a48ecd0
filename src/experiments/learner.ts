/**
 * How a model learns from labels: the one place that knows the methods (fine-tuning, probes, prompts). Every
 * experiment trains through `planLearner` and reads through what it gives back. Pure.
 */

import type { SplitSpec } from '../data/types.js';
import type { PlanBuilder } from './builder.js';
import type { LabelSpec, ModelSpec, ObjectiveSpec, ReadingSpec, StepHash, WeightsSpec } from './plan.js';
import { type DataShape, type ModelSettings, readingOf } from './settings.js';
import { evaluateSpec, finetuneSpec, labelSpec, type StepSettings } from './specs.js';

/** A model, and how it is trained and read. */
export interface LearnerInputs {
  builder: PlanBuilder;
  seed: number;
  settings: StepSettings;
  dataset: DataShape;
  /** The model's own settings. */
  model: ModelSettings;
  base: WeightsSpec;
}

/** What there is to learn. */
export interface Lesson {
  data: SplitSpec;
  labels: LabelSpec;
  objective: ObjectiveSpec;
}

/** A model that has learnt. */
export interface Learned {
  /** The step that it comes from. */
  step: StepHash;
  /** Adds an `evaluate` of it. */
  evaluate(role: string, data: SplitSpec): StepHash;
  /** Adds a `label` of it. */
  label(role: string, data: SplitSpec): StepHash;
}

/** Adds the steps by which a model learns. */
export function planLearner(role: string, inputs: LearnerInputs, lesson: Lesson): Learned {
  const { builder, seed, settings, model, base } = inputs;
  const reading = readingOf(model, inputs.dataset);
  const step = builder.add(role, seed, {
    ...finetuneSpec(settings, model, base, reading, seed),
    ...lesson,
  });
  return learned(inputs, step, { from: 'step', step }, () => reading);
}

function learned(
  { builder, seed, settings }: LearnerInputs,
  step: StepHash,
  model: ModelSpec,
  readingOn: (data: SplitSpec) => ReadingSpec,
): Learned {
  return {
    step,
    evaluate: (role, data) => builder.add(role, seed, evaluateSpec(settings, model, readingOn(data), data)),
    label: (role, data) => builder.add(role, seed, labelSpec(settings, model, readingOn(data), data)),
  };
}
