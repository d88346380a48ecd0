/** Student against supervisor: does it copy its supervisor's mistakes? */

import type { Agreement, TrainDocument } from '../../../metrics/index.js';
import { type PartsRow, partsChart } from '../../charts/index.js';
import { percent } from '../../format.js';
import { type Html, html } from '../markup.js';
import { chartFigure, section, table } from '../page.js';
import { answerOf, isRight, isTie, type Lines, type RunRecord } from '../runRecord.js';

/** Counts over all seeds together. */
interface Split {
  right: { alike: number; other: number };
  wrong: { alike: number; right: number; other: number };
}

export async function agreementSection(
  { agreement, seeds }: TrainDocument,
  record: RunRecord,
): Promise<Html> {
  const words = html`
<p>Where the supervisor is wrong, the student can ${record.classes.length === 2 ? 'do two' : 'do three'} things: <em>repeat
the mistake</em> (imitation)${record.classes.length === 2 ? ' or' : ','} give the <em>right answer</em>
(generalization)${record.classes.length === 2 ? '' : ', or make a mistake of its own'}.</p>
<p>A student that only imitates agrees as often where its supervisor is wrong as where it is right.</p>`;
  const title = 'Does the student copy mistakes?';
  if (agreement === null) {
    return section({
      title,
      words: html``,
      content: html`<p class="note">The supervision brings no answers for the test set, so that student and
supervisor cannot be compared there.</p>`,
    });
  }
  const split = splitOf(record);
  const chart = split && (await agreementChart(split));
  const several = seeds.length > 1;
  const counts = split && countsOf(split, record.seeds.length);
  return section({ title, words, content: html`${chart}${agreementTable(agreement, counts, several)}` });
}

function splitOf({ seeds }: RunRecord): Split | null {
  const split: Split = { right: { alike: 0, other: 0 }, wrong: { alike: 0, right: 0, other: 0 } };
  if (seeds.length === 0) return null;
  for (const { weak, student } of seeds) {
    if (weak === null) return null;
    count(weak, student, split);
  }
  return split;
}

function count(weak: Lines, student: Lines, into: Split): void {
  const supervisors = new Map(weak.map((line) => [line.id, line]));
  for (const line of student) {
    const supervisor = supervisors.get(line.id);
    if (supervisor === undefined || isTie(supervisor) || isTie(line)) continue;
    // Where several answers are right, the student's may be another one.
    if (isRight(supervisor)) into.right[isRight(line) ? 'alike' : 'other']++;
    else if (answerOf(supervisor) === answerOf(line)) into.wrong.alike++;
    else into.wrong[isRight(line) ? 'right' : 'other']++;
  }
}

function agreementChart({ right, wrong }: Split): Promise<Html> {
  const rights = right.alike + right.other;
  const wrongs = wrong.alike + wrong.right + wrong.other;
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  const rows: PartsRow[] = [];
  if (rights > 0) {
    rows.push({
      label: `Supervisor right (${percent(share(rights, rights + wrongs))}): the student …`,
      parts: [
        { share: share(right.alike, rights), words: 'is right too', colour: 'student' },
        { share: share(right.other, rights), words: 'is wrong', colour: 'zero' },
      ],
    });
  }
  if (wrongs > 0) {
    rows.push({
      label: `Supervisor wrong (${percent(share(wrongs, rights + wrongs))}): the student …`,
      parts: [
        { share: share(wrong.right, wrongs), words: 'is right', colour: 'student' },
        { share: share(wrong.alike, wrongs), words: 'repeats the mistake', colour: 'weak' },
        { share: share(wrong.other, wrongs), words: 'makes its own', colour: 'zero' },
      ],
    });
  }
  const words = rows.map(
    ({ label, parts }) =>
      `${label} ${parts.map((part) => `${part.words}: ${percent(part.share)}`).join(', ')}`,
  );
  return chartFigure((width) => partsChart(rows, { width }), words.join('. '));
}

/** Items of one seed, in the mean over seeds; rounded so that the parts add up to the whole. */
interface Counts {
  all: number;
  supervisorRight: number;
  supervisorWrong: number;
}

function countsOf({ right, wrong }: Split, seeds: number): Counts {
  const rights = right.alike + right.other;
  const all = Math.round((rights + wrong.alike + wrong.right + wrong.other) / seeds);
  const supervisorRight = Math.round(rights / seeds);
  return { all, supervisorRight, supervisorWrong: all - supervisorRight };
}

function agreementTable(
  { overall, supervisorRight, supervisorWrong }: Agreement,
  counts: Counts | null,
  several: boolean,
): Html {
  const shown = (count: number | undefined): string => (count === undefined ? '' : `${count}`);
  const rows = [
    ['on all test items', percent(overall), shown(counts?.all)],
    ['where the supervisor is right', percent(supervisorRight), shown(counts?.supervisorRight)],
    [
      'where the supervisor is wrong: the same mistake',
      percent(supervisorWrong),
      shown(counts?.supervisorWrong),
    ],
  ];
  return table(
    `How often student and supervisor give the same answer${several ? '; means over seeds' : ''}.`,
    [{ title: '' }, { title: 'agreement', number: true }, { title: 'items', number: true }],
    rows,
  );
}
