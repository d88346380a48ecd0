/**
 * A wrong gradient still trains, only worse. So the gradient of a loss written in TypeScript is held against central
 * finite differences of its loss, once for its code, parameters and number of classes, before anything is trained.
 */

import { stream } from '../data/random.js';
import { W2sError } from '../errors.js';
import type { BoundInput, BoundLoss } from './loss.js';

/** The entry at which gradient and differences disagree most. */
export interface WorstEntry {
  /** 0-based. */
  row: number;
  class: number;
  /** What `dLogits` says. */
  analytic: number;
  /** What finite differences of the loss give. */
  numeric: number;
  /** How far apart they may be there. */
  tolerance: number;
}

/** What a check found. */
export interface GradientVerdict {
  /** Entries that were compared. */
  entries: number;
  /** How many disagree. */
  wrong: number;
  /** Null where all agree. */
  worst: WorstEntry | null;
  /** All analytic entries over their numeric ones, where that is one number; else null. */
  ratio: number | null;
}

/** Examples of the batches: odd and even, as some losses halve a batch. */
const BATCHES = [
  { examples: 6, scale: 1, progress: 0.5 },
  { examples: 5, scale: 3, progress: 0.9 },
  { examples: 6, scale: 0.5, progress: 0 },
] as const;

/** Entries of a batch that are compared at most: with very many classes a seeded sample. */
const MOST_ENTRIES = 240;

/**
 * The wider of two steps. Logits are multiples of 2⁻¹², so that z ± h is exact in float32. The two differences give
 * Richardson's extrapolation, whose error is of order h⁴ (1e-9 times a fifth derivative); a loss that is summed in
 * float32 brings noise of about 1e-7 / h = 2e-5 of its value.
 */
const STEP = 2 ** -7;

/**
 * Of an entry and of the batch's largest: what must agree. Noise lies well below (see above), and the mistakes that
 * people make (a sign, a factor, a sum for a mean, a forgotten term) well above.
 */
const RELATIVE = 2e-3;

/**
 * Holds `dLogits` against finite differences on seeded batches with soft targets; what the loss declares `detached`
 * is held fixed.
 * @param classes K of the data
 * @throws what the loss throws on wrong shapes, and ERR_NOT_FINITE
 */
export function compareGradient(loss: BoundLoss, classes: number): GradientVerdict {
  const compared = BATCHES.flatMap((batch, i) => compareBatch(loss, seededBatch(classes, i), batch.progress));
  const wrong = compared.filter((entry) => !(excess(entry) <= 0));
  const worst = wrong.reduce<WorstEntry | null>(
    (most, entry) => (most === null || excess(entry) > excess(most) ? entry : most),
    null,
  );
  return { entries: compared.length, wrong: wrong.length, worst, ratio: commonRatio(compared) };
}

const excess = ({ analytic, numeric, tolerance }: WorstEntry): number =>
  Math.abs(analytic - numeric) - tolerance;

/** Logits of some spread, and weak labels as supervisors give them: between 0.02 and 0.98. */
function seededBatch(classes: number, index: number): Pick<BoundInput, 'logits' | 'targets' | 'classes'> {
  const { examples, scale } = BATCHES[index] ?? BATCHES[0];
  const random = stream(0, 'gradient-check', index, classes);
  const logits = Float32Array.from(
    { length: examples * classes },
    () => Math.round(random.normal() * scale * 4096) / 4096,
  );
  const targets = new Float32Array(examples * classes);
  for (let row = 0; row < examples; row++) {
    const powers = Array.from({ length: classes }, () => Math.exp(2 * random.normal()));
    const sum = powers.reduce((total, power) => total + power, 0);
    const floor = 0.02 / classes;
    powers.forEach((power, k) => {
      targets[row * classes + k] = floor + (1 - classes * floor) * (power / sum);
    });
  }
  return { logits, targets, classes };
}

function compareBatch(
  loss: BoundLoss,
  batch: ReturnType<typeof seededBatch>,
  progress: number,
): WorstEntry[] {
  const at = (logits: Float32Array): BoundInput => ({ ...batch, logits, progress });
  const input = at(batch.logits.slice());
  const constant = loss.detached(input);
  const { dLogits, loss: here } = loss.applyWith(input, constant);
  if (!Number.isFinite(here)) throw notFinite(loss.name, here);
  const gradient = dLogits.slice();
  const lossAt = (index: number, h: number): number => {
    const moved = batch.logits.slice();
    moved[index] = (moved[index] as number) + h;
    return loss.applyWith(at(moved), constant).loss;
  };
  const difference = (index: number, h: number) => (lossAt(index, h) - lossAt(index, -h)) / (2 * h);
  const numeric = entriesOf(gradient.length).map((index) => {
    const wide = difference(index, STEP);
    const near = difference(index, STEP / 2);
    return { index, value: near + (near - wide) / 3, unsure: Math.abs(near - wide) };
  });
  const largest = Math.max(...numeric.map(({ value }) => Math.abs(value)), ...gradient.map(Math.abs));
  return numeric.map(({ index, value, unsure }) => ({
    row: Math.floor(index / batch.classes),
    class: index % batch.classes,
    analytic: gradient[index] as number,
    numeric: value,
    // At a kink the two differences are far apart, and nothing can be said.
    tolerance: RELATIVE * (Math.abs(value) + largest) + unsure,
  }));
}

function entriesOf(count: number): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  if (count <= MOST_ENTRIES) return all;
  return Array.from(stream(0, 'gradient-entries', count).permutation(count).subarray(0, MOST_ENTRIES));
}

/** The factor by which a gradient is wrong everywhere: −1 is a sign, B a sum for a mean. */
function commonRatio(entries: readonly WorstEntry[]): number | null {
  const large = entries.filter(({ numeric, tolerance }) => Math.abs(numeric) > 5 * tolerance);
  const ratios = large.map(({ analytic, numeric }) => analytic / numeric);
  const [first] = ratios;
  if (first === undefined) return null;
  return ratios.every((ratio) => Math.abs(ratio - first) <= 0.02 * Math.abs(first)) ? first : null;
}

function notFinite(name: string, loss: number): W2sError {
  return new W2sError(
    'ERR_NOT_FINITE',
    `Expected a finite loss of ${name} on the seeded batch of its check but received ${loss}`,
    { hint: 'Mend the loss: subtract the largest logit before exp, and keep logarithms from 0' },
  );
}

/** What was checked, or is to be trusted, in this process. */
const passed = new Set<string>();

const keyOf = ({ source, params }: BoundLoss, classes: number | 'any'): string =>
  JSON.stringify([source, params, classes]);

/** Whether a loss is taken as it is from now on. */
export function trustGradient(loss: BoundLoss, trust: boolean): void {
  const key = keyOf(loss, 'any');
  if (trust) passed.add(key);
  else passed.delete(key);
}

/**
 * Checks a loss's gradient, once for its code, parameters and K.
 * @throws ERR_USAGE with the worst entry where it is not what finite differences give
 */
export function checkGradient(loss: BoundLoss, classes: number): void {
  if (passed.has(keyOf(loss, 'any')) || passed.has(keyOf(loss, classes))) return;
  const verdict = compareGradient(loss, classes);
  if (verdict.worst !== null) throw wrongGradient(loss.name, verdict, verdict.worst);
  passed.add(keyOf(loss, classes));
}

function wrongGradient(
  name: string,
  { entries, wrong, ratio }: GradientVerdict,
  worst: WorstEntry,
): W2sError {
  const numbers = `dLogits ${digits(worst.analytic)} where finite differences of the loss give ${digits(worst.numeric)}`;
  return new W2sError(
    'ERR_USAGE',
    `Expected the gradient of its own loss for dLogits of loss ${name} but received, worst at row ${worst.row}, class ${worst.class}, ${numbers} (${wrong} of ${entries} entries differ${ratioWords(ratio)}).`,
    {
      hint: 'Mend dLogits; or compute in `detached` what no gradient flows through; or train as it is: --no-gradient-check (from Node: skipGradientCheck)',
    },
  );
}

const digits = (value: number): string => String(+value.toPrecision(4));

function ratioWords(ratio: number | null): string {
  if (ratio === null || Math.abs(ratio - 1) < 0.02) return '';
  if (Math.abs(ratio + 1) < 0.02) return '; everywhere the sign is the other way round';
  return `; everywhere it is ${+ratio.toPrecision(3)} times as large as it should be`;
}
