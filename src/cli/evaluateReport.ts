/** The result of `evaluate` as text. */
import type { EvaluateDocument } from '../execution/stepDocument.js';
import { type Column, type Paint, textTable, withoutEmpty, wrap } from '../report/index.js';

const COLUMNS: readonly Column[] = [
  { title: 'model' },
  { title: 'accuracy', align: 'right' },
  { title: '95 % interval', align: 'right' },
  { title: 'AUROC', align: 'right' },
  { title: 'items', align: 'right' },
];

/** A table of one row, and what it says in a sentence. */
export function evaluateReport(
  document: EvaluateDocument,
  exported: string | undefined,
  paint: Paint,
): string {
  const { model, accuracy, auroc, n, config } = document;
  const [low, high] = document.ci95.map((share) => (share * 100).toFixed(1));
  const score = (accuracy * 100).toFixed(1);
  const row = [model, `${score} %`, `[${low}, ${high}]`, auroc === null ? '–' : auroc.toFixed(3), String(n)];
  const lines = [
    textTable(...withoutEmpty(COLUMNS, [row]), paint),
    '',
    wrap(
      `${model} answers ${score} % of the ${n} items of ${config.testData ?? config.data ?? config.dataset} right; over all items of this kind the share lies between ${low} and ${high} % (95 % interval).`,
      100,
    ),
  ];
  lines.push(...measureLines(document.measures ?? {}));
  if (exported !== undefined) lines.push(`Every row's scores: ${exported}`);
  return lines.join('\n');
}

/** Shares as percents, anything else as it is. */
function measureLines(measures: Readonly<Record<string, number>>): string[] {
  return Object.entries(measures).map(([name, value]) => {
    const isShare = value >= 0 && value <= 1;
    return `Mean over items, ${name}: ${isShare ? `${(value * 100).toFixed(1)} %` : value.toFixed(1)}`;
  });
}
