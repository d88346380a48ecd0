import { W2sError } from '../errors.js';
import { type Credits, mean } from './accuracy.js';
import type { Agreement } from './document.js';

/** An answer: a class index or a text; null for a tie of two classes, where a coin would decide. */
export type Answered = number | string | null;

/** Answers of student and supervisor on the same items [n]. */
export interface AnswerPair {
  student: ArrayLike<Answered>;
  supervisor: ArrayLike<Answered>;
  /** What the answers count: a data set may take other answers than the truth's for right. */
  credits: { student: Credits; supervisor: Credits };
}

/** Each item's part in an agreement [n]. */
export interface AgreementItems {
  /** How far the supervisor is right: 1, 0, or ½ for a tie. */
  right: Float64Array;
  /** The part of it where the student answers alike. */
  rightAlike: Float64Array;
  /** The part of 1 − right where it does. */
  wrongAlike: Float64Array;
}

/**
 * How often the student answers as its supervisor does (argmax or whole text): on all items, and on those
 * where the supervisor is right or wrong. The last is the share of errors that the student imitates.
 * Over several seeds, the mean of each; null where no seed has such items. Of a tie the expectation is taken over a
 * fair coin: it is half right, and half of the time like any other answer.
 *
 * @throws ERR_ARGUMENT where lengths differ
 */
export function agreement(seeds: readonly AnswerPair[]): Agreement {
  const each = seeds.map(agreementOfSeed);
  const over = (key: keyof Agreement): number | null => {
    const known = each.map((one) => one[key]).filter((value) => value !== null);
    return known.length === 0 ? null : mean(known);
  };
  return {
    overall: over('overall'),
    supervisorRight: over('supervisorRight'),
    supervisorWrong: over('supervisorWrong'),
  };
}

/** Item by item what `agreement` counts. @throws ERR_ARGUMENT where lengths differ */
export function agreementItems({ student, supervisor, credits }: AnswerPair): AgreementItems {
  const n = supervisor.length;
  if (student.length !== n) {
    throw new W2sError('ERR_ARGUMENT', `Expected ${n} answers for agreement but received ${student.length}`);
  }
  const right = Float64Array.from(credits.supervisor);
  const [rightAlike, wrongAlike] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const studentRight = credits.student[i]!;
    // Ties are of two classes, where what is not right is one and the same wrong answer.
    const tied = student[i] === null || supervisor[i] === null;
    const alike = student[i] === supervisor[i] ? 1 : 0;
    rightAlike[i] = right[i]! * (tied ? studentRight : alike);
    wrongAlike[i] = (1 - right[i]!) * (tied ? 1 - studentRight : alike);
  }
  return { right, rightAlike, wrongAlike };
}

function agreementOfSeed(pair: AnswerPair): Agreement {
  const sums = agreementItems(pair);
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const [right, rightAlike, wrongAlike] = [total(sums.right), total(sums.rightAlike), total(sums.wrongAlike)];
  const n = sums.right.length;
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    overall: share(rightAlike + wrongAlike, n),
    supervisorRight: share(rightAlike, right),
    supervisorWrong: share(wrongAlike, n - right),
  };
}

/** Index of the largest value; the first of equal ones. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Probabilities of logits, without overflow. */
export function softmax(logits: ArrayLike<number>): number[] {
  const largest = Math.max(...Array.from(logits));
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
