/** Zero-shot labels made consistent with each other. */

import { questionOf } from '../../data/structure.js';
import type { RelabelRow } from '../relabel.js';

/**
 * A pair and its mirror: the mean of what a model says of two texts in one order, and, classes exchanged, of the same
 * two in the other order. A model that always prefers what comes first then says one half.
 * @param labels probabilities of (first better, second better) [N · 2]
 * @param mirrored the same of the mirrored rows [N · 2]
 */
export function averageWithMirror(labels: Float64Array, mirrored: Float64Array): Float64Array {
  return labels.map((p, i) => (p + (mirrored[i ^ 1] as number)) / 2);
}

/** Logarithms stay finite. */
const SMALLEST = 1e-30;

/**
 * Questions of whose answers exactly one is right: independent probabilities p_i, given that exactly one row is of
 * class 1, become q_i = o_i / Σ_j o_j with the odds o_i = p_i / (1 − p_i). They sum to one over a question. A row that
 * is alone of its question stays as it was.
 * @param labels probabilities of (wrong, right) [N · 2]
 */
export function oneRight(labels: Float64Array, questions: readonly (readonly number[])[]): Float64Array {
  const result = labels.slice();
  for (const rows of questions) {
    if (rows.length < 2) continue;
    const logOdds = rows.map((row) => logOf(labels[row * 2 + 1]) - logOf(labels[row * 2]));
    const largest = Math.max(...logOdds);
    const odds = logOdds.map((value) => Math.exp(value - largest));
    const total = odds.reduce((sum, value) => sum + value, 0);
    rows.forEach((row, i) => {
      const right = (odds[i] ?? 0) / total;
      result[row * 2] = 1 - right;
      result[row * 2 + 1] = right;
    });
  }
  return result;
}

function logOf(p: number | undefined): number {
  return Math.log(Math.max(p ?? 0, SMALLEST));
}

/** Rows of each question, in order. */
export function questionsOf(rows: readonly Pick<RelabelRow, 'id' | 'group'>[]): number[][] {
  const questions = new Map<string, number[]>();
  rows.forEach((one, row) => {
    const key = questionOf(one);
    const list = questions.get(key);
    if (list) list.push(row);
    else questions.set(key, [row]);
  });
  return [...questions.values()];
}
