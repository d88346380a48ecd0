import { describe, expect, it } from 'vitest';
import { stream } from '../../src/data/random.js';
import { chooseRows, foldRows, type SplitRequest, type SplitRow, sizeOf } from '../../src/data/splits.js';

const base: SplitRequest = { part: 'chain', seed: 0, dataSeed: 0, trainSize: null, testSize: null };

/** Groups of one to four rows, two classes of unequal shares. */
function table(seed: number, rows: number): SplitRow[] {
  const random = stream(seed, 'table');
  const made: SplitRow[] = [];
  for (let group = 0; made.length < rows; group++) {
    for (let i = 0; i <= random.below(4); i++) {
      made.push({ group: `g${group}`, class: random.uniform() < 0.6 ? 0 : 1 });
    }
  }
  return made;
}

const choose = async (rows: SplitRow[], request: Partial<SplitRequest>, hasTest = false) => [
  ...(await chooseRows(rows, { ...base, ...request }, 'train', hasTest)),
];

const set = (k: number, of: number) => ({ chain: { of, first: k, last: k } });

const groupsOf = (rows: SplitRow[], part: readonly number[]) => new Set(part.map((i) => rows[i]?.group));

/** Rows of class 1 less rows of class 0. */
const imbalance = (rows: SplitRow[], part: readonly number[]) =>
  part.reduce((sum, i) => sum + (rows[i]?.class === 1 ? 1 : -1), 0);

describe('the sets of a chain', () => {
  it.each([2, 3, 4, 7])(
    'of %i models share no group with each other or the test set, and are balanced',
    async (of) => {
      const rows = table(of, 900);
      const sizes = { trainSize: 101, testSize: 40, seed: of };
      const sets = await Promise.all(
        Array.from({ length: of }, (_, k) => choose(rows, { ...sizes, ...set(k, of) })),
      );
      const test = await choose(rows, { ...sizes, part: 'test' });
      const all = [...sets, test];
      for (const [i, one] of all.entries()) {
        for (const other of all.slice(i + 1)) {
          expect([...groupsOf(rows, one)].filter((group) => groupsOf(rows, other).has(group))).toEqual([]);
        }
        expect(Math.abs(imbalance(rows, one))).toBeLessThanOrEqual(1);
      }
      expect(sets.map((one) => one.length).reduce((sum, n) => sum + n)).toBe(101);
      expect(sets.map((one) => one.length)).toEqual(
        sets.map((_, k) => sizeOf({ ...base, trainSize: 101, ...set(k, of) })),
      );
      expect(await choose(rows, { ...sizes, ...set(1, of) })).toEqual(sets[1]);
    },
  );

  it('are, of a chain of two, the weak and the transfer half by groups and size', async () => {
    const rows = table(1, 400);
    for (const [k, part] of [
      [0, 'weak'],
      [1, 'transfer'],
    ] as const) {
      const asked = { trainSize: 61, ...set(k, 2) };
      expect(sizeOf({ ...base, ...asked })).toBe(sizeOf({ ...base, part, trainSize: 61 }));
      const whole = { group: 'all' };
      const plain = rows.map(({ group }) => ({ ...whole, group }));
      expect(await choose(plain, set(k, 2))).toEqual(await choose(plain, { part }));
    }
  });

  it('make up what is asked for of several together, row by row', async () => {
    const rows = table(2, 500);
    const sizes = { trainSize: 121, seed: 3 };
    const apart = await Promise.all([1, 2, 3].map((k) => choose(rows, { ...sizes, ...set(k, 4) })));
    const together = await choose(rows, { ...sizes, chain: { of: 4, first: 1, last: 3 } });
    expect(together).toEqual(apart.flat().sort((a, b) => a - b));
    expect(sizeOf({ ...base, ...sizes, chain: { of: 4, first: 1, last: 3 } })).toBe(91);
  });

  it('leave the test set alone, and change with the seed', async () => {
    const rows = table(3, 500);
    const test = await choose(rows, { part: 'test', testSize: 50 });
    expect(await choose(rows, { part: 'test', testSize: 50, trainSize: 90, seed: 5 })).toEqual(test);
    expect(await choose(rows, { seed: 1, ...set(1, 3) })).not.toEqual(
      await choose(rows, { seed: 2, ...set(1, 3) }),
    );
  });

  it('differ by one group at most where nothing is cut', async () => {
    const rows = table(4, 800).map(({ group }) => ({ group }));
    const sets = await Promise.all([0, 1, 2].map((k) => choose(rows, set(k, 3), true)));
    const sizes = sets.map((one) => one.length);
    expect(sizes.reduce((sum, n) => sum + n)).toBe(rows.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(4);
  });
});

describe('a fold', () => {
  const fold = async (rows: SplitRow[], take: 'held-out' | 'rest', seed = 0, share = 0.1) => {
    const chosen = await chooseRows(rows, { ...base, part: 'transfer', seed }, 'transfer', true);
    return [...(await foldRows(rows, chosen, { share, take }, { part: 'transfer', seed }))];
  };

  it('and the rest share no group and are the part, in order', async () => {
    const rows = table(6, 300);
    const chosen = [...(await chooseRows(rows, { ...base, part: 'transfer' }, 'transfer', true))];
    const [held, rest] = [await fold(rows, 'held-out'), await fold(rows, 'rest')];
    expect([...held, ...rest].sort((a, b) => a - b)).toEqual(chosen);
    expect([...groupsOf(rows, held)].filter((group) => groupsOf(rows, rest).has(group))).toEqual([]);
    const groups = groupsOf(rows, chosen).size;
    expect(groupsOf(rows, held).size).toBe(Math.round(groups / 10));
    expect(held).toEqual([...held].sort((a, b) => a - b));
  });

  it('depends on the seed and not on labels', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ group: `g${i >> 1}`, class: i % 2 }));
    const flipped = rows.map((row) => ({ ...row, class: 1 - row.class }));
    expect(await fold(flipped, 'held-out')).toEqual(await fold(rows, 'held-out'));
    expect(await fold(rows, 'held-out', 1)).not.toEqual(await fold(rows, 'held-out', 2));
  });

  it('holds out one group at least and never all', async () => {
    const few = (n: number): SplitRow[] =>
      Array.from({ length: n }, (_, i) => ({ group: `${i}`, class: i % 2 }));
    expect(await fold(few(4), 'held-out')).toHaveLength(1);
    expect(await fold(few(4), 'rest', 0, 0.99)).toHaveLength(1);
    expect(
      await fold(
        [
          { group: 'a', class: 0 },
          { group: 'a', class: 1 },
        ],
        'rest',
      ),
    ).toEqual([]);
  });
});
