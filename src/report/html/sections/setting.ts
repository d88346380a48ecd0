/** The head of a page: what was asked, what came out, and how the experiment goes. */

import type { TrainDocument } from '../../../metrics/index.js';
import { percent, unbroken } from '../../format.js';
import { meaningParts } from '../../meaning.js';
import { labelFacts, supervisionParts } from '../../supervision.js';
import { lossOf } from '../../trainReport.js';
import { type Html, html, isolated } from '../markup.js';
import { dataName, type Names } from '../names.js';
import { section } from '../page.js';

export function headerOf(document: TrainDocument, names: Names): Html {
  const { config, seeds } = document;
  const [main, ...remarks] = meaningParts(document);
  const loss = lossOf(config);
  const about = [
    'Weak-to-strong generalization',
    ...(loss === null ? [] : [`loss ${loss}`]),
    ...supervisionParts(document),
    seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds.join(', ')}`,
  ];
  return html`<p class="eyebrow">${about.join(' · ')}</p>
<h1><span class="weak">${isolated(names.weak)}</span> teaches <span class="student">${isolated(names.strong)}</span> on ${isolated(dataName(document))}</h1>
<p class="lede">${unbroken(main ?? '')}</p>
${remarks.length > 0 && html`<p class="remarks">${unbroken(remarks.join(' '))}</p>`}`;
}

/** For a reader who has never heard of weak-to-strong generalization. */
export function settingSection(document: TrainDocument, names: Names): Html {
  const { labels, config, labelledBy, relabel, ensemble, skippedRows = {} } = document;
  const skipped = Object.entries(skippedRows).map(([file, n]) => `${n} of the ${file} file`);
  const right = html`right ${percent(labels.accuracy)} of the time (${labels.n} rows)`;
  const supervisor =
    typeof config.weakLabels === 'string'
      ? html`Labels come from a file, <bdi>${names.weak}</bdi>. On the rows that the student learns from they are ${right}.`
      : html`The weak model, <bdi>${names.weak}</bdi>, learns from true labels on one part of the training rows. ${
          labelledBy
            ? 'It labels nothing: it is what the student is measured against.'
            : html`On the
other part its own labels are ${right}.`
        }`;
  const facts = relabel || ensemble ? labelFacts(document).map(([name, fact]) => `${name}: ${fact}`) : [];
  const learns = labelledBy
    ? html`The strong model, <bdi>${names.strong}</bdi>, learns from its own labels of the other part (${labelledBy}), given
before any training and ${right}. It never sees a true one, nor one of the supervisor's.`
    : html`The strong model, <bdi>${names.strong}</bdi>, learns from these weak labels alone. It never sees a true one.`;
  return section({
    title: 'What was done',
    full: true,
    words: html`<p>Can a strong model learn from a teacher that is weaker than itself, and become better than that
teacher? Three trainings tell.</p>`,
    content: html`<ol class="steps">
<li class="weak"><span class="name">weak supervisor</span><span>${supervisor}</span></li>
<li class="student"><span class="name">student</span><span>${learns}</span></li>
<li class="ceiling"><span class="name">ceiling</span><span>The same strong model learns from the true labels of the
same rows: as good as the student could become.</span></li>
</ol>${facts.length > 0 && html`<p class="range">${unbroken(facts.join('; '))}.</p>`}${skipped.length > 0 && html`<p class="range">Rows that could not be read were left out: ${skipped.join(', ')}.</p>`}`,
  });
}
