/**
 * What the built-in data sets bring along: their task and the settings under which their cards' numbers
 * were measured. Weaker than flags and --config files, stronger than the general defaults.
 */
import type { TrainRaw } from './keys.js';
import type { TaskName } from './model.js';

/** Anything that `train` can be told, but no seed. */
export type PresetSettings = Omit<TrainRaw, 'seed'>;

export interface DatasetPreset {
  task: TaskName;
  settings: PresetSettings;
}

/** Every part of the built-in world is small enough for a CPU. */
const chess: PresetSettings = { weak: 'chess-xs', strong: 'chess-m', device: 'cpu' };

export const presets: Readonly<Record<string, DatasetPreset>> = {
  'chess-puzzles': {
    task: 'completion',
    settings: {
      ...chess,
      loss: 'completion',
      trainSize: 3000,
      testSize: 2000,
      weakLr: 5e-4,
      strongLr: 2e-4,
    },
  },
  'chess-lines': {
    task: 'completion',
    settings: {
      ...chess,
      loss: 'completion',
      trainSize: 2800,
      testSize: 958,
      weakLr: 5e-4,
      strongLr: 2e-4,
    },
  },
  'chess-legal': {
    task: 'classification',
    settings: {
      ...chess,
      loss: 'xent',
      head: 'likelihood',
      trainSize: 3000,
      testSize: 2000,
      weakLr: 5e-4,
      strongLr: 2e-4,
    },
  },
  'chess-preference': {
    task: 'preference',
    settings: {
      ...chess,
      loss: 'xent',
      head: 'likelihood',
      trainSize: 3000,
      testSize: 1200,
      weakLr: 5e-4,
      strongLr: 2e-4,
    },
  },
  'chess-check': {
    task: 'classification',
    settings: {
      ...chess,
      loss: 'xent',
      head: 'linear',
      trainSize: 3000,
      testSize: 2000,
      weakLr: 5e-4,
      strongLr: 2e-4,
    },
  },
};

/** What `train` runs when it is told nothing. */
export const DEFAULT_DATASET = 'chess-puzzles';
