/** What tests of plans start from: settings as `train` resolves them where nobody says anything, and a data set of two classes. */
import type { DatasetSpec } from '../../src/data/types.js';
import type { ModelSettings } from '../../src/experiments/settings.js';

export const plainModel: ModelSettings = {
  loss: 'xent',
  alphaMax: 0.75,
  lossWarmup: 0.2,
  threshold: 'half',
  epochs: 2,
  batchSize: 32,
  lr: 1e-5,
  headLr: 1e-5,
  optimizer: 'adamw',
  weightDecay: 0,
  clip: 1,
  schedule: 'cosine',
  warmupSteps: 0,
  maxContext: null,
  head: 'linear',
  dtype: 'f32',
};

export const noYes: DatasetSpec = {
  format: 'columns',
  columns: {},
  classes: ['no', 'yes'],
  files: { train: 'sha-train', test: 'sha-test' },
};
