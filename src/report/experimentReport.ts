import type { ExperimentDocument } from '../metrics/index.js';
import { decimalInterval, decimals, gapText, NONE, percent } from './format.js';
import { dataNameOf } from './html/names.js';
import { type Paint, PLAIN, textTable, withoutEmpty } from './textTable.js';
import { SCORE_COLUMNS, scoreRow, wrap } from './trainReport.js';

/** The result of `run` as text for a terminal. No newline at the end. */
export function experimentReport(document: ExperimentDocument, paint: Paint = PLAIN): string {
  const rows = Object.entries(document.models).map(([role, score]) => scoreRow(role, score, score.model));
  const table = textTable(...withoutEmpty(SCORE_COLUMNS, rows), paint);
  const facts = factRows(document);
  const below =
    facts.length === 0
      ? []
      : [
          '',
          textTable([{ title: '' }, { title: '' }], facts)
            .split('\n')
            .slice(1)
            .join('\n'),
        ];
  return [paint.bold(experimentTitle(document)), '', table, ...below, '', wrap(meaning(document), 100)].join(
    '\n',
  );
}

/** `self-training on chess-legal: chess-xs → chess-m, rounds 2, seeds 0, 1`. */
export function experimentTitle({ config, seeds }: ExperimentDocument): string {
  const { name, params } = config.experiment;
  const said = Object.entries(params).map(
    ([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  const models = config.weak === '' ? config.strong : `${config.weak} → ${config.strong}`;
  const seedWords = `seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`;
  return `${name} on ${dataNameOf(config)}: ${[models, ...said, seedWords].join(', ')}`;
}

function factRows({ pgr, pgrAuroc, gap, labels, perSeed }: ExperimentDocument): string[][] {
  const rows: string[][] = [];
  if (pgr !== undefined)
    rows.push(['PGR', pgr.value === null ? `${NONE}  (${pgr.reason ?? ''})` : gapText(pgr)]);
  if (pgrAuroc !== undefined && pgrAuroc.value !== null) rows.push(['PGR of AUROC', gapText(pgrAuroc)]);
  if (pgr !== undefined && perSeed.length > 1) {
    rows.push(['PGR by seed', perSeed.map((one) => `${one.seed}: ${decimals(one.pgr ?? null)}`).join('  ')]);
  }
  if (gap !== undefined) {
    const points = gap.ci95.map((end) => end * 100) as [number, number];
    rows.push(['ceiling − weak', `${decimals(gap.value * 100, 1)} points ${decimalInterval(points, 1)}`]);
  }
  for (const [role, { accuracy, n }] of Object.entries(labels)) {
    rows.push([role, `${percent(accuracy)} right of ${n}`]);
  }
  return rows;
}

/** What the intervals are of. */
function meaning({ pgr, seeds }: ExperimentDocument): string {
  const said =
    pgr === undefined
      ? [
          'There is no PGR: it needs models named weak, student and ceiling that were scored on the same rows.',
        ]
      : [];
  said.push(
    seeds.length === 1
      ? 'This is one seed: the intervals are for other test items, not for another training run.'
      : 'Intervals are for other test items and other seeds.',
  );
  return said.join(' ');
}
