/**
 * How a model learns from labels: the one place that knows the methods (fine-tuning, probes, prompts). Every
 * experiment trains through `planLearner` and reads through what it gives back. Pure.
 */

import type { SplitSpec } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { PlanBuilder } from './builder.js';
import {
  ENGINE_REVISION,
  type FeatureSource,
  type FinetuneSpec,
  type HeadSpec,
  type LabelSpec,
  type ModelSpec,
  type ObjectiveSpec,
  type ProbeFit,
  type ReadingSpec,
  type StepHash,
  type WeightsSpec,
} from './plan.js';
import { type DataShape, type ModelSettings, readingOf } from './settings.js';
import { evaluateSpec, featuresSpec, finetuneSpec, labelSpec, type StepSettings } from './specs.js';
import type { TrainInputs } from './train.js';

/** A model, and how it is trained and read. */
export interface LearnerInputs {
  builder: PlanBuilder;
  seed: number;
  /** Of shuffles and what else chance adds to training, where it is another; absent: `seed`. */
  trainSeed?: number;
  settings: StepSettings;
  dataset: DataShape;
  /** The model's own settings. */
  model: ModelSettings;
  /** Of no effect beside `features`. */
  base: WeightsSpec;
  /** A table that the user brings instead of a model. */
  features?: Extract<FeatureSource, { from: 'file' }>;
}

/** The supervisor's model or the strong one, before it has learnt anything: of several supervisors' the first. */
export function learnerOf(
  side: 'weak' | 'strong',
  builder: PlanBuilder,
  inputs: TrainInputs,
  seed: number,
): LearnerInputs {
  const { settings, dataset } = inputs;
  const isWeak = side === 'weak';
  const contentHash = isWeak ? inputs.weakModel : inputs.strongModel;
  const sha256 = isWeak ? inputs.weakFeatures : inputs.strongFeatures;
  return {
    builder,
    seed,
    settings,
    dataset,
    model: isWeak ? settings.forWeak : settings.forStrong,
    base: { from: 'folder', contentHash },
    ...(sha256 === undefined ? {} : { features: { from: 'file', sha256 } }),
  };
}

/** What there is to learn. */
export interface Lesson {
  data: SplitSpec;
  labels: LabelSpec;
  objective: ObjectiveSpec;
  /** With fine-tuning alone. */
  balanced?: true;
  earlyStop?: FinetuneSpec['earlyStop'];
}

/** A model that has learnt. */
export interface Learned {
  /** The step that it comes from; of a prompt, which trains nothing, the first step that reads with it. */
  readonly step: StepHash;
  /** Adds an `evaluate` of it. */
  evaluate(role: string, data: SplitSpec): StepHash;
  /** Adds a `label` of it. */
  label(role: string, data: SplitSpec): StepHash;
}

/**
 * Adds the steps by which a model learns.
 * Throws ERR_USAGE where the method cannot serve the objective.
 */
export function planLearner(role: string, inputs: LearnerInputs, lesson: Lesson): Learned {
  const { method } = inputs.model;
  if (inputs.features || method === 'probe') return planProbe(role, inputs, lesson, inputs.base);
  if (method === 'prompt') return planPrompt(inputs, lesson);
  if (method === 'finetune-then-probe') {
    const { step } = planFinetuning(`${role}Finetune`, inputs, lesson);
    const plain: Lesson = { data: lesson.data, labels: lesson.labels, objective: { loss: 'xent' } };
    return planProbe(role, inputs, plain, { from: 'step', step });
  }
  const { step, reading } = planFinetuning(role, inputs, lesson);
  return learned(inputs, step, () => ({ model: { from: 'step', step }, reading }));
}

function planFinetuning(
  role: string,
  { builder, seed, trainSeed = seed, settings, model, base, dataset }: LearnerInputs,
  lesson: Lesson,
): { step: StepHash; reading: ReadingSpec } {
  const reading = readingOf(model, dataset);
  const step = builder.add(role, seed, {
    ...finetuneSpec(settings, model, base, reading, trainSeed),
    ...lesson,
  });
  return { step, reading };
}

/** A linear probe on the hidden states of weights that it leaves alone. */
export function planProbe(
  role: string,
  inputs: LearnerInputs,
  lesson: Lesson,
  weights: WeightsSpec,
): Learned {
  const { builder, seed, trainSeed = seed, settings, model, dataset } = inputs;
  requirePlain(lesson, '--method probe');
  const { data, labels } = lesson;
  const probed = probeReading(inputs, weights);
  const featuresOn = (of: string, split: SplitSpec): FeatureSource => {
    if (inputs.features) return inputs.features;
    const spec = featuresSpec(settings, weights, probed, split);
    return { from: 'step', step: builder.add(`${of}Features`, seed, spec) };
  };
  const probe = builder.add(role, seed, {
    kind: 'probe',
    engineRevision: ENGINE_REVISION,
    task: dataset.task,
    classes: dataset.classes.length,
    features: featuresOn(role, data),
    data,
    labels,
    fit: probeFitOf(model),
    seed: trainSeed,
  });
  const reading: ReadingSpec = {
    task: dataset.task,
    head: plainHead(dataset),
    dtype: 'f32',
    maxContext: null,
  };
  return learned(inputs, probe, (of, split) => ({
    model: { from: 'probe', probe, features: featuresOn(of, split) },
    reading,
  }));
}

/** Of a folder the head has no say in the hidden states, so that every method shares them; a step's must fit its weights. */
export function probeReading({ model, dataset }: LearnerInputs, weights: WeightsSpec): ReadingSpec {
  const reading = readingOf(model, dataset);
  return weights.from === 'step' ? reading : { ...reading, head: plainHead(dataset) };
}

function plainHead({ task, classes }: DataShape): HeadSpec {
  if (task === 'preference') return { kind: 'scalar' };
  return { kind: 'classifier', labels: classes.length, init: 'zero' };
}

/** Examples in a batch of a probe's Adam. */
const PROBE_BATCH = 128;

/** Throws a TypeError where the settings name no probe. */
function probeFitOf({ probeFit, probeEpochs, probeLr, probeL2 }: ModelSettings): ProbeFit {
  if (probeL2 === undefined) throw new TypeError('settings of a probe without a probe');
  if (probeFit === 'lbfgs') return { method: 'lbfgs', l2: probeL2 };
  if (probeEpochs === undefined || probeLr === undefined) throw new TypeError('settings of no Adam');
  return { method: 'adam', lr: probeLr, epochs: probeEpochs, batchSize: PROBE_BATCH, l2: probeL2 };
}

/** Answered examples in the prompt, with the labels of the lesson, and no training. */
function planPrompt(inputs: LearnerInputs, lesson: Lesson): Learned {
  const { base, model, dataset, seed, trainSeed = seed } = inputs;
  requirePlain(lesson, '--method prompt');
  const { data, labels } = lesson;
  const count = model.shots ?? 0;
  const shots = count > 0 ? { shots: { count, data, labels, seed: trainSeed } } : {};
  const reading: ReadingSpec = { ...readingOf(model, dataset), ...shots };
  return learned(inputs, null, () => ({ model: base, reading }));
}

function requirePlain({ objective, balanced, earlyStop }: Lesson, method: string): void {
  const isPlain =
    objective.loss === 'xent' || (objective.loss === 'completion' && method === '--method prompt');
  const other = balanced ? '--balanced' : earlyStop ? 'early stopping' : undefined;
  if (isPlain && other === undefined) return;
  const received = other ?? (objective.loss === 'custom' ? objective.name : `--loss ${objective.loss}`);
  throw new W2sError('ERR_USAGE', `Expected plain cross-entropy beside ${method} but received ${received}`, {
    hint: 'Fine-tune instead: --method finetune',
  });
}

type Read = (role: string, data: SplitSpec) => { model: ModelSpec; reading: ReadingSpec };

function learned({ builder, seed, settings }: LearnerInputs, trained: StepHash | null, read: Read): Learned {
  let step = trained;
  const add = (role: string, data: SplitSpec, specOf: typeof evaluateSpec | typeof labelSpec): StepHash => {
    const { model, reading } = read(role, data);
    const hash = builder.add(role, seed, specOf(settings, model, reading, data));
    step ??= hash;
    return hash;
  };
  return {
    get step() {
      if (step === null) throw new TypeError('a prompt that nothing was read with');
      return step;
    },
    evaluate: (role, data) => add(role, data, evaluateSpec),
    label: (role, data) => add(role, data, labelSpec),
  };
}
