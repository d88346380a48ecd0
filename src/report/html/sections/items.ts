/** The ten most instructive disagreements, with their texts. */

import type { Example } from '../../../data/types.js';
import { percent } from '../../format.js';
import { drawChess } from '../chess/item.js';
import { type Answer, chooseDisagreements, type Disagreement, type Kind } from '../disagreements.js';
import { type Html, html } from '../markup.js';
import { section } from '../page.js';
import type { RunRecord } from '../runRecord.js';
import { clamped } from '../text.js';

const TITLES: Readonly<Record<Kind, string>> = {
  student: 'The student is right, its supervisor wrong',
  supervisor: 'The supervisor is right, the student wrong',
};

/** Null where the supervision says nothing of the test set. */
export async function itemsSection(record: RunRecord): Promise<Html | null> {
  const chosen = chooseDisagreements(record.seeds);
  if (record.seeds[0]?.weak == null) return null;
  const { texts, task, seeds } = record;
  const groups: Html[] = [];
  for (const kind of ['student', 'supervisor'] as const) {
    const items = chosen.filter((one) => one.kind === kind);
    if (items.length === 0) continue;
    const drawn: Html[] = [];
    for (const item of items) drawn.push(await itemCard(item, texts.rows.get(item.id), record));
    groups.push(html`<h3 class="kind">${TITLES[kind]}</h3><div class="items">${drawn}</div>`);
  }
  const rule =
    task === 'completion'
      ? 'first those that the strong model did not know before fine-tuning, or that its ceiling knows; then at equal distances along the test set'
      : 'those first where both are surest of their answers';
  return section({
    title: 'Where they disagree',
    full: true,
    words: html`<p>Ten test items on which one of the two is right, five of each kind where there are enough:
${rule}.${seeds.length > 1 && ` Answers are those of seed ${seeds[0]?.seed ?? 0}; items come first that went the same way with other seeds.`}</p>`,
    content: html`${texts.missing !== null && chosen.length > 0 && html`<p class="note">The texts of these items cannot be shown: ${texts.missing}.</p>`}
${groups.length > 0 ? groups : html`<p class="note">There is none: student and supervisor are right and wrong on the same test items.</p>`}`,
  });
}

async function itemCard(item: Disagreement, row: Example | undefined, record: RunRecord): Promise<Html> {
  const chess = row && record.format.startsWith('chess-') ? await drawChess(item, row, record) : null;
  const name = chess?.name ?? ((answer: number | string) => nameOf(answer, record.classes));
  return html`<article class="item"><p class="id">test item <bdi>${item.id}</bdi>${chess && html` · ${chess.about}`}</p>
${chess ? chess.board : row && textOf(row)}
<dl><dt>truth</dt><dd class="ceiling"><strong>${name(item.truth)}</strong></dd>
${answerRow('student', item.student, item.truth, name)}${answerRow('supervisor', item.supervisor, item.truth, name)}</dl></article>`;
}

function answerRow(
  who: Kind,
  { answer, probability }: Answer,
  truth: number | string,
  name: (answer: number | string) => Html,
): Html {
  const right = answer === truth;
  return html`<dt>${who}</dt><dd class="${who === 'student' ? 'student' : 'weak'}"><strong>${name(answer)}</strong>${probability !== null && html` <span class="range">${percent(probability)} sure</span>`} <span class="range">${right ? '✓ right' : '✗ wrong'}</span></dd>`;
}

function nameOf(answer: number | string, classes: readonly string[]): Html {
  if (typeof answer === 'number') return html`<bdi>${classes[answer] ?? `class ${answer}`}</bdi>`;
  return answer.trim() === ''
    ? html`<span class="gap">nothing</span>`
    : html`<bdi>${clamped(answer, 300)}</bdi>`;
}

function textOf({ text, prompt, completions }: Example): Html {
  if (text !== undefined) return html`<p class="text" dir="auto">${clamped(text)}</p>`;
  const completion = completions?.[0];
  return html`<p class="text" dir="auto">${clamped(prompt ?? '')}${completion !== undefined && html` <strong><bdi>${clamped(completion, 300)}</bdi></strong>`}</p>`;
}
