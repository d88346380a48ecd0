/** What generative fine-tuning gave: a student and a ceiling with a head start, and both gaps. */

import type { TrainDocument } from '../../../metrics/index.js';
import { percent, percentInterval, unbroken } from '../../format.js';
import { generativeGaps, generativeWords } from '../../rewardReport.js';
import { type Html, html } from '../markup.js';
import { section, table } from '../page.js';

/** Null without generative fine-tuning. */
export function generativeSection({ generative }: TrainDocument): Html | null {
  if (!generative) return null;
  const scores = (['student', 'ceiling'] as const).map((role) => {
    const { accuracy, ci95, n } = generative[role];
    return [
      html`<span class="${role}">tuned ${role}</span>`,
      percent(accuracy),
      percentInterval(ci95),
      `${n}`,
    ];
  });
  const gaps = generativeGaps(generative).map(({ name, gap, reason }) => [
    name,
    unbroken(`${gap} ${reason ?? ''}`),
  ]);
  return section({
    title: 'With generative fine-tuning first',
    words: html`${generativeWords().map((sentence) => html`<p>${sentence}</p>`)}`,
    content: html`${table(
      'Accuracy of student and ceiling that start from the fine-tuned model.',
      [
        { title: '' },
        { title: 'accuracy', number: true },
        { title: '95 % interval', number: true },
        { title: 'items', number: true },
      ],
      scores,
    )}${table('Performance gap recovered by this student.', [{ title: 'against' }, { title: 'PGR' }], gaps)}`,
  });
}
