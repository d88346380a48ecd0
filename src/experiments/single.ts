/** `finetune`, `label`, `evaluate`: plans of one step on any model folder and any file. Pure. */

import type { DatasetSpec } from '../data/types.js';
import { PlanBuilder } from './builder.js';
import { ENGINE_REVISION, type Plan, type WeightsSpec } from './plan.js';
import {
  type DataShape,
  generativeObjective,
  isGenerative,
  languageReading,
  type ModelSettings,
  objectivesOf,
  type ReadingSettings,
  readingOf,
} from './settings.js';
import { calibrationOn, evaluateSpec, finetuneSpec, labelSpec } from './specs.js';
import { wholeFile } from './splits.js';

export interface SingleInputs {
  /** Content hash of the model folder. */
  model: string;
  settings: ReadingSettings;
  dataset: DataShape & { spec: DatasetSpec };
  dataSeed: number;
  /** Of `label`: what chance adds to rows is as in the halves of this seed. */
  trainingSeed?: number;
  deterministic: boolean;
}

export interface FinetuneInputs extends SingleInputs {
  settings: ModelSettings;
  seed: number;
}

/** Every row of the training file, with the labels that it brings. */
export function planFinetune(inputs: FinetuneInputs): Plan {
  const { settings, dataset, seed } = inputs;
  const builder = new PlanBuilder();
  const isLanguage = isGenerative(settings, dataset);
  const reading = isLanguage ? languageReading(settings, dataset) : readingOf(settings, dataset);
  builder.add('finetune', seed, {
    ...finetuneSpec(inputs, settings, folder(inputs), reading, seed),
    data: wholeFile(dataset.spec, 'train', inputs.dataSeed),
    // The order of two completions is their label: nothing of it is read where both are learned alike.
    labels: isLanguage && dataset.task === 'preference' ? { from: 'none' } : { from: 'data' },
    ...(isLanguage ? { objective: generativeObjective(dataset) } : objectivesOf(settings, dataset)),
  });
  return builder.build();
}

/** Predictions on every row of the training file, whose labels are not read. */
export function planLabel(inputs: SingleInputs): Plan {
  const reading = readingOf(inputs.settings, inputs.dataset);
  const data = wholeFile(inputs.dataset.spec, 'train', inputs.dataSeed, inputs.trainingSeed);
  const builder = new PlanBuilder();
  builder.add('label', 0, labelSpec(inputs, folder(inputs), reading, data, calibrationOn(reading, data)));
  return builder.build();
}

/** Predictions on every row of the test file, held against its labels. */
export function planEvaluate(inputs: SingleInputs): Plan {
  const reading = readingOf(inputs.settings, inputs.dataset);
  const data = wholeFile(inputs.dataset.spec, 'test', inputs.dataSeed);
  const builder = new PlanBuilder();
  const calibration = calibrationOn(reading, data);
  builder.add('evaluate', 0, evaluateSpec(inputs, folder(inputs), reading, data, calibration));
  return builder.build();
}

export interface GenerateInputs {
  model: string;
  settings: Pick<ModelSettings, 'dtype' | 'maxContext' | 'template' | 'maxNewTokens'>;
  dataset: DataShape & { spec: DatasetSpec };
  dataSeed: number;
  deterministic: boolean;
  samples: number;
  temperature: number;
  topP: number;
  seed: number;
}

/** What a model writes behind every row of the training file. */
export function planGenerate(inputs: GenerateInputs): Plan {
  const { settings, dataset, samples, temperature, topP, seed, deterministic } = inputs;
  const { maxNewTokens } = settings;
  const builder = new PlanBuilder();
  builder.add('generate', seed, {
    kind: 'generate',
    engineRevision: ENGINE_REVISION,
    model: folder(inputs),
    reading: {
      ...languageReading({ ...settings, head: 'lm' }, dataset),
      ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
    },
    data: wholeFile(dataset.spec, 'train', inputs.dataSeed),
    samples,
    temperature,
    topP,
    seed,
    deterministic,
  });
  return builder.build();
}

function folder(inputs: Pick<SingleInputs, 'model'>): WeightsSpec {
  return { from: 'folder', contentHash: inputs.model };
}
