import { describe, expect, it } from 'vitest';
import { stream } from '../../src/data/random.js';
import { chooseRows, type SplitRequest, type SplitRow, sourceRole } from '../../src/data/splits.js';
import type { FileRole } from '../../src/data/types.js';

const base: SplitRequest = { part: 'weak', seed: 0, dataSeed: 0, trainSize: null, testSize: null };

/** A random table: groups of one to four rows, classes of unequal shares. */
function table(seed: number, rows: number, classes: number): SplitRow[] {
  const random = stream(seed, 'table');
  const made: SplitRow[] = [];
  for (let group = 0; made.length < rows; group++) {
    for (let i = 0; i <= random.below(4); i++) {
      const label = random.uniform() < 0.5 ? 0 : random.below(Math.max(classes, 1));
      made.push(classes === 0 ? { group: `g${group}` } : { group: `g${group}`, class: label });
    }
  }
  return made;
}

const partOf = async (
  rows: SplitRow[],
  request: Partial<SplitRequest>,
  source: FileRole = 'train',
  hasTest = false,
): Promise<number[]> => [...(await chooseRows(rows, { ...base, ...request }, source, hasTest))];

const groupsOf = (rows: SplitRow[], part: readonly number[]) => new Set(part.map((i) => rows[i]?.group));

function countsOf(rows: SplitRow[], part: readonly number[]): Map<number | undefined, number> {
  const counts = new Map<number | undefined, number>();
  for (const i of part) counts.set(rows[i]?.class, (counts.get(rows[i]?.class) ?? 0) + 1);
  return counts;
}

const parts = ['weak', 'transfer', 'test'] as const;

describe('parts of one file', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => [seed, 2 + (seed % 3)]))(
    'share no group, are balanced, in order, and repeat (table %i, %i classes)',
    async (seed, classes) => {
      const rows = table(seed, 400, classes);
      const sizes = { trainSize: seed % 2 ? 61 : null, testSize: seed % 3 ? 37 : null };
      const chosen = await Promise.all(parts.map((part) => partOf(rows, { part, seed, ...sizes })));
      const [weak = [], transfer = [], test = []] = chosen;
      for (const [i, one] of chosen.entries()) {
        const groups = groupsOf(rows, one);
        for (const other of chosen.slice(i + 1)) {
          for (const group of groupsOf(rows, other)) expect(groups.has(group)).toBe(false);
        }
        const counts = [...countsOf(rows, one).values()];
        expect(counts).toHaveLength(classes);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(
          sizes.testSize || sizes.trainSize ? 1 : 0,
        );
        expect([...one]).toEqual([...one].sort((a, b) => a - b));
        expect(new Set(one).size).toBe(one.length);
        expect(await partOf(rows, { part: parts[i] ?? 'weak', seed, ...sizes })).toEqual(one);
      }
      if (sizes.trainSize) expect([weak.length, transfer.length]).toEqual([30, 31]);
      if (sizes.testSize) expect(test).toHaveLength(37);
    },
  );

  it('depend on the seed, but for the test set, which depends on the data seed alone', async () => {
    const rows = table(1, 400, 2);
    const at = (part: (typeof parts)[number], seed: number, dataSeed: number) =>
      partOf(rows, { part, seed, dataSeed });
    for (const seed of [1, 2, 3]) {
      expect(await at('test', seed, 0)).toEqual(await at('test', 0, 0));
      expect(await at('weak', seed, 0)).not.toEqual(await at('weak', 0, 0));
      expect(await at('transfer', seed, 0)).not.toEqual(await at('transfer', 0, 0));
    }
    expect(await at('test', 0, 1)).not.toEqual(await at('test', 0, 0));
  });

  it('balance by leaving out the majority class only', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ group: `${i}`, class: i % 3 === 0 ? 1 : 0 }));
    const [weak, transfer] = [
      await partOf(rows, {}, 'train', true),
      await partOf(rows, { part: 'transfer' }, 'train', true),
    ];
    const minority = [...weak, ...transfer].filter((i) => rows[i]?.class === 1);
    expect(minority).toHaveLength(100);
    expect(countsOf(rows, weak).get(0)).toBe(countsOf(rows, weak).get(1));
  });

  it('have halves of equal rows whatever the groups', async () => {
    const rows = table(4, 1000, 0);
    const weak = await partOf(rows, {}, 'train', true);
    const transfer = await partOf(rows, { part: 'transfer' }, 'train', true);
    expect(weak.length + transfer.length).toBe(rows.length);
    expect(Math.abs(weak.length - transfer.length)).toBeLessThanOrEqual(4);
  });

  it('draw a fifth of the rows as the test set, or what a balanced one of the asked size needs', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ group: `${i}`, class: i % 10 === 0 ? 1 : 0 }));
    const test = await partOf(rows, { part: 'test' });
    const drawn = test.length / 2;
    expect(drawn).toBeGreaterThan(5);
    expect(await partOf(rows, { part: 'test', testSize: 60 })).toHaveLength(60);
    // Never more than half of the rows: the halves need some too.
    expect((await partOf(rows, { part: 'test', testSize: 180 })).length).toBeLessThan(130);
    expect((await partOf(rows, { testSize: 180 })).length).toBeGreaterThan(20);
  });

  it('draw nothing where a test file is given', async () => {
    const rows = table(2, 100, 0);
    const both = (
      await Promise.all(parts.slice(0, 2).map((part) => partOf(rows, { part }, 'train', true)))
    ).flat();
    expect(both).toHaveLength(rows.length);
  });

  it('take what there is where the size is larger', async () => {
    const rows = table(3, 50, 0);
    expect(await partOf(rows, { trainSize: 1000 }, 'weak')).toHaveLength(rows.length);
  });

  it('all-train and all-test are every row in order', async () => {
    const rows = table(5, 50, 2);
    for (const part of ['all-train', 'all-test'] as const) {
      expect(await partOf(rows, { part })).toEqual(rows.map((_, i) => i));
    }
  });
});

describe('flipped labels', async () => {
  const flip = (rows: SplitRow[]): SplitRow[] => rows.map((row) => ({ ...row, class: 1 - (row.class ?? 0) }));

  it.each([null, 31, 60, 61])(
    'of a balanced half leave its rows as they were (size %s)',
    async (trainSize) => {
      const rows = Array.from({ length: 80 }, (_, i) => ({ group: `g${i >> 2}`, class: (i * 7) % 2 }));
      for (let seed = 0; seed < 5; seed++) {
        const request = { part: 'transfer' as const, seed, trainSize };
        expect(await partOf(flip(rows), request, 'transfer')).toEqual(
          await partOf(rows, request, 'transfer'),
        );
      }
    },
  );

  it('leave every part as it was, balanced or not, whatever the classes are called', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const rows = table(seed, 200, 2);
      for (const part of parts) {
        const request = { part, seed, trainSize: 41, testSize: 21 };
        expect(await partOf(flip(rows), request)).toEqual(await partOf(rows, request));
      }
    }
  });
});

describe('the file of a part', async () => {
  const role = (part: SplitRequest['part'], ...files: FileRole[]) =>
    sourceRole(part, (file) => files.includes(file));

  it('is the one given for it, else the training file', async () => {
    expect(role('weak', 'train', 'test')).toBe('train');
    expect(role('weak', 'weak', 'transfer', 'test')).toBe('weak');
    expect(role('transfer', 'transfer', 'test')).toBe('transfer');
    expect(role('test', 'train')).toBe('train');
    expect(role('test', 'train', 'test')).toBe('test');
    expect(role('all-test', 'test')).toBe('test');
  });

  it.each([
    [['weak', 'test'], 'transfer', '--transfer-data'],
    [['transfer', 'train', 'test'], 'weak', '--weak-data'],
    [['test'], 'weak', '--data'],
    [['weak', 'transfer'], 'test', '--test-data'],
    [['train'], 'all-test', '--test-data'],
  ] as const)('is asked for where it is missing: %j has no %s', (files, part, flag) => {
    try {
      role(part, ...files);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_CONFIG', hint: expect.stringContaining(flag) });
    }
  });
});
