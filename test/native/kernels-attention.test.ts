/** Attention: the reference against sums written out, and the fused kernels against the reference. */
import { describe, expect, it } from 'vitest';
import type { NativeTensor } from '../../src/native/kernels.js';
import {
  type BranchSpec,
  FUSED,
  integer,
  type LaidOut,
  largestError,
  layOut,
  normal,
  type Outputs,
  random,
  run,
} from './kernels.js';

interface Sizes {
  heads: number;
  groups: number;
  width: number;
  window: number;
}
interface Problem extends Sizes {
  laid: LaidOut;
  q: NativeTensor;
  k: NativeTensor;
  v: NativeTensor;
  dOut: NativeTensor;
}

function problem(seed: number, laid: LaidOut, sizes: Sizes): Problem {
  const { heads, groups, width } = sizes;
  const from = random(seed, 'attention');
  return {
    ...sizes,
    laid,
    q: normal(from, laid.queries, heads, width),
    k: normal(from, laid.rows, groups, width),
    v: normal(from, laid.rows, groups, width),
    dOut: normal(from, laid.queries, heads * width),
  };
}

const callOf = ({ laid, q, k, v, dOut, width, window }: Problem) => ({
  kernel: 'attention' as const,
  inputs: { q, k, v, dOut },
  layout: laid.layout,
  window,
  scale: 1 / Math.sqrt(width),
});

const dot = (a: ArrayLike<number>, atA: number, b: ArrayLike<number>, atB: number, width: number) => {
  let sum = 0;
  for (let e = 0; e < width; e++) sum += a[atA + e]! * b[atB + e]!;
  return sum;
};

/** Query by query, head by head, in double. */
function bruteForce({ laid, q, k, v, dOut, heads, groups, width, window }: Problem): Outputs {
  const out = new Float64Array(q.values.length);
  const dQ = new Float64Array(q.values.length);
  const dK = new Float64Array(k.values.length);
  const dV = new Float64Array(k.values.length);
  const scale = 1 / Math.sqrt(width);
  laid.paths.forEach((path, branch) => {
    for (
      let query = laid.layout.queryOffsets[branch]!;
      query < laid.layout.queryOffsets[branch + 1]!;
      query++
    ) {
      const place = laid.layout.queryPlaces[query]!;
      const seen = path.slice(window > 0 ? Math.max(0, place - window + 1) : 0, place + 1);
      for (let head = 0; head < heads; head++) {
        const at = (query * heads + head) * width;
        const keys = seen.map((row) => (row * groups + Math.floor(head / (heads / groups))) * width);
        const scores = keys.map((key) => scale * dot(q.values, at, k.values, key, width));
        const most = Math.max(...scores);
        const terms = scores.map((score) => Math.exp(score - most));
        const sum = terms.reduce((a, b) => a + b, 0);
        const p = terms.map((term) => term / sum);
        const dP = keys.map((key) => dot(dOut.values, at, v.values, key, width));
        const mean = p.reduce((a, probability, i) => a + probability * dP[i]!, 0);
        keys.forEach((key, i) => {
          const dS = scale * p[i]! * (dP[i]! - mean);
          for (let e = 0; e < width; e++) {
            out[at + e]! += p[i]! * v.values[key + e]!;
            dQ[at + e]! += dS * k.values[key + e]!;
            dK[key + e]! += dS * q.values[at + e]!;
            dV[key + e]! += p[i]! * dOut.values[at + e]!;
          }
        });
      }
    }
  });
  return Object.fromEntries(Object.entries({ out, dQ, dK, dV }).map(([n, x]) => [n, Float32Array.from(x)]));
}

function expectClose(found: Outputs, wanted: Outputs, tolerance: number, what: string) {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, values] of Object.entries(wanted))
    expect(largestError(found[name]!, values), `${name} of ${what}`).toBeLessThan(tolerance);
}

const PLAIN_SEQUENCES: BranchSpec[] = [{ own: 9 }, { own: 1 }, { own: 6 }];
/** Answers of one question, one answer that goes on, a question of its own, and a branch without own rows. */
const TREE: BranchSpec[] = [
  { own: 7 },
  { own: 3, parent: 0, shared: 5 },
  { own: 2, parent: 1, shared: 7 },
  { own: 1, parent: 0, shared: 7 },
  { own: 4 },
  { own: 17, parent: 4, shared: 1 },
];

const SHAPES: [string, Sizes][] = [
  ['one head', { heads: 1, groups: 1, width: 8, window: 0 }],
  ['heads that share keys, odd width', { heads: 6, groups: 2, width: 5, window: 0 }],
  ['a window', { heads: 2, groups: 2, width: 16, window: 3 }],
  ['a window of one', { heads: 2, groups: 1, width: 4, window: 1 }],
];

describe.each(SHAPES)('the reference, %s', (_, sizes) => {
  it.each([
    ['sequences', layOut(PLAIN_SEQUENCES)],
    ['a tree', layOut(TREE)],
    ['some queries of a tree', layOut(TREE, (row) => row % 3 === 1)],
  ])('is the sums written out: %s', async (_, laid) => {
    const given = problem(1, laid, sizes);
    expectClose(await run('plain', callOf(given)), bruteForce(given), 1e-5, 'the reference');
  });

  it('has the gradient of finite differences', async () => {
    const given = problem(
      2,
      layOut(TREE, (row) => row % 4 !== 2),
      sizes,
    );
    const found = await run('plain', callOf(given));
    const from = random(3, 'direction');
    for (const [name, gradient] of [
      ['q', 'dQ'],
      ['k', 'dK'],
      ['v', 'dV'],
    ] as const) {
      const along = Float64Array.from(given[name].values, () => from.normal());
      const h = 1e-3;
      const objective = (side: number) => {
        const values = given[name].values.map((x, i) => x + side * h * along[i]!);
        const { out } = bruteForce({ ...given, [name]: { ...given[name], values } });
        return out!.reduce((sum, o, i) => sum + o * given.dOut.values[i]!, 0);
      };
      const slope = (objective(1) - objective(-1)) / (2 * h);
      const predicted = along.reduce((sum, a, i) => sum + a * found[gradient]![i]!, 0);
      expect(predicted, name).toBeCloseTo(slope, 2);
    }
  });
});

/** A random tree: each branch begins a tree or leaves the path of the one before or of another of its tree. */
function randomLayout(seed: number, longest: number): LaidOut {
  const from = random(seed, 'layout');
  const specs: BranchSpec[] = [];
  const lengths: number[] = [];
  let tree = 0;
  const branches = integer(from, 1, 7);
  for (let branch = 0; branch < branches; branch++) {
    const own = integer(from, 1, integer(from, 1, longest));
    if (branch === 0 || from.uniform() < 0.4) {
      tree = branch;
      specs.push({ own });
      lengths.push(own);
    } else {
      const parent = integer(from, tree, branch - 1);
      const shared = integer(from, 1, lengths[parent]!);
      specs.push({ own, parent, shared });
      lengths.push(shared + own);
    }
  }
  const share = from.uniform() < 0.5 ? 1 : from.uniform();
  const asks = specs.reduce((sum, { own }) => sum + own, 0);
  const chosen = Array.from({ length: asks }, () => from.uniform() < share);
  return layOut(specs, (row) => chosen[row]!);
}

function randomSizes(seed: number): Sizes {
  const from = random(seed, 'sizes');
  const groups = integer(from, 1, 3);
  const widths = [1, 3, 8, 16, 24, 32, 48, 64, 80, 128];
  return {
    groups,
    heads: groups * integer(from, 1, 4),
    width: widths[integer(from, 0, widths.length - 1)]!,
    window: from.uniform() < 0.5 ? 0 : integer(from, 1, 40),
  };
}

describe('fused attention', () => {
  it.each([
    ['f32', 3e-5],
    ['bf16', 2e-2],
  ] as const)('agrees with the reference over random layouts in %s', async (dtype, tolerance) => {
    for (let seed = 0; seed < 60; seed++) {
      const laid = randomLayout(seed, seed < 50 ? 40 : 400);
      const call = { ...callOf(problem(seed, laid, randomSizes(seed))), dtype };
      const threads = 1 + (seed % 2);
      const found = await run(FUSED, { ...call, threads });
      expectClose(found, await run('plain', call), tolerance, `seed ${seed}`);
    }
  });

  it('holds where scores are thousands apart', async () => {
    const given = problem(5, layOut(PLAIN_SEQUENCES), SHAPES[1]![1]);
    const far = { ...given, q: { ...given.q, values: given.q.values.map((x) => 300 * x) } };
    const found = await run(FUSED, callOf(far));
    expect(largestError(found.out!, bruteForce(far).out!)).toBeLessThan(2e-4);
    for (const values of Object.values(found)) expect(values.every(Number.isFinite)).toBe(true);
  });

  it.runIf(FUSED === 'cpu')('does not depend on the number of threads', async () => {
    const call = callOf(problem(7, randomLayout(12, 60), { heads: 4, groups: 4, width: 32, window: 0 }));
    expect(await run(FUSED, { ...call, threads: 2 })).toEqual(await run(FUSED, { ...call, threads: 1 }));
  });

  it('carries what is not a number into what sees it, and only there', async () => {
    const given = problem(9, layOut(PLAIN_SEQUENCES), SHAPES[0]![1]);
    given.k.values[3 * given.width] = Number.NaN;
    const { out } = await run(FUSED, callOf(given));
    const bad = Array.from({ length: given.laid.queries }, (_, query) =>
      Number.isNaN(out![query * given.width]!),
    );
    expect(bad).toEqual(Array.from({ length: given.laid.queries }, (_, query) => query >= 3 && query < 9));
  });
});
