/** Settings of what the student learns from: several supervisors, labels of its own, rows left out. */
import { key } from './key.js';
import { choice, numberBetween, wholeNumber } from './values.js';

export const supervisionKeys = {
  ensemble: key(wholeNumber(1, 1000), {
    group: 'Experiment',
    describe:
      'Supervisors of each model of --weak, trained in as many orders; their labels are combined, as are those of several models (--weak A,B)',
    defaultWords: '1',
  }),
  ensembleWeights: key(choice(['mean', 'adaboost']), {
    group: 'Experiment',
    describe:
      'With several supervisors: the mean of their probabilities, or weighed by AdaBoost on a held-out tenth of the weak half; completions take a vote',
    defaultWords: 'mean',
  }),
  supervisor: key(choice(['weak', 'zero-shot', 'consistent', 'mutual']), {
    group: 'Experiment',
    describe:
      'Who labels the transfer half: --weak, or nobody but the strong model before any training: as it is, made consistent, or so that its labels predict each other',
    default: 'weak',
  }),
  filter: key(choice(['confident', 'knn', 'logistic', 'topological']), {
    group: 'Experiment',
    describe:
      'Leave out labels that are not confident, that neighbours in hidden states of the strong model contradict, that a logistic regression on them does not give, or that lie apart from their class',
  }),
  filterKeep: key(numberBetween(0.001, 1), {
    group: 'Experiment',
    describe: 'With --filter confident, knn or logistic: share of the labels of each class that are kept',
    defaultWords: '0.5',
  }),
  filterNeighbours: key(wholeNumber(1, 10_000), {
    group: 'Experiment',
    describe: 'With --filter knn or topological: nearest neighbours of a row',
    defaultWords: '20',
  }),
} as const;
