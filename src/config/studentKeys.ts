/** Settings of how students learn, beside their loss and optimisation. */
import { key } from './key.js';
import { choice, wholeNumber } from './values.js';

/** Of `train`, and what is built on it. */
export const roundsKey = {
  rounds: key(wholeNumber(1, 100), {
    group: 'Experiment',
    describe:
      'Students one after another: each after the first starts afresh and learns what the one before it says of the transfer half',
    defaultWords: '1',
  }),
} as const;

/** Of `train`, `bootstrap`, and what is built on them. */
export const earlyStopKey = {
  earlyStop: key(choice(['off', 'labels', 'oracle']), {
    group: 'Training',
    describe:
      'Hold a tenth of the groups that students and ceiling learn from out of training, and keep the weights of the earliest step that does best on it: by the labels that are learned from, or (oracle, for analysis alone) by the truth, also of students',
    default: 'off',
  }),
} as const;
