import { describe, expect, test } from 'vitest';
import { chooseDisagreements } from '../../../src/report/html/disagreements.js';
import type { SeedRecord } from '../../../src/report/html/runRecord.js';
import type { Prediction } from '../../../src/store/index.js';

/** Items by what happens: `S` the student is right alone, `W` its supervisor, `B` both, `N` neither. */
type Kinds = string;

const line = (id: string, right: boolean, sure: number, group?: string): Prediction => ({
  id,
  split: 'test',
  ...(group === undefined ? {} : { group }),
  label: 0,
  logits: right ? [sure, 0] : [0, sure],
});

function seed(
  kinds: Kinds,
  sure: (i: number) => number = () => 1,
  group?: (i: number) => string,
): SeedRecord {
  const lines = (who: string): Prediction[] =>
    [...kinds].map((kind, i) => line(`i${i}`, kind === who || kind === 'B', sure(i), group?.(i)));
  return { seed: 0, weak: lines('W'), student: lines('S'), ceiling: lines('B'), zeroShot: null };
}

const ids = (seeds: readonly SeedRecord[]): string[] => chooseDisagreements(seeds).map(({ id }) => id);

describe('chooseDisagreements', () => {
  test('takes five of each kind, the surest first', () => {
    const chosen = chooseDisagreements([seed('SWBN'.repeat(20), (i) => i / 10)]);
    expect(chosen.map(({ kind }) => kind)).toEqual([
      ...Array(5).fill('student'),
      ...Array(5).fill('supervisor'),
    ]);
    expect(chosen.map(({ id }) => id)).toEqual([
      'i76',
      'i72',
      'i68',
      'i64',
      'i60',
      'i77',
      'i73',
      'i69',
      'i65',
      'i61',
    ]);
    const [first] = chosen;
    expect(first).toMatchObject({ truth: 0, student: { answer: 0 }, supervisor: { answer: 1 } });
    expect(first?.student.probability).toBeCloseTo(1 / (1 + Math.exp(-7.6)));
  });

  test('counts both as sure as the less sure of the two', () => {
    const record = seed('SS');
    record.weak = [line('i0', false, 9), line('i1', false, 2)];
    record.student = [line('i0', true, 1), line('i1', true, 2)];
    expect(ids([record])).toEqual(['i1', 'i0']);
  });

  test('shows nothing where the data set takes both answers for right', () => {
    const record = seed('S');
    const written = (text: string, correct?: boolean): Prediction => ({
      ...{ id: 'i0', split: 'test', label: 'Qg7#', text },
      ...(correct === undefined ? {} : { correct }),
    });
    record.student = [written('Qg7#')];
    record.weak = [written('Qh7#', true)];
    expect(ids([record])).toEqual([]);
    record.weak = [written('Qh7')];
    expect(ids([record])).toEqual(['i0']);
  });

  test('fills up with the other kind where one is rare', () => {
    expect(chooseDisagreements([seed(`WW${'S'.repeat(30)}`)]).map(({ kind }) => kind)).toEqual([
      ...Array(8).fill('student'),
      ...Array(2).fill('supervisor'),
    ]);
    expect(chooseDisagreements([seed(`S${'W'.repeat(30)}`)]).map(({ kind }) => kind)).toEqual([
      'student',
      ...Array(9).fill('supervisor'),
    ]);
    expect(ids([seed('SBNW')])).toEqual(['i0', 'i3']);
    expect(ids([seed('BBNN')])).toEqual([]);
  });

  test('takes one item of a group', () => {
    expect(
      ids([
        seed(
          'SSSS',
          () => 1,
          (i) => `g${i % 2}`,
        ),
      ]),
    ).toEqual(['i0', 'i1']);
  });

  test('fills up with the other kind where the items of one are all of one group', () => {
    const kinds = `${'W'.repeat(9)}${'S'.repeat(20)}`;
    const record = seed(
      kinds,
      () => 1,
      (i) => (kinds[i] === 'W' ? 'one' : `g${i}`),
    );
    expect(chooseDisagreements([record]).map(({ kind }) => kind)).toEqual([
      ...Array(9).fill('student'),
      'supervisor',
    ]);
  });

  test('prefers what goes the same way with other seeds', () => {
    const sure = (i: number): number => 10 - i;
    expect(ids([seed('SSSSSSSS', sure), seed('BBSBSBSW', sure), seed('NBSBSNSW', sure)]).slice(0, 3)).toEqual(
      ['i2', 'i4', 'i6'],
    );
  });

  test('without probabilities: what is told by zero-shot and ceiling, then spread over the test set', () => {
    const text = (id: string, right: boolean): Prediction => ({
      id,
      split: 'test',
      label: 'yes',
      text: right ? 'yes' : 'no',
    });
    const all = Array.from({ length: 100 }, (_, i) => `i${i}`);
    const chosen = ids([
      {
        seed: 0,
        weak: all.map((id, i) => text(id, i >= 50)),
        student: all.map((id, i) => text(id, i < 50)),
        // Only items 10 and 20 were wrong before; only 60 is in the ceiling's reach.
        zeroShot: all.map((id, i) => text(id, i !== 10 && i !== 20)),
        ceiling: all.map((id, i) => text(id, i === 60)),
      },
    ]);
    expect(chosen).toEqual(['i10', 'i20', 'i8', 'i26', 'i42', 'i60', 'i56', 'i69', 'i81', 'i93']);
  });

  test('has none where the supervision says nothing of the test set', () => {
    expect(chooseDisagreements([{ ...seed('SW'), weak: null }])).toEqual([]);
    expect(chooseDisagreements([])).toEqual([]);
  });
});
