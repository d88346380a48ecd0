import { W2sError } from '../errors.js';
import { mean } from './accuracy.js';
import type { Agreement } from './document.js';

/** An answer: a class index or a text; null for a tie of two classes, where a coin would decide. */
export type Answered = number | string | null;

/** Answers of student and supervisor on the same items [n]. */
export interface AnswerPair {
  student: ArrayLike<Answered>;
  supervisor: ArrayLike<Answered>;
  truth: ArrayLike<number | string>;
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

function agreementOfSeed({ student, supervisor, truth }: AnswerPair): Agreement {
  const n = truth.length;
  if (student.length !== n || supervisor.length !== n) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected ${n} answers for agreement but received ${student.length} and ${supervisor.length}`,
    );
  }
  let [right, rightAlike, wrongAlike] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const supervisorRight = credit(supervisor[i], truth[i]!);
    const studentRight = credit(student[i], truth[i]!);
    right += supervisorRight;
    // Ties are of two classes, where what is not right is one and the same wrong answer.
    const tied = student[i] === null || supervisor[i] === null;
    const alike = student[i] === supervisor[i] ? 1 : 0;
    rightAlike += supervisorRight * studentRight;
    wrongAlike += (1 - supervisorRight) * (tied ? 1 - studentRight : alike);
  }
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    overall: share(rightAlike + wrongAlike, n),
    supervisorRight: share(rightAlike, right),
    supervisorWrong: share(wrongAlike, n - right),
  };
}

const credit = (answer: Answered | undefined, truth: number | string): number =>
  answer === null ? 0.5 : answer === truth ? 1 : 0;

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
