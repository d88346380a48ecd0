/** The ten most instructive disagreements, with their texts. */

import type { Example } from '../../../data/types.js';
import type { ChessItem } from '../chess/item.js';
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
    groups.push(html`<div><h3>${TITLES[kind]}</h3>${drawn}</div>`);
  }
  const rule =
    task === 'completion'
      ? 'first those that the strong model did not know before fine-tuning, or that its ceiling knows; then at equal distances along the test set'
      : 'those first where both are surest of their answers';
  return section({
    title: 'Where they disagree',
    full: true,
    words: html`<p>Test items on which one of the two is right: five of each kind, more where the other has fewer;
${rule}.${seeds.length > 1 && ` Answers are those of seed ${seeds[0]?.seed ?? 0}; items come first that went the same way with other seeds.`}</p>${chessLegend(record)}`,
    content: html`${await chessPieces(record)}${texts.missing !== null && chosen.length > 0 && html`<p class="note">The texts of these items cannot be shown: ${texts.missing}.</p>`}
${groups.length > 0 ? html`<div class="kinds">${groups}</div>` : html`<p class="note">There is none: student and supervisor are right and wrong on the same test items.</p>`}`,
  });
}

async function itemCard(item: Disagreement, row: Example | undefined, record: RunRecord): Promise<Html> {
  const chess = row ? await chessItem(item, row, record) : null;
  const name = chess?.name ?? ((answer: number | string) => nameOf(answer, record.classes));
  const id = html`<p class="id">test item <bdi>${item.id}</bdi>${chess && html`<br>${chess.about}`}</p>`;
  const shown = chess ? html`${chess.board}${id}` : html`${id}${row && textOf(row)}`;
  return html`<article class="item${chess ? ' drawn' : ''}">${shown}
<dl><dt>truth</dt><dd class="ceiling"><strong>${name(item.truth)}</strong></dd>
${answerRow('student', item.student, item.truth, name)}${answerRow('supervisor', item.supervisor, item.truth, name)}</dl></article>`;
}

/** Rules and boards are loaded for chess alone. */
async function chessItem(item: Disagreement, row: Example, record: RunRecord): Promise<ChessItem | null> {
  if (!isChess(record)) return null;
  const { drawChess } = await import('../chess/item.js');
  return drawChess(item, row, record.classes);
}

const isChess = ({ format }: RunRecord): boolean =>
  format.startsWith('chess-') || format === 'lichess-puzzles';

/** What colours and shapes on a board mean. */
function chessLegend(record: RunRecord): Html | null {
  if (!isChess(record) || record.texts.missing !== null) return null;
  return record.task !== 'classification'
    ? html`<p>On the boards, <span class="student">blue</span> is the student’s move, <span class="weak">dashed
orange</span> the supervisor’s, and the broad <span class="ceiling">green</span> one below the right one.</p>`
    : html`<p>On the boards, the arrow is the move that is asked about; a red ring marks a king in check.</p>`;
}

async function chessPieces(record: RunRecord): Promise<Html | null> {
  return isChess(record) ? (await import('../chess/board.js')).pieceDefinitions() : null;
}

function answerRow(
  who: Kind,
  { answer, probability }: Answer,
  truth: number | string,
  name: (answer: number | string) => Html,
): Html {
  const right = answer === truth;
  const verdict = html`<span aria-hidden="true">${right ? '✓' : '✗'}</span><span class="vh">${right ? 'right' : 'wrong'}</span>`;
  const sure =
    probability === null ? null : html` <span class="range">${wholePercent(probability)} sure</span>`;
  return html`<dt>${who}</dt><dd class="${who === 'student' ? 'student' : 'weak'}"><strong>${name(answer)}</strong> ${verdict}${sure}</dd>`;
}

/** Never a certainty that rounding made. */
function wholePercent(share: number): string {
  const rounded = Math.round(share * 100);
  return rounded === 100 && share < 1 ? '> 99 %' : `${rounded} %`;
}

function nameOf(answer: number | string, classes: readonly string[]): Html {
  if (typeof answer === 'number') return html`<bdi>${classes[answer] ?? `class ${answer}`}</bdi>`;
  return answer.trim() === ''
    ? html`<span class="gap">nothing</span>`
    : html`<bdi>${clamped(answer, 300)}</bdi>`;
}

function textOf({ text, prompt, completions }: Example): Html {
  if (text !== undefined) return html`<p class="text" dir="auto">${clamped(text)}</p>`;
  if (completions?.length === 2) {
    const list = completions.map((text) => html`<li><bdi>${clamped(text, 300)}</bdi></li>`);
    return html`<p class="text" dir="auto">${clamped(prompt ?? '')}</p><ol class="text" dir="auto">${list}</ol>`;
  }
  const completion = completions?.[0];
  return html`<p class="text" dir="auto">${clamped(prompt ?? '')}${completion !== undefined && html` <strong><bdi>${clamped(completion, 300)}</bdi></strong>`}</p>`;
}
