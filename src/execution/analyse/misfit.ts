/**
 * How far a student departs from its supervisor, beside what it gains by that (Charikar, Pabbaraju and Shiragur 2024,
 * arXiv 2405.15116, theorem 1: under squared loss over a convex class the gain is at least the misfit).
 */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { TrainRoles } from '../../experiments/train.js';
import { combined, type Measure, ratio, softmax } from '../../metrics/index.js';
import type { Store } from '../../store/index.js';
import { groupOf, type Lines, outcome, readLines } from '../outcomes.js';
import { type Findings, plain, requireLogits } from './findings.js';

export async function misfitFindings(store: Store, { arms }: ArmsPlan<TrainRoles>): Promise<Findings> {
  const rows = [];
  for (const { name, seeds } of arms) {
    const pairs: Pair[] = [];
    for (const { roles } of seeds) {
      const student = await readLines(store, roles.studentTest);
      const weak = await readLines(store, roles.weakTest);
      requireLogits(student, 'misfit');
      requireLogits(weak, 'misfit');
      pairs.push({ student, weak });
    }
    rows.push({ name, values: measures(pairs) });
  }
  return {
    rowTitle: 'student',
    columns: [
      { key: 'misfit', title: 'misfit', unit: 'number' },
      { key: 'gain', title: 'gain', unit: 'number' },
      { key: 'beyond', title: 'gain − misfit', unit: 'number' },
      { key: 'accuracyGain', title: 'gain in accuracy', unit: 'share' },
    ],
    rows,
    charted: ['misfit', 'gain'],
    facts: [],
    reading:
      'Misfit is the mean squared distance between the probabilities of student and supervisor on the test set; gain is how much nearer ' +
      'the student is to the truth than its supervisor, in the same distance (the difference of their Brier scores). For students from a ' +
      'convex class the gain is at least the misfit: a student can only depart from its supervisor towards the truth (arXiv 2405.15116, ' +
      'theorem 1). Fine-tuned networks are no convex class, so gain − misfit below zero shows how far the theorem is from holding: the part of the departure that was not towards the truth.',
    says: rows.map(sentence).join(' '),
  };
}

interface Pair {
  student: Lines;
  weak: Lines;
}

function measures(pairs: readonly Pair[]) {
  const groups = (pairs[0]?.student ?? []).map(groupOf);
  const over = (value: (pair: Pair, i: number) => number) => {
    const found = ratio(
      pairs.map((pair) => ({ above: pair.student.map((_, i) => value(pair, i)) })),
      groups,
    );
    if (found === null) throw new TypeError('no test items');
    return found;
  };
  const misfit = over(({ student, weak }, i) => squared(probabilities(student, i), probabilities(weak, i)));
  const gain = over(({ student, weak }, i) => distance(weak, i) - distance(student, i));
  const right = pairs.map(({ student, weak }) => [outcome(student).correct, outcome(weak).correct] as const);
  const accuracyGain = ratio(
    right.map(([student, weak]) => ({ above: Array.from(student, (one, i) => one - (weak[i] ?? 0)) })),
    groups,
  );
  return {
    misfit: plain(misfit),
    gain: plain(gain),
    beyond: plain(combined([gain, misfit], ([won = 0, departed = 0]) => won - departed)),
    accuracyGain: plain(accuracyGain),
  };
}

const probabilities = (lines: Lines, i: number): number[] => softmax(lines[i]?.logits ?? []);

const squared = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, k) => sum + (value - (b[k] ?? 0)) ** 2, 0);

/** From the truth: an item's Brier score. */
function distance(lines: Lines, i: number): number {
  const f = probabilities(lines, i);
  return squared(
    f,
    f.map((_, k) => (k === lines[i]?.label ? 1 : 0)),
  );
}

function sentence({ name, values }: { name: string; values: ReturnType<typeof measures> }): string {
  const { gain, misfit, beyond } = values;
  const shown = (measure: Measure | null) => measure?.value.toFixed(3) ?? '–';
  const [low, high] = beyond?.ci95 ?? [-1, 1];
  const numbers = `gain ${shown(gain)}, misfit ${shown(misfit)}`;
  if (low > 0) return `${name} gains more than it departs from its supervisor (${numbers}).`;
  if (high < 0) return `${name} gains less than it departs from its supervisor (${numbers}).`;
  return `The gain of ${name} cannot be told from its misfit (${numbers}).`;
}
