/** What is read of the strong model before any training, on rows whose labels are not seen. Pure. */

import type { SplitSpec } from '../data/types.js';
import { W2sError } from '../errors.js';
import { type LearnerInputs, probeReading } from './learner.js';
import type { FeatureSource, StepHash } from './plan.js';
import { readingOf } from './settings.js';
import { calibrationOn, featuresSpec, labelSpec, readsWithoutTraining } from './specs.js';

/** Hidden states of rows, or the table that the user brings. */
export function frozenFeatures(inputs: LearnerInputs, data: SplitSpec): FeatureSource {
  if (inputs.features) return inputs.features;
  const { builder, seed, settings, base } = inputs;
  const spec = featuresSpec(settings, base, probeReading(inputs, base), data);
  return { from: 'step', step: builder.add('transferFeatures', seed, spec) };
}

/**
 * The model's own predictions.
 * @param calibration rows that a likelihood head is calibrated on, labels unseen
 * @param asked what they are for, for the message
 * Throws ERR_USAGE where a fresh head would have to answer.
 */
export function zeroShotLabels(
  { builder, seed, settings, model, dataset, base, features }: LearnerInputs,
  data: SplitSpec,
  calibration: SplitSpec,
  asked: string,
  role = 'zeroShotLabels',
): StepHash {
  const reading = readingOf(model, dataset);
  if (features || !readsWithoutTraining(reading.head)) {
    throw new W2sError(
      'ERR_USAGE',
      `Expected a strong model that answers before any training for ${asked} but received ${features ? 'a table of features' : `a fresh head (--head ${model.head})`}`,
      {
        hint: `Read its language model: --strong-head ${dataset.task === 'preference' ? 'likelihood' : 'tokens'}`,
      },
    );
  }
  const spec = labelSpec(settings, base, reading, data, calibrationOn(reading, calibration));
  return builder.add(role, seed, spec);
}
