/** Settings of what a model is trained for: the loss, and the parameters that each loss has. */
import { key } from './key.js';
import { choice, choiceOrModule, numberBetween, numberOrWord, onOff } from './values.js';

/** Of one model; those of the losses that learn from a supervisor concern the student alone. */
export const lossKeys = {
  loss: key(
    choiceOrModule([
      'xent',
      'kl',
      'confidence',
      'product',
      'reverse-kl',
      'window',
      'entropy',
      'adaptive-confidence',
      'lm',
      'completion',
    ]),
    {
      group: 'Training',
      describe:
        'Objective, or a file with one of your own (equations: docs/method.md); kl is another name of xent. All but xent, lm and completion concern the student alone; supervisor and ceiling then take xent',
      default: 'xent',
      defaultWords: 'xent; completion for data of prompts and completions',
    },
  ),
  preset: key(choice(['paper', 'openai']), {
    group: 'Training',
    describe:
      'With --loss confidence: threshold, weight and warm-up of the paper or of the code released with it',
    default: 'paper',
  }),
  threshold: key(numberOrWord(0, 1, 'half', 'weak-mean'), {
    group: 'Training',
    describe:
      "With --loss confidence: what makes the student's own prediction positive: the upper half of a batch, the quantile at the weak labels' mean, or a probability of class 1",
    defaultWords: 'half (paper), weak-mean (openai)',
  }),
  alphaMax: key(numberBetween(0, 1), {
    group: 'Training',
    describe: "With --loss confidence or entropy: largest weight of the student's own predictions",
    defaultWords: '0.75 (paper), 0.5 (openai and entropy)',
  }),
  lossWarmup: key(numberOrWord(0, 1, 'as-released'), {
    group: 'Training',
    describe: 'With --loss confidence or entropy: share of the steps over which that weight rises',
    defaultWords: '0.2 (paper), 0.1 (openai and entropy)',
  }),
  lossAlpha: key(numberBetween(0, 1000), {
    group: 'Training',
    describe: 'With --loss product: power of the weak label in the target',
    defaultWords: '1',
  }),
  lossBeta: key(numberBetween(0, 1000), {
    group: 'Training',
    describe: "With --loss product: power of the student's own prediction in the target",
    defaultWords: '1',
  }),
  windowRadius: key(numberOrWord(0, 0.5, 'median'), {
    group: 'Training',
    describe:
      'With --loss window: an example counts while its likeliest class has less than one half and this; median: the half of a batch of which the student is least sure',
    defaultWords: '0.25',
  }),
  lossTemperature: key(numberBetween(0.001, 1000), {
    group: 'Training',
    describe: "With --loss adaptive-confidence: how little the cross-entropies move an example's weight",
    defaultWords: '1',
  }),
  balanced: key(onOff(), {
    group: 'Training',
    describe:
      'Shift the log-odds of each batch of labels so that they ask for as many of one class as of the other; two classes',
    defaultWords: 'off',
  }),
} as const;
