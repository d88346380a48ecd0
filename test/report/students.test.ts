import { describe, expect, test } from 'vitest';
import type { SeedScore, TrainDocument } from '../../src/metrics/index.js';
import { earlyStopSection, roundsSection } from '../../src/report/html/sections/students.js';
import { studentFacts, studentRemarks } from '../../src/report/studentFacts.js';

function seed(number: number, against: 'labels' | 'truth', step: number): SeedScore {
  const curve = [
    { step: 10, labels: 0.6, ...(against === 'truth' ? { truth: 0.9 } : {}) },
    { step: 20, labels: 0.7, ...(against === 'truth' ? { truth: 0.8 } : {}) },
  ];
  const student = { step, steps: 20, against, curve };
  const ceiling = { step: 20, steps: 20, against: 'labels' as const, curve };
  return {
    seed: number,
    weak: 0.5,
    student: 0.6,
    ceiling: 0.7,
    pgr: 0.5,
    earlyStop: { student, ceiling },
    steps: {},
  };
}

const document = (fields: Partial<TrainDocument>) => ({ perSeed: [], ...fields }) as unknown as TrainDocument;

describe('weights that were kept early', () => {
  test('are told with the step, and by which labels it was chosen', () => {
    const facts = studentFacts(document({ perSeed: [seed(0, 'labels', 20), seed(1, 'labels', 10)] }));
    expect(facts).toEqual([
      ['kept steps', 'student 20, 10 of 20, chosen by held-out labels; ceiling 20, 20 of 20'],
    ]);
  });

  test('an oracle is named so wherever the result stands', async () => {
    const oracle = document({ perSeed: [seed(0, 'truth', 10)] });
    expect(studentFacts(oracle)[0]?.[1]).toContain('an oracle, for analysis alone');
    expect(studentRemarks(oracle).join(' ')).toContain('this is an oracle, for analysis alone');
    const section = (await earlyStopSection(oracle))?.text ?? '';
    expect(section).toContain('An oracle chose the student’s step');
    expect(section).toContain('10 of 20');
    expect(section).toContain('90.0');
    const plain = (await earlyStopSection(document({ perSeed: [seed(0, 'labels', 20)] })))?.text ?? '';
    expect(plain).not.toContain('racle');
    expect(plain).toContain('70.0');
  });

  test('are not spoken of where the last ones were kept', async () => {
    const { earlyStop: _, ...last } = seed(0, 'labels', 20);
    const plain = document({ perSeed: [last] });
    expect(studentFacts(plain)).toEqual([]);
    expect(studentRemarks(plain)).toEqual([]);
    expect(await earlyStopSection(plain)).toBeNull();
    expect(roundsSection(plain)).toBeNull();
  });
});

test('rounds stand one under the other', () => {
  const round = (number: number, accuracy: number) => ({
    round: number,
    accuracy,
    ci95: [accuracy - 0.01, accuracy + 0.01] as const,
    pgr: { value: number / 10, ci95: [0, 1] as const, reason: null },
    labels: { accuracy: 0.55, n: 10 },
  });
  const two = document({ rounds: [round(1, 0.6), round(2, 0.62)] });
  expect(studentFacts(two)).toEqual([
    ['rounds', '1: 60.0 % (PGR 0.10 [0.00, 1.00])  2: 62.0 % (PGR 0.20 [0.00, 1.00])'],
  ]);
  expect(studentRemarks(two)).toEqual(['The student is the last of 2, each taught by the one before it.']);
  expect(roundsSection(two)?.text).toMatch(/60\.0.*62\.0/s);
});
