/** Runs single kernels of the addon on random numbers, and lays out what queries see by hand. */
import { type RandomStream, stream } from '../../src/data/random.js';
import type { KernelLayout, KernelRun, NativeTensor } from '../../src/native/kernels.js';
import { binding, device } from './fixtures.js';

/** The kernels that are held against the reference. */
export const FUSED = device === 'cpu' ? 'cpu' : 'cuda';

export type Outputs = Record<string, Float32Array>;
export type Call = Omit<KernelRun, 'implementation' | 'device' | 'dtype' | 'threads'> &
  Partial<Pick<KernelRun, 'dtype' | 'threads'>>;

/** Outputs by name. */
export async function run(implementation: KernelRun['implementation'], call: Call): Promise<Outputs> {
  const { outputs } = await binding.runKernel({ dtype: 'f32', threads: 1, ...call, implementation, device });
  return Object.fromEntries(Object.entries(outputs).map(([name, { values }]) => [name, values]));
}

export function random(seed: number, name: string): RandomStream {
  return stream(seed, `kernels-${name}`);
}

export function integer(from: RandomStream, low: number, high: number): number {
  return low + Math.floor((high - low + 1) * from.uniform());
}

export function tensor(shape: readonly number[], values: ArrayLike<number>): NativeTensor {
  return { shape: Int32Array.from(shape), values: Float32Array.from(values) };
}

/** Normal numbers. */
export function normal(from: RandomStream, ...shape: number[]): NativeTensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return tensor(
    shape,
    Array.from({ length }, () => from.normal()),
  );
}

/** The largest difference over the largest number. */
export function largestError(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let difference = 0;
  let size = 1e-30;
  for (let i = 0; i < wanted.length; i++) {
    // So that what is not a number is an error, not ignored.
    const here = Math.abs(found[i]! - wanted[i]!);
    if (!(here <= difference)) difference = here;
    size = Math.max(size, Math.abs(wanted[i]!));
  }
  return found.length === wanted.length ? difference / size : Number.NaN;
}

/** A branch: `own` rows after the first `shared` of an earlier branch's path. */
export interface BranchSpec {
  own: number;
  parent?: number;
  shared?: number;
}

/** A layout, with the rows on each branch's path. */
export interface LaidOut {
  layout: KernelLayout;
  paths: number[][];
  rows: number;
  queries: number;
}

/** Lays out branches in order; `asks` chooses which rows are queries (all unless given). */
export function layOut(specs: readonly BranchSpec[], asks: (row: number) => boolean = () => true): LaidOut {
  const paths: number[][] = [];
  const trees: number[] = [];
  const branches: number[] = [];
  const runs: number[] = [];
  const runOffsets = [0];
  const queryOffsets = [0];
  const queryPlaces: number[] = [];
  let rows = 0;
  for (const { own, parent, shared = 0 } of specs) {
    const first = rows;
    const path = parent === undefined ? [] : paths[parent]!.slice(0, shared);
    for (let i = 0; i < own; i++) path.push(first + i);
    rows += own;
    trees.push(parent === undefined ? paths.length : trees[parent]!);
    branches.push(first, own, path.length - own, trees[paths.length]!);
    paths.push(path);
    runs.push(...runsOf(path));
    runOffsets.push(runs.length / 2);
    path.forEach((row, place) => {
      if (row >= first && asks(row)) queryPlaces.push(place);
    });
    queryOffsets.push(queryPlaces.length);
  }
  return {
    layout: {
      branches: Int32Array.from(branches),
      runs: Int32Array.from(runs),
      runOffsets: Int32Array.from(runOffsets),
      queryOffsets: Int32Array.from(queryOffsets),
      queryPlaces: Int32Array.from(queryPlaces),
    },
    paths,
    rows,
    queries: queryPlaces.length,
  };
}

/** First row and count of each stretch of neighbours. */
function runsOf(path: readonly number[]): number[] {
  const runs: number[] = [];
  path.forEach((row, place) => {
    if (place > 0 && row === path[place - 1]! + 1) runs[runs.length - 1]! += 1;
    else runs.push(row, 1);
  });
  return runs;
}
