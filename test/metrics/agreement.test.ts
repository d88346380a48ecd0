import { expect, test } from 'vitest';
import { type AnswerPair, agreement, argmax, calibration, softmax } from '../../src/metrics/index.js';

type Answers = AnswerPair['student'];

/** Answers that are right where they equal the truth, and half right where they are ties. */
function pair(student: Answers, supervisor: Answers, truth: ArrayLike<number | string>): AnswerPair {
  const creditsOf = (answers: Answers) =>
    Array.from(answers, (answer, i) => (answer === null ? 0.5 : Number(answer === truth[i])));
  return {
    student,
    supervisor,
    credits: { student: creditsOf(student), supervisor: creditsOf(supervisor) },
  };
}

test('agreement splits by whether the supervisor is right', () => {
  const truth = [0, 0, 1, 1, 1];
  const supervisor = [0, 1, 1, 0, 1];
  const student = [0, 1, 0, 1, 1];
  expect(agreement([pair(student, supervisor, truth)])).toEqual({
    overall: 3 / 5,
    supervisorRight: 2 / 3,
    supervisorWrong: 1 / 2,
  });
});

test('agreement is the mean over seeds, null where no seed has such items', () => {
  const truth = ['e4', 'd4'];
  const right = pair(['e4', 'c4'], truth, truth);
  const copied = pair(truth, truth, truth);
  expect(agreement([right, copied])).toEqual({ overall: 0.75, supervisorRight: 0.75, supervisorWrong: null });
  const mixed = pair(['a4', 'a4'], ['e4', 'a4'], truth);
  expect(agreement([right, mixed])).toEqual({ overall: 0.5, supervisorRight: 0.25, supervisorWrong: 1 });
  expect(agreement([])).toEqual({ overall: null, supervisorRight: null, supervisorWrong: null });
});

test('a tie agrees as a fair coin would', () => {
  // Every tie replaced by 0 and by 1, and the counts averaged over these worlds before shares are taken.
  const cases = [
    { student: [null, 1, null, 0, 1], supervisor: [1, null, null, 0, 0] },
    { student: [null, null, null, 1, 1], supervisor: [0, 1, 1, 1, 0] },
  ] as const;
  const truth = [1, 1, 0, 0, 1];
  for (const { student, supervisor } of cases) {
    const totals = { right: 0, rightAlike: 0, wrong: 0, wrongAlike: 0 };
    const worlds = 2 ** 10;
    for (let world = 0; world < worlds; world++) {
      const settle = (answers: readonly (number | null)[], from: number) =>
        answers.map((answer, i) => answer ?? (world >> (from + i)) & 1);
      const [s, w] = [settle(student, 0), settle(supervisor, 5)];
      truth.forEach((label, i) => {
        const side = w[i] === label ? 'right' : 'wrong';
        totals[side] += 1 / worlds;
        totals[`${side}Alike`] += (s[i] === w[i] ? 1 : 0) / worlds;
      });
    }
    const found = agreement([pair(student, supervisor, truth)]);
    expect(found.overall).toBeCloseTo((totals.rightAlike + totals.wrongAlike) / truth.length, 12);
    expect(found.supervisorRight).toBeCloseTo(totals.rightAlike / totals.right, 12);
    expect(found.supervisorWrong).toBeCloseTo(totals.wrongAlike / totals.wrong, 12);
  }
});

test('agreement takes for right what the data set takes for right, not the truth alone', () => {
  // Two moves mate: the supervisor's is not the one on record.
  const moves: AnswerPair = {
    student: ['Qg7#', 'Qh7#', 'e4'],
    supervisor: ['Qg7#', 'Qg7#', 'd4'],
    credits: { student: [1, 1, 0], supervisor: [1, 1, 0] },
  };
  expect(agreement([moves])).toEqual({ overall: 1 / 3, supervisorRight: 1 / 2, supervisorWrong: 0 });
});

test('agreement refuses unequal lengths', () => {
  expect(() => agreement([pair([1], [1, 0], [1, 0])])).toThrow(/Expected 2 answers/);
});

test('argmax takes the first of equal values, softmax does not overflow', () => {
  expect(argmax([1, 3, 3])).toBe(1);
  expect(softmax([1000, 1000])).toEqual([0.5, 0.5]);
  expect(softmax([0, Math.log(3)])[1]).toBeCloseTo(0.75, 12);
});

test('calibration error by hand', () => {
  const probabilities = [
    [0.2, 0.8],
    [0.2, 0.8],
    [0.6, 0.4],
    [1, 0],
  ];
  const { ece, bins } = calibration(probabilities, [1, 0, 0, 0], 10);
  // 0.8: one of two right, |1 − 1.6|; 0.6: right, |1 − 0.6|; 1: right, 0. Over four items.
  expect(ece).toBeCloseTo((0.6 + 0.4) / 4, 12);
  expect(bins.map(({ n }) => n)).toEqual([0, 0, 0, 0, 0, 1, 0, 2, 0, 1]);
  expect(bins[7]).toMatchObject({ accuracy: 0.5, confidence: 0.8 });
  expect(bins[0]).toMatchObject({ accuracy: null, confidence: null });
});

test('calibration refuses nothing', () => {
  expect(() => calibration([], [])).toThrow(/at least one/);
});
