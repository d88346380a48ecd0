import { describe, expect, it } from 'vitest';
import { stream } from '../../src/data/random.js';

const first = (n: number, ...name: Parameters<typeof stream>): number[] => {
  const random = stream(...name);
  return Array.from({ length: n }, () => random.uint32());
};

describe('named streams', () => {
  it('repeat for the same name and differ for any other', () => {
    const base = first(8, 0, 'split');
    expect(first(8, 0, 'split')).toEqual(base);
    for (const other of [
      first(8, 1, 'split'),
      first(8, 0, 'shuffle'),
      first(8, 0, 'split', 0),
      first(8, 0, 'split', '0'),
      first(8, 0, 'spli', 't'),
    ]) {
      expect(other).not.toEqual(base);
    }
  });

  it('never change: results of the store depend on them', () => {
    expect(first(4, 0, 'split')).toEqual([3477659172, 1829051631, 3155827453, 3906501724]);
  });

  it('follow xoshiro128** 1.1', () => {
    // The reference algorithm on unsigned 64-bit arithmetic, from the same state.
    const random = stream(7, 'reference') as unknown as Record<'a' | 'b' | 'c' | 'd', number>;
    const mask = 0xffffffffn;
    const s = [random.a, random.b, random.c, random.d].map((x) => BigInt(x) & mask) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
    const expected = Array.from({ length: 100 }, () => {
      const result = (rotate((s[1] * 5n) & mask, 7n) * 9n) & mask;
      const t = (s[1] << 9n) & mask;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= t;
      s[3] = rotate(s[3], 11n);
      return Number(result);
    });
    expect(first(100, 7, 'reference')).toEqual(expected);
  });

  it('are uniform below n, also where n does not divide 2^32', () => {
    const random = stream(3, 'below');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) {
      const k = random.below(7);
      counts[k] = (counts[k] ?? 0) + 1;
    }
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(22.5); // 6 degrees of freedom, p = 0.001
    expect(() => random.below(0)).toThrow(RangeError);
    expect(() => random.below(1.5)).toThrow(RangeError);
    expect(random.below(1)).toBe(0);
  });

  it('give uniform and normal numbers with the right moments', () => {
    const random = stream(5, 'moments');
    const n = 50_000;
    let sum = 0;
    let normalSum = 0;
    let normalSquares = 0;
    for (let i = 0; i < n; i++) {
      const u = random.uniform();
      expect(u >= 0 && u < 1).toBe(true);
      sum += u;
      const z = random.normal();
      normalSum += z;
      normalSquares += z * z;
    }
    expect(sum / n).toBeCloseTo(0.5, 1);
    expect(Math.abs(normalSum / n)).toBeLessThan(0.02);
    expect(Math.abs(normalSquares / n - 1)).toBeLessThan(0.03);
  });

  it('shuffle every order alike', () => {
    const random = stream(11, 'orders');
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
    expect(chiSquared).toBeLessThan(49.7); // 23 degrees of freedom, p = 0.001
    const items = ['a', 'b', 'c'];
    expect(random.shuffle(items)).toBe(items);
    expect([...items].sort()).toEqual(['a', 'b', 'c']);
  });
});
