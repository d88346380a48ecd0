/** How the student's labels came about, in words. */
import type { FilterName } from '../config/supervision.js';
import type { TrainDocument } from '../metrics/index.js';
import { decimals, percent } from './format.js';

type Labelled = Pick<TrainDocument, 'labels' | 'labelledBy' | 'relabel' | 'ensemble'>;

/** What the student learned from: `the weak labels`, or `its own labels` where no supervisor gave any. */
export function labelsNamed({ labelledBy }: Labelled): string {
  return labelledBy === undefined ? 'the weak labels' : 'its own labels';
}

const FILTERS: ReadonlySet<string> = new Set([
  'confident',
  'knn',
  'logistic',
  'topological',
] satisfies FilterName[]);

/** The way that labels went, for a title: `3 supervisors`, `mutual labels`, `filter knn`; empty where it is the plain one. */
export function supervisionParts({ labelledBy, relabel, ensemble }: Labelled): string[] {
  const methods = relabel?.method.split(' + ').filter((name) => name !== 'consistent' && name !== labelledBy);
  return [
    ...(ensemble && !labelledBy ? [`${ensemble.members.length} supervisors`] : []),
    ...(labelledBy ? [`${labelledBy} labels`] : []),
    ...(methods && methods.length > 0
      ? methods.map((name) => (FILTERS.has(name) ? `filter ${name}` : name))
      : []),
  ];
}

/** Facts for a table: what they are called, and what is said. */
export function labelFacts(document: Labelled): [name: string, fact: string][] {
  const { labels, labelledBy, relabel, ensemble } = document;
  const facts: [string, string][] = [];
  if (ensemble) facts.push(['supervisors', membersText(ensemble.members)]);
  const name = labelledBy === undefined ? 'weak labels' : 'own labels';
  const right = `${percent(labels.accuracy)} right of ${labels.n}`;
  if (relabel === undefined) return [...facts, [name, right]];
  return [...facts, [name, `${right} (${relabelText(relabel)})`]];
}

/** `knn kept 60 of 120; of all 120, 71.2 % were right`. */
function relabelText({ method, kept, n, accuracyBefore }: NonNullable<TrainDocument['relabel']>): string {
  const were = `${percent(accuracyBefore)} were right`;
  return kept === n
    ? `${method}; before it ${were}`
    : `${method} kept ${count(kept)} of ${count(n)}; of all ${count(n)}, ${were}`;
}

/** Numbers of rows, which over several seeds are means. */
const count = (rows: number): string => (Number.isInteger(rows) ? `${rows}` : rows.toFixed(1));

/** `3: 61.2 %, 60.8 %, 62.0 %`, with their weights where they are not alike. */
function membersText(members: NonNullable<TrainDocument['ensemble']>['members']): string {
  const each = members.map(
    ({ accuracy, weight }) =>
      `${percent(accuracy)}${weight === undefined ? '' : ` (weight ${decimals(weight)})`}`,
  );
  return `${members.length}, by themselves ${each.join(', ')}`;
}
