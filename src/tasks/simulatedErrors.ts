/**
 * Labels that are wrong as often as a supervisor's, but elsewhere (Burns et al. 2023, appendix, on simulated supervisors:
 * what matters may be not how many errors there are but how easily they are imitated).
 */

import type { RandomStream } from '../data/index.js';
import { argmax } from './classification.js';

export interface SimulationRow {
  /** Index of the true class. */
  truth: number;
  /** Characters of the text. */
  length: number;
  /** The supervisor's class. */
  weak: number;
  /** Class probabilities of a model that was trained on other rows' truth [K]. */
  reference?: readonly number[];
}

export type ErrorKind = 'weak' | 'random' | 'longest' | 'shortest' | 'unconfident' | 'confidently-wrong';

/**
 * Class of each row: the truth, but for as many rows as the supervisor has wrong, chosen by kind. `longest` and
 * `shortest` go by the text; `unconfident` takes rows where the reference is least sure of its own answer;
 * `confidently-wrong` those where it gives the truth the least probability. Of equals the earlier row. A wrong row gets
 * the reference's likeliest wrong class for the last two, else one by chance.
 */
export function simulatedLabels(
  rows: readonly SimulationRow[],
  kind: ErrorKind,
  classes: number,
  random: RandomStream,
): number[] {
  if (kind === 'weak') return rows.map(({ weak }) => weak);
  const errors = rows.filter(({ weak, truth }) => weak !== truth).length;
  const wrong = new Set(orderOf(rows, kind, random).slice(0, errors));
  return rows.map((row, i) => (wrong.has(i) ? wrongClass(row, kind, classes, random) : row.truth));
}

function orderOf(rows: readonly SimulationRow[], kind: ErrorKind, random: RandomStream): number[] {
  if (kind === 'random') return Array.from(random.permutation(rows.length));
  const rank = rows.map((row) => rankOf(row, kind));
  return rank.map((_, i) => i).sort((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0) || a - b);
}

/** The lowest ranks go wrong first. */
function rankOf({ length, truth, reference = [] }: SimulationRow, kind: ErrorKind): number {
  if (kind === 'longest') return -length;
  if (kind === 'shortest') return length;
  return kind === 'unconfident' ? Math.max(...reference) : (reference[truth] ?? 0);
}

function wrongClass(
  { truth, reference }: SimulationRow,
  kind: ErrorKind,
  classes: number,
  random: RandomStream,
): number {
  if (reference && (kind === 'unconfident' || kind === 'confidently-wrong')) {
    return argmax(
      reference.map((p, k) => (k === truth ? Number.NEGATIVE_INFINITY : p)),
      0,
      classes,
    );
  }
  const other = random.below(classes - 1);
  return other < truth ? other : other + 1;
}
