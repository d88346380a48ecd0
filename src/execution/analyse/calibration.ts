/** Whether confidence is what it claims to be: of weak supervisor, student and ceiling. */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { TrainRoles } from '../../experiments/train.js';
import { argmax, calibrationError, ratio, softmax } from '../../metrics/index.js';
import { creditOf } from '../../steps/evaluate.js';
import type { Store } from '../../store/index.js';
import { groupOf, type Lines, readLines } from '../outcomes.js';
import { accuracyOf, type Findings, plain, requireLogits } from './findings.js';

const MODELS = [
  ['weak', 'weakTest'],
  ['student', 'studentTest'],
  ['ceiling', 'ceilingTest'],
] as const;

export async function calibrationFindings(store: Store, { arms }: ArmsPlan<TrainRoles>): Promise<Findings> {
  const seeds = arms[0]?.seeds ?? [];
  const rows = [];
  for (const [name, role] of MODELS) {
    const lines = await Promise.all(seeds.map(({ roles }) => readLines(store, roles[role])));
    for (const one of lines) requireLogits(one, 'calibration');
    rows.push({ name, values: measures(lines) });
  }
  return {
    rowTitle: 'model',
    columns: [
      { key: 'accuracy', title: 'accuracy', unit: 'share' },
      { key: 'confidence', title: 'confidence', unit: 'share' },
      { key: 'over', title: 'confidence − accuracy', unit: 'share' },
      { key: 'ece', title: 'ECE', unit: 'share' },
      { key: 'brier', title: 'Brier score', unit: 'number' },
    ],
    rows,
    charted: ['over', 'ece'],
    facts: [],
    reading:
      'Confidence is the probability of the chosen class. Confidence − accuracy is above zero where a model claims more than it keeps. ' +
      'ECE is the expected calibration error in 15 bins of equal width (Guo et al. 2017); it is never below zero and a finite test set ' +
      'inflates it, so its interval is the reflected bootstrap, which takes that back to first order. The Brier score is the mean squared ' +
      'distance of the probabilities from the truth, over both: lower is better.',
    says: sentence(rows),
  };
}

function measures(seeds: readonly Lines[]) {
  const groups = (seeds[0] ?? []).map(groupOf);
  const answers = seeds.map((lines) => lines.map(answered));
  const over = (value: (one: ReturnType<typeof answered>) => number) =>
    plain(
      ratio(
        answers.map((lines) => ({ above: lines.map(value) })),
        groups,
      ),
    );
  return {
    accuracy: accuracyOf(seeds),
    confidence: over(({ confidence }) => confidence),
    over: over(({ confidence, right }) => confidence - right),
    ece: calibrationError(answers, groups),
    brier: over(({ brier }) => brier),
  };
}

function answered(line: Lines[number]) {
  const { logits = [], label } = line;
  const probabilities = softmax(logits);
  const choice = argmax(probabilities);
  const brier = probabilities.reduce((sum, p, k) => sum + (p - (k === label ? 1 : 0)) ** 2, 0);
  return { confidence: probabilities[choice] ?? 0, right: creditOf(line), brier };
}

function sentence(rows: readonly { name: string; values: ReturnType<typeof measures> }[]): string {
  const said = rows.map(({ name, values: { over } }) => {
    const [low, high] = over?.ci95 ?? [-1, 1];
    const subject = name === 'weak' ? 'weak supervisor' : name;
    if (low > 0) return `The ${subject} claims more than it keeps.`;
    if (high < 0) return `The ${subject} is better than it claims.`;
    return `No overconfidence of the ${subject} can be told from chance.`;
  });
  return said.join(' ');
}
