import type { ModelScore, TrainDocument } from '../metrics/index.js';
import {
  decimalInterval,
  decimals,
  gapText,
  NONE,
  percent,
  percentInterval,
  shownModels,
  strongOf,
} from './format.js';
import { dataName } from './html/names.js';
import { meaningOf } from './meaning.js';
import { measureFacts } from './measured.js';
import { studentFacts } from './studentFacts.js';
import { labelFacts, supervisionParts } from './supervision.js';
import { type Column, type Paint, PLAIN, textTable, withoutEmpty } from './textTable.js';

/** Of a table of models and their scores. */
export const SCORE_COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'model' },
  { title: 'accuracy', align: 'right' },
  { title: '95 % interval', align: 'right' },
  { title: 'AUROC', align: 'right' },
  { title: 'items', align: 'right' },
];

/** The result of `train` as text for a terminal: a table, PGR, and what it means. No newline at the end. */
export function trainReport(document: TrainDocument, paint: Paint = PLAIN): string {
  const table = textTable(...withoutEmpty(SCORE_COLUMNS, modelRows(document)), paint);
  const below = textTable([{ title: '' }, { title: '' }], factRows(document))
    .split('\n')
    .slice(1)
    .join('\n');
  return [paint.bold(titleOf(document)), '', table, '', below, '', wrap(meaningOf(document), 100)].join('\n');
}

/** `chess-puzzles: chess-xs → chess-m, xent, seeds 0, 1`. */
export function titleOf(document: TrainDocument): string {
  const { config, seeds, weak } = document;
  const loss = lossOf(config);
  const shownSeeds = `seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`;
  const names = shownModels({ weak: weak.model, strong: strongOf(document) });
  const details = [...(loss === null ? [] : [loss]), ...supervisionParts(document), shownSeeds];
  return `${dataName(document)}: ${names.weak} → ${names.strong}, ${details.join(', ')}`;
}

/** The student's loss, where the configuration names it; one of the user's own by its name, and a method by its own. */
export function lossOf(config: { readonly [key: string]: unknown }): string | null {
  const settings = config.forStrong;
  const { customLoss, method, shots } = (settings ?? {}) as Partial<
    Record<string, { name?: unknown } | string>
  >;
  if (method === 'prompt') return `prompt of ${shots} examples`;
  if (typeof method === 'string') return method;
  if (typeof customLoss === 'object' && typeof customLoss.name === 'string') return customLoss.name;
  const loss =
    typeof settings === 'object' && settings !== null && 'loss' in settings ? settings.loss : config.loss;
  return typeof loss === 'string' ? loss : null;
}

function modelRows(document: TrainDocument): string[][] {
  const { weak, student, ceiling, zeroShot } = document;
  const names = shownModels({ weak: weak.model, strong: strongOf(document) });
  const rows = [
    scoreRow('weak', weak, names.weak),
    scoreRow('student', student, names.strong),
    scoreRow('ceiling', ceiling, names.strong),
  ];
  if (zeroShot !== null) {
    rows.push([
      'zero-shot',
      names.strong,
      percent(zeroShot.accuracy),
      percentInterval(zeroShot.ci95),
      NONE,
      `${student.n}`,
    ]);
  }
  return rows;
}

/** A model's row under `SCORE_COLUMNS`. */
export function scoreRow(role: string, score: ModelScore, name: string): string[] {
  const { accuracy, ci95, auroc, n, on } = score;
  return [
    on === 'transfer' ? `${role} (transfer half)` : role,
    name,
    percent(accuracy),
    percentInterval(ci95),
    decimals(auroc, 3),
    `${n}`,
  ];
}

function factRows(document: TrainDocument): string[][] {
  const { pgr, pgrAuroc, gap, agreement, perSeed, weak, student, ceiling } = document;
  const rows = [['PGR', pgr.value === null ? `${NONE}  (${pgr.reason ?? ''})` : gapText(pgr)]];
  if (pgrAuroc.value !== null) rows.push(['PGR of AUROC', gapText(pgrAuroc)]);
  if (perSeed.length > 1) {
    rows.push([
      'PGR by seed',
      perSeed.map(({ seed, pgr: value }) => `${seed}: ${decimals(value)}`).join('  '),
    ]);
  }
  if (gap !== undefined) {
    const points = gap.ci95.map((end) => end * 100) as [number, number];
    rows.push(['ceiling − weak', `${decimals(gap.value * 100, 1)} points ${decimalInterval(points, 1)}`]);
  }
  rows.push(...studentFacts(document), ...labelFacts(document));
  rows.push(...measureFacts(Object.entries({ weak, student, ceiling })));
  if (agreement !== null) {
    const { overall, supervisorRight, supervisorWrong } = agreement;
    rows.push([
      'agreement',
      `${percent(overall)}; supervisor right: ${percent(supervisorRight)}, wrong: ${percent(supervisorWrong)}`,
    ]);
  }
  return rows;
}

/** Breaks at blanks, so that no line is longer than `width` where words allow it. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}
