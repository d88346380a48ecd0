import { describe, expect, it } from 'vitest';
import { NamedNumbers } from '../../src/data/namedNumbers.js';

describe('numbers by name', () => {
  it('are what a map gives, however many there are', () => {
    const rows = new NamedNumbers();
    const map = new Map<string, number>();
    for (let row = 1; row <= 20_000; row++) {
      const id = `game-${(row * 7919) % 30_011}`;
      expect(rows.get(id)).toBe(map.get(id));
      if (map.has(id)) continue;
      rows.set(id, row);
      map.set(id, row);
    }
    for (let i = 0; i < 30_011; i++) {
      const id = `game-${i}`;
      if (rows.get(id) !== map.get(id)) throw new Error(`${id}: ${rows.get(id)}, not ${map.get(id)}`);
    }
    expect(map.size).toBeGreaterThan(15_000);
  });

  it('tell halves of pairs apart that stand alone', () => {
    const rows = new NamedNumbers();
    rows.set('a\ud800', 1);
    expect(rows.get('a\ud801')).toBeUndefined();
    expect(rows.get('a\ud800')).toBe(1);
  });

  it('know the empty name', () => {
    const rows = new NamedNumbers();
    expect(rows.get('')).toBeUndefined();
    rows.set('', 3);
    expect(rows.get('')).toBe(3);
  });
});
