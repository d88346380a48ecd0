/** Weak labels of two classes, shifted so that a batch asks for as many of one as of the other. */

import { W2sError } from '../errors.js';

/** Log-odds at which a float32 probability rounds to 0 or 1: what lies beyond cannot be told apart. */
const MOST_LOG_ODDS = 25 * Math.LN2;
const MOST_STEPS = 200;

/**
 * Targets [B · 2] whose log-odds log(y₁/y₀) are shifted by one constant c, such that the batch's mean of P(label 1)
 * is ½. Rows keep their sums (their weights), which weigh the mean too; rows that sum to 0 stay.
 *
 * Log-odds are first cut to ±25 log 2, where float32 probabilities round to 0 and 1. So there always is one
 * solution: labels that are all equal become ½, and of hard labels that lean to one side that side becomes less
 * sure (of three quarters ones, those become ⅔). Errors: ERR_ARGUMENT unless there are two classes.
 */
export function balancedLabels(targets: Float32Array, classes: number): Float32Array {
  if (classes !== 2) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected exactly 2 classes for balanced labels but received ${classes}.`,
      {
        hint: 'Take the labels as they are: leave out --balanced',
      },
    );
  }
  const rows = targets.length / 2;
  const weights = Float64Array.from(
    { length: rows },
    (_, row) => (targets[2 * row] as number) + (targets[2 * row + 1] as number),
  );
  const logOdds = Float64Array.from({ length: rows }, (_, row) => {
    if (weights[row] === 0) return 0;
    const raw = Math.log((targets[2 * row + 1] as number) / (targets[2 * row] as number));
    return Math.max(-MOST_LOG_ODDS, Math.min(MOST_LOG_ODDS, raw));
  });
  const shift = balancingShift(logOdds, weights);
  const balanced = new Float32Array(targets.length);
  for (let row = 0; row < rows; row++) {
    const weight = weights[row] as number;
    if (weight === 0) continue;
    balanced[2 * row] = weight * sigmoid(-((logOdds[row] as number) + shift));
    balanced[2 * row + 1] = weight * sigmoid((logOdds[row] as number) + shift);
  }
  return balanced;
}

/**
 * c with Σ w_i σ(l_i + c) = ½ Σ w_i, to double precision: Newton's method, and bisection where that would leave
 * the bracket. The sum rises with c; at c = −max l no term is above ½, at c = −min l none below.
 */
export function balancingShift(logOdds: ArrayLike<number>, weights: ArrayLike<number>): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < logOdds.length; i++) {
    if (weights[i] === 0) continue;
    low = Math.min(low, -(logOdds[i] as number));
    high = Math.max(high, -(logOdds[i] as number));
  }
  if (!(low < high)) return low === high ? low : 0;
  let shift = (low + high) / 2;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { excess, slope } = excessAt(shift, logOdds, weights);
    if (excess === 0) break;
    if (excess < 0) low = shift;
    else high = shift;
    const newton = shift - excess / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (next === shift || next === low || next === high) break;
    shift = next;
  }
  return shift;
}

/** Σ w_i (σ(l_i + c) − ½) and its derivative by c. */
function excessAt(shift: number, logOdds: ArrayLike<number>, weights: ArrayLike<number>) {
  let [excess, slope] = [0, 0];
  for (let i = 0; i < logOdds.length; i++) {
    const p = sigmoid((logOdds[i] as number) + shift);
    excess += (weights[i] as number) * (p - 0.5);
    slope += (weights[i] as number) * p * (1 - p);
  }
  return { excess, slope };
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
