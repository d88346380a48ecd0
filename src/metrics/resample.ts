import { stream } from '../data/random.js';

/**
 * The draws of a crossed bootstrap: groups (clusters) of test items with replacement, and seeds with
 * replacement, independently of each other (DESIGN 3.7). Everything that is computed from one draw is
 * paired: all models, seeds and statistics see the same groups.
 */

export interface ResamplePlan {
  groups: number;
  seeds: number;
  resamples: number;
  /** Same seed and name, same draws. */
  seed: number;
  /** Tells apart bootstraps that are to be independent of each other. */
  name?: string;
}

export interface Draw {
  index: number;
  /** Drawn groups, with repetitions [groups]; overwritten by the next draw. */
  groups: Int32Array;
  /** How often each seed was drawn [seeds]. */
  seedCounts: Uint8Array;
  /** The seeds are those of the draw before: sums over seeds can be kept. */
  sameSeeds: boolean;
}

/** Calls `use` with each of the draws. */
export function forEachDraw(plan: ResamplePlan, use: (draw: Draw) => void): void {
  const seedDraws = drawSeeds(plan);
  const drawer = new GroupDrawer(plan);
  const groups = new Int32Array(plan.groups);
  for (let index = 0; index < plan.resamples; index++) {
    drawer.fill(groups);
    const { key, counts } = seedDraws[index]!;
    use({ index, groups, seedCounts: counts, sameSeeds: index > 0 && seedDraws[index - 1]!.key === key });
  }
}

/**
 * How often each seed is drawn, for every resample. Sorted, so that equal draws come one after another;
 * the groups are drawn independently, so the order means nothing.
 */
function drawSeeds(plan: ResamplePlan): { key: string; counts: Uint8Array }[] {
  const random = stream(plan.seed, 'bootstrap', 'seeds', plan.name ?? '');
  const draws = Array.from({ length: plan.resamples }, () => {
    const counts = new Uint8Array(plan.seeds);
    for (let i = 0; i < plan.seeds; i++) counts[random.below(plan.seeds)]!++;
    return { key: counts.join(), counts };
  });
  return draws.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/**
 * Uniform group indices, tens of millions of them: xoshiro128** (as `stream`, which seeds it) with its
 * state in local variables. An index is ⌊u · groups / 2³²⌋, whose bias is below groups / 2³².
 */
class GroupDrawer {
  private readonly state: Int32Array;
  private readonly scale: number;

  constructor(plan: ResamplePlan) {
    const random = stream(plan.seed, 'bootstrap', 'groups', plan.name ?? '');
    this.state = Int32Array.from({ length: 4 }, () => random.uint32() | 0);
    this.scale = plan.groups / 2 ** 32;
  }

  fill(indices: Int32Array): void {
    let [a, b, c, d] = this.state as unknown as [number, number, number, number];
    const { scale } = this;
    for (let i = 0; i < indices.length; i++) {
      const scrambled = Math.imul(b, 5);
      const bits = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      indices[i] = bits * scale;
    }
    this.state.set([a, b, c, d]);
  }
}

/** Numbers groups by first appearance: `['a', 'b', 'a']` becomes 0, 1, 0. */
export function indexGroups(names: readonly string[]): { groupOf: Int32Array; count: number } {
  const seen = new Map<string, number>();
  const groupOf = Int32Array.from(names, (name) => {
    const known = seen.get(name);
    if (known !== undefined) return known;
    seen.set(name, seen.size);
    return seen.size - 1;
  });
  return { groupOf, count: seen.size };
}

/** Sum of `column` over drawn groups. */
export function sumDrawn(column: Float64Array, drawn: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < drawn.length; i++) sum += column[drawn[i]!]!;
  return sum;
}
