import { tableFormat } from './table.js';

/**
 * SST-2 (Socher et al. 2013, as in GLUE): sentences and phrases of film reviews. The text is the sentence
 * alone and as it stands, with the blanks of its tokenisation. Read are GLUE's `train.tsv` and `dev.tsv`,
 * and the hub's columns sentence, label, idx.
 */
export const sst2 = tableFormat({
  name: 'sst2',
  about: 'SST-2: is this phrase of a film review positive? Columns sentence, label',
  example: 'train --dataset sst2',
  // The test split of GLUE is published without its labels.
  hub: { repo: 'stanfordnlp/sst2', train: 'train', test: 'validation' },
  classes: ['negative', 'positive'],
  columns: { sentence: ['sentence'] },
  label: ['label'],
  read: ({ sentence }) => ({ text: sentence }),
});
