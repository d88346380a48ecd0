/**
 * Labels that predict each other, without any supervisor: Internal Coherence Maximization (Wen et al. 2025, arXiv
 * 2506.10139) in a form that needs no prompts. There a model sees all other labelled rows in its context; here row
 * i's label is predicted from the others by its nearest neighbours in the model's hidden states, beside what the
 * model says of the row alone:
 *
 *   P(y_i = c | x_i, D ∖ i) ∝ p_i(c) · (m_ic + 1),
 *
 * p_i the zero-shot probability, m_ic how many of the nearest rows of other questions are labelled c (Laplace's rule).
 * What is maximised is U(D) = Σ_i ln P(y_i | x_i, D ∖ i) − I(D).
 */

import { type RandomStream, stream } from '../../data/random.js';
import { argmaxRows } from '../classification.js';
import type { Neighbours } from './neighbours.js';
import { type OnPause, pace } from './pace.js';

/** What labels are looked for. */
export interface MutualProblem {
  /** Probabilities p_i [N · K]. */
  prior: Float64Array;
  classes: number;
  neighbours: Neighbours;
  /**
   * Rows of which exactly one is of class 1 where `exclusive`; a row that is alone in its list is free. Every row is
   * in one list. Labels that contradict each other so are never considered.
   */
  questions: readonly (readonly number[])[];
  exclusive: boolean;
}

/** One way to label the rows of a question. */
interface Change {
  rows: readonly number[];
  classes: readonly number[];
}

/** A labelling, and its score kept up as labels change. */
export class Labelling {
  /** Class of each row [N]. */
  readonly answers: Int32Array;
  /** How many of a row's neighbours have each class [N · K]. */
  private readonly votes: Int32Array;
  /** Rows of each class [K]. */
  private readonly totals: Int32Array;
  /** Rows that have this one among their neighbours. */
  private readonly readers: readonly (readonly number[])[];
  private readonly scratch = new Set<number>();

  constructor(
    private readonly problem: MutualProblem,
    answers: Int32Array,
  ) {
    const { classes, neighbours } = problem;
    this.answers = answers.slice();
    this.votes = new Int32Array(answers.length * classes);
    this.totals = new Int32Array(classes);
    const readers = Array.from(answers, (): number[] => []);
    answers.forEach((answer, row) => {
      this.totals[answer]!++;
      for (const other of neighbours.of(row)) {
        this.votes[row * classes + (answers[other] as number)]!++;
        readers[other]?.push(row);
      }
    });
    this.readers = readers;
  }

  /** U(D). */
  score(): number {
    let sum = -this.imbalance();
    for (let row = 0; row < this.answers.length; row++) sum += this.logProbability(row);
    return sum;
  }

  /** Makes a change and gives what it adds to U; making the old labels again takes it back. */
  apply({ rows, classes: wanted }: Change): number {
    const touched = this.scratch;
    touched.clear();
    rows.forEach((row, i) => {
      if (this.answers[row] === wanted[i]) return;
      touched.add(row);
      for (const reader of this.readers[row] ?? []) touched.add(reader);
    });
    const before = this.partial(touched);
    rows.forEach((row, i) => {
      this.relabel(row, wanted[i] as number);
    });
    return this.partial(touched) - before;
  }

  /** The terms of U that a change of labels moves. */
  private partial(rows: ReadonlySet<number>): number {
    let sum = -this.imbalance();
    for (const row of rows) sum += this.logProbability(row);
    return sum;
  }

  private relabel(row: number, answer: number): void {
    const { classes } = this.problem;
    const old = this.answers[row] as number;
    if (old === answer) return;
    this.answers[row] = answer;
    this.totals[old]!--;
    this.totals[answer]!++;
    for (const reader of this.readers[row] ?? []) {
      this.votes[reader * classes + old]!--;
      this.votes[reader * classes + answer]!++;
    }
  }

  /** ln P(y_i | x_i, D ∖ i). */
  private logProbability(row: number): number {
    const { prior, classes } = this.problem;
    let total = 0;
    let own = 0;
    for (let k = 0; k < classes; k++) {
      const weight = (prior[row * classes + k] as number) * ((this.votes[row * classes + k] as number) + 1);
      total += weight;
      if (k === this.answers[row]) own = weight;
    }
    return Math.log(own / total);
  }

  /**
   * I(D): rows by which classes are larger than two standard deviations above an equal draw. One label for all rows
   * predicts itself perfectly; halves are balanced, which is all that is used of it.
   */
  private imbalance(): number {
    const { classes } = this.problem;
    const n = this.answers.length;
    const most = n / classes + (2 * Math.sqrt(n * (classes - 1))) / classes;
    let excess = 0;
    for (const total of this.totals) excess += Math.max(0, total - most);
    return excess;
  }
}

/** Temperatures of the search in units of U (nats): at the first any labelling is reached, at the last hardly a worse one. */
const HOTTEST = 2;
const COLDEST = 0.02;

/**
 * The labelling with the greatest U that simulated annealing finds (it need not be the greatest there is). It starts
 * from the prior's answers; each step labels a random question in another random way, half the time together with a
 * second one, so that classes can be exchanged; a worse labelling is taken with probability exp(ΔU / T). T falls
 * geometrically. At the end, improvements of one question are made until there are none.
 *
 * @param rounds steps for each question
 * @returns class of each row [N]
 */
export async function mutual(
  problem: MutualProblem,
  rounds: number,
  seed: number,
  onPause?: OnPause,
): Promise<Int32Array> {
  const random = stream(seed, 'relabel-mutual');
  const labelling = new Labelling(problem, startOf(problem));
  let score = labelling.score();
  let best = { score, answers: labelling.answers.slice() };
  const { questions } = problem;
  const steps = rounds * questions.length;
  const pauseDue = pace(onPause);
  for (let step = 0; step < steps; step++) {
    const temperature = HOTTEST * (COLDEST / HOTTEST) ** (step / steps);
    const change = propose(problem, labelling, random);
    const undo = { rows: change.rows, classes: change.rows.map((row) => labelling.answers[row] as number) };
    const gain = labelling.apply(change);
    if (gain >= 0 || random.uniform() < Math.exp(gain / temperature)) score += gain;
    else labelling.apply(undo);
    if (score > best.score) best = { score, answers: labelling.answers.slice() };
    const pause = pauseDue();
    if (pause) await pause;
  }
  return climb(problem, new Labelling(problem, best.answers), onPause);
}

/** The prior's answers; of a question whose answers exclude each other, the likeliest row is right. */
function startOf({ prior, classes, questions, exclusive }: MutualProblem): Int32Array {
  const answers = argmaxRows(prior, classes);
  for (const rows of exclusive ? questions : []) {
    if (rows.length < 2) continue;
    const odds = rows.map((row) => (prior[row * 2 + 1] as number) / (prior[row * 2] as number));
    const right = odds.indexOf(Math.max(...odds));
    rows.forEach((row, i) => {
      answers[row] = i === right ? 1 : 0;
    });
  }
  return answers;
}

/** All ways to label a question. */
function optionsOf({ classes, exclusive }: MutualProblem, rows: readonly number[]): Change[] {
  if (exclusive && rows.length > 1) {
    return rows.map((_, right) => ({ rows, classes: rows.map((__, i) => (i === right ? 1 : 0)) }));
  }
  // Without exclusion a question's rows are free of each other: each is changed by itself.
  return rows.flatMap((row) => Array.from({ length: classes }, (_, k) => ({ rows: [row], classes: [k] })));
}

function propose(problem: MutualProblem, labelling: Labelling, random: RandomStream): Change {
  const one = (): Change => {
    const rows = problem.questions[random.below(problem.questions.length)] ?? [];
    const options = optionsOf(problem, rows).filter((option) => isOther(option, labelling));
    return options[random.below(options.length)] ?? { rows: [], classes: [] };
  };
  const first = one();
  if (random.below(2) === 0) return first;
  const second = one();
  if (second.rows.some((row) => first.rows.includes(row))) return first;
  return { rows: [...first.rows, ...second.rows], classes: [...first.classes, ...second.classes] };
}

function isOther({ rows, classes }: Change, { answers }: Labelling): boolean {
  return rows.some((row, i) => answers[row] !== classes[i]);
}

async function climb(problem: MutualProblem, labelling: Labelling, onPause?: OnPause): Promise<Int32Array> {
  const pauseDue = pace(onPause);
  for (let improved = true; improved; ) {
    improved = false;
    for (const rows of problem.questions) {
      for (const option of optionsOf(problem, rows)) {
        const undo = {
          rows: option.rows,
          classes: option.rows.map((row) => labelling.answers[row] as number),
        };
        // Gains that are rounding alone could go round in circles.
        if (labelling.apply(option) > 1e-9) improved = true;
        else labelling.apply(undo);
      }
      const pause = pauseDue();
      if (pause) await pause;
    }
  }
  return labelling.answers;
}

/**
 * A prior that leaves neighbours something to say: its logarithms less their mean over classes (of two classes ± half
 * the log-odds) are divided by a common number where their root mean square over rows and classes exceeds
 * ½ ln(k + 1), half of what k neighbours of one mind weigh. The likelihood of a long completion is far surer of itself
 * than it has reason to be.
 * @param labels probabilities [N · K]
 * @param neighbours k
 */
export function tempered(labels: Float64Array, classes: number, neighbours: number): Float64Array {
  const logs = labels.map((p) => Math.log(Math.max(p, 1e-30)));
  let square = 0;
  for (let start = 0; start < logs.length; start += classes) {
    const row = logs.subarray(start, start + classes);
    const mean = row.reduce((sum, value) => sum + value, 0) / classes;
    row.forEach((value, k) => {
      row[k] = value - mean;
      square += (value - mean) ** 2;
    });
  }
  const most = Math.log(neighbours + 1) / 2;
  const scale = Math.max(1, Math.sqrt(square / logs.length) / most);
  const result = logs.map((value) => Math.exp(value / scale));
  for (let start = 0; start < result.length; start += classes) {
    const row = result.subarray(start, start + classes);
    const total = row.reduce((sum, value) => sum + value, 0);
    row.forEach((value, k) => {
      row[k] = value / total;
    });
  }
  return result;
}
