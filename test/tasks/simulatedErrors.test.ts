import { describe, expect, test } from 'vitest';
import { stream } from '../../src/data/index.js';
import { type ErrorKind, type SimulationRow, simulatedLabels } from '../../src/tasks/simulatedErrors.js';

const rows: SimulationRow[] = [
  { truth: 0, weak: 1, length: 10, reference: [0.9, 0.1] },
  { truth: 1, weak: 1, length: 40, reference: [0.45, 0.55] },
  { truth: 1, weak: 0, length: 20, reference: [0.95, 0.05] },
  { truth: 0, weak: 0, length: 30, reference: [0.3, 0.7] },
];
const labelled = (kind: ErrorKind) => simulatedLabels(rows, kind, 2, stream(0, 'test'));

describe('labels that are wrong as often as a supervisor’s', () => {
  test.each([
    ['weak', [1, 1, 0, 0]],
    ['longest', [0, 0, 1, 1]],
    ['shortest', [1, 1, 0, 0]],
    // Least sure of its own answer: rows 1 (0.55) and 3 (0.7).
    ['unconfident', [0, 0, 1, 1]],
    // Least probability of the truth: rows 2 (0.05) and 3 (0.3).
    ['confidently-wrong', [0, 1, 0, 1]],
  ] as const)('%s', (kind, expected) => {
    expect(labelled(kind)).toEqual(expected);
  });

  test('all have the supervisor’s number of errors, whatever the classes', () => {
    const random = stream(3, 'rows');
    const many = Array.from({ length: 300 }, (): SimulationRow => {
      const reference = [random.below(100) + 1, random.below(100) + 1, random.below(100) + 1];
      return { truth: random.below(3), weak: random.below(3), length: random.below(50), reference };
    });
    const errors = many.filter(({ truth, weak }) => truth !== weak).length;
    for (const kind of ['random', 'longest', 'shortest', 'unconfident', 'confidently-wrong'] as const) {
      const labels = simulatedLabels(many, kind, 3, stream(0, kind));
      expect(labels.filter((label, i) => label !== many[i]?.truth).length).toBe(errors);
      expect(labels.every((label) => label >= 0 && label < 3)).toBe(true);
    }
  });

  test('of several classes the reference’s likeliest wrong one is taken', () => {
    const [label] = simulatedLabels(
      [{ truth: 1, weak: 0, length: 1, reference: [0.2, 0.5, 0.3] }],
      'confidently-wrong',
      3,
      stream(0, 'x'),
    );
    expect(label).toBe(2);
  });
});
