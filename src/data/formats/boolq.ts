import { tableFormat } from './table.js';

/**
 * BoolQ (Clark et al. 2019): yes/no questions about a passage, in the words of the weak-to-strong code that
 * OpenAI published (`format_boolq`). Several questions may be asked of one passage: they stay together.
 * Read are the hub's columns question, passage, answer (true or false), and SuperGLUE's with label.
 */
export const boolq = tableFormat({
  name: 'boolq',
  about: 'BoolQ: is the answer to a question about a passage yes? Columns question, passage, label or answer',
  example: 'train --dataset boolq',
  hub: { repo: 'google/boolq', train: 'train', test: 'validation' },
  classes: ['false', 'true'],
  columns: { passage: ['passage'], question: ['question'] },
  label: ['label', 'answer'],
  read: ({ passage, question }) => ({ text: `Passage: ${passage}\nQuestion: ${question}`, group: passage }),
});
