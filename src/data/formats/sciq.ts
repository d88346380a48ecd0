import { type ChoiceSettings, choiceFormat } from './choices.js';

const columns: Pick<ChoiceSettings, 'question' | 'answer' | 'distractors' | 'classes' | 'hub'> = {
  hub: { repo: 'allenai/sciq', train: 'train', test: 'test' },
  classes: ['wrong', 'right'],
  question: ['question'],
  answer: ['correct_answer'],
  distractors: [['distractor1'], ['distractor2'], ['distractor3']],
};

/**
 * SciQ (Welbl et al. 2017): science questions with a right answer and three distractors, in the words of the
 * weak-to-strong code that OpenAI published (`format_sciq`), which leaves the supporting paragraph out.
 */
export const sciq = choiceFormat({
  ...columns,
  name: 'sciq',
  about: 'SciQ: is this the right answer? Columns question, correct_answer, distractor1 to distractor3',
  example: 'train --dataset sciq',
  text: ({ question, answer }) => `Q: ${question} A: ${answer}`,
});

/** SciQ with the paragraph that supports the right answer in front; one question in ten has none. */
export const sciqSupport = choiceFormat({
  ...columns,
  name: 'sciq-support',
  about: 'SciQ with its supporting paragraph. Columns as for sciq, and support',
  example: 'train --dataset sciq-support',
  context: ['support'],
  text: ({ question, answer, context }) =>
    `${context === '' ? '' : `${context}\n\n`}Q: ${question} A: ${answer}`,
});
