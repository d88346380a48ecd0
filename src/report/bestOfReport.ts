import type { BestOfDocument, Measure } from '../metrics/index.js';
import { decimalInterval, decimals, percent, shownModels } from './format.js';
import { type Column, type Paint, PLAIN, textTable } from './textTable.js';
import { wrap } from './trainReport.js';

/** One way of choosing, and what it gets at each n. */
export interface Chooser {
  role: 'random' | 'weak' | 'student' | 'ceiling' | 'oracle';
  /** What chooses, in words. */
  by: string;
  scores: readonly Measure[];
}

/** Everything that is compared, from a random choice to the best possible one. */
export function choosersOf(document: BestOfDocument): Chooser[] {
  const { weak, student, ceiling, oracle, random, n, config } = document;
  const names = shownModels({ weak: weak?.model ?? '', strong: config.strong });
  return [
    { role: 'random', by: 'chance', scores: n.map(() => random) },
    ...(weak === null ? [] : [{ role: 'weak', by: names.weak, scores: weak.scores } as const]),
    { role: 'student', by: names.strong, scores: student.scores },
    { role: 'ceiling', by: names.strong, scores: ceiling.scores },
    { role: 'oracle', by: 'the truth', scores: oracle },
  ];
}

/** The result of `best-of` as text for a terminal. No newline at the end. */
export function bestOfReport(document: BestOfDocument, paint: Paint = PLAIN): string {
  const { n, kl } = document;
  const text = scoreTexts(document);
  const columns: Column[] = [
    { title: 'n', align: 'right' },
    { title: 'KL ≤', align: 'right' },
    ...choosersOf(document).map(({ role }): Column => ({ title: role, align: 'right' })),
  ];
  const rows = n.map((count, i) => [
    `${count}`,
    decimals(kl[i] ?? 0),
    ...choosersOf(document).map(({ scores }) => text(scores[i])),
  ]);
  return [
    paint.bold(bestOfTitle(document)),
    '',
    'Mean truth score of the completion that is chosen from n',
    '',
    textTable(columns, rows, paint),
    '',
    wrap(bestOfMeaning(document), 100),
  ].join('\n');
}

/** How scores of one document are written: `12.3 [10.1, 14.5]`, or without decimals where they are in the hundreds. */
export function scoreTexts(document: BestOfDocument): (measure: Measure | undefined) => string {
  const largest = Math.max(
    ...choosersOf(document).flatMap(({ scores }) => scores.map(({ value }) => Math.abs(value))),
  );
  const digits = largest >= 100 ? 0 : largest >= 10 ? 1 : 2;
  return (measure) =>
    measure === undefined
      ? ''
      : `${decimals(measure.value, digits)} ${decimalInterval(measure.ci95, digits)}`.trimEnd();
}

/** `chess-preference: best of up to 16 by chess-xs → chess-m, seed 0`. */
export function bestOfTitle({ config, seeds, n }: BestOfDocument): string {
  const names = shownModels({ weak: config.weak, strong: config.strong });
  const by = config.weak === '' ? names.strong : `${names.weak} → ${names.strong}`;
  return `${config.dataset}: best of up to ${Math.max(...n)} by ${by}, seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`;
}

/** What the comparison means, and no more than the intervals allow. */
export function bestOfMeaning(document: BestOfDocument): string {
  const { n, policy, prompts, samples, measures, weak, student, ceiling, gain, random, seeds } = document;
  const most = n.length - 1;
  const text = scoreTexts(document);
  const mean = (measure: Measure | undefined): string => text(measure && { ...measure, ci95: null });
  const names = shownModels({ weak: '', strong: policy });
  const legal = measures.legal === undefined ? '' : `, ${percent(measures.legal)} of them legal`;
  const said = [
    `${names.strong} wrote ${samples} completions to each of ${prompts} test prompts${legal}.`,
    `From ${n[most]} the student chooses what is worth ${mean(student.scores[most])} on average; a random choice is worth ${mean(random)}, that of its ceiling ${mean(ceiling.scores[most])}.`,
  ];
  const difference = gain?.[most];
  if (weak !== null && difference) {
    said.push(
      `Its supervisor chooses ${mean(weak.scores[most])}: student − weak is ${text(difference)}, ${verdict(difference)}.`,
    );
  }
  if (seeds.length === 1) {
    said.push('This is one seed: the intervals are for other test prompts, not for another training run.');
  }
  return said.join(' ');
}

function verdict({ ci95 }: Measure): string {
  if (ci95 === null || (ci95[0] <= 0 && ci95[1] >= 0)) return 'so the two cannot be told apart';
  return ci95[0] > 0 ? 'so the student chooses better' : 'so the student chooses worse';
}
