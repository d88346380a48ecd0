/** Linear probes against scikit-learn and torch.optim.Adam (test/golden/linear, by scripts/golden/linear.py). */
import { describe, expect, it } from 'vitest';
import type { LinearFitOptions } from '../../src/native/binding.js';
import type { StepContext } from '../../src/steps/context.js';
import { fitLinear } from '../../src/steps/fitter.js';
import { binding, goldenDocument, relativeError } from './fixtures.js';
import { pause } from './work.js';

interface Shape {
  classes: number;
  dimension: number;
  l2: number;
  features: number[];
  weight: number[];
  bias: number[];
  loss: number;
}
interface Fits {
  logistic: (Shape & { labels: number[] })[];
  adam: (Shape & {
    lr: number;
    epochs: number;
    batchSize: number;
    targets: number[];
    order: number[];
    steps: number;
  })[];
}

const golden = goldenDocument<Fits>('linear');
const LBFGS = { method: 'lbfgs', maxIterations: 500, tolerance: 1e-9, threads: 1 } as const;

const oneHot = (labels: readonly number[], classes: number) =>
  Float32Array.from({ length: labels.length * classes }, (_, i) =>
    labels[Math.floor(i / classes)] === i % classes ? 1 : 0,
  );

const problemOf = ({ features, dimension, classes, l2 }: Shape) => ({
  features: Float32Array.from(features),
  dimension,
  classes,
  l2,
});

/** Differences between rows, which softmax cannot tell from the rows themselves. */
const centred = (values: ArrayLike<number>, classes: number) => {
  const width = values.length / classes;
  return Array.from(values, (value, i) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += values[k * width + (i % width)]!;
    return value - sum / classes;
  });
};

describe('L-BFGS', () => {
  it.each(golden.logistic)('finds the optimum of scikit-learn: $classes classes, l2 $l2', async (fit) => {
    const targets = oneHot(fit.labels, fit.classes);
    const found = await binding.fitLinear({ ...problemOf(fit), targets, ...LBFGS });
    expect(found.loss).toBeCloseTo(fit.loss, 6);
    expect(found.iterations).toBeGreaterThan(3);
    if (fit.classes === 2) {
      const [zero, one] = [found.weight.slice(0, fit.dimension), found.weight.slice(fit.dimension)];
      expect(
        relativeError(
          one.map((w, d) => w - zero[d]!),
          fit.weight,
        ),
      ).toBeLessThan(1e-5);
      expect(found.bias[1]! - found.bias[0]!).toBeCloseTo(fit.bias[0]!, 5);
    } else {
      expect(relativeError(found.weight, fit.weight)).toBeLessThan(1e-5);
      expect(relativeError(centred(found.bias, fit.classes), centred(fit.bias, fit.classes))).toBeLessThan(
        1e-5,
      );
    }
  });

  it('of x = ±1 labelled ¾ and ¼ has the log-odds ±ln 3, by hand', async () => {
    const problem = { features: Float32Array.of(1, -1), dimension: 1, classes: 2, l2: 0 };
    const found = await binding.fitLinear({
      ...problem,
      targets: Float32Array.of(0.25, 0.75, 0.75, 0.25),
      ...LBFGS,
    });
    expect(found.weight[1]! - found.weight[0]!).toBeCloseTo(Math.log(3), 6);
    expect(found.bias[1]! - found.bias[0]!).toBeCloseTo(0, 6);
    expect(found.loss).toBeCloseTo(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25)), 8);
  });

  it('counts a row of weight 2 as two rows, and one of weight 0 as none', async () => {
    const fit = golden.logistic[1]!;
    const { features, ...problem } = problemOf(fit);
    const targets = oneHot(fit.labels, fit.classes);
    const [rows, d, k] = [fit.labels.length, fit.dimension, fit.classes];
    const doubled = [...Array(rows).keys()].flatMap((row) => (row < 10 ? [row, row] : row < 20 ? [] : [row]));
    const weighted = targets.map((target, i) => {
      const row = Math.floor(i / k);
      return row < 10 ? 2 * target : row < 20 ? 0 : target;
    });
    const take = (values: Float32Array, width: number) =>
      Float32Array.from(
        doubled.flatMap((row) => Array.from(values.subarray(row * width, (row + 1) * width))),
      );
    const a = await binding.fitLinear({ ...problem, features, targets: weighted, ...LBFGS });
    const b = await binding.fitLinear({
      ...problem,
      features: take(features, d),
      targets: take(targets, k),
      ...LBFGS,
    });
    expect(relativeError(a.weight, b.weight)).toBeLessThan(1e-6);
    expect(a.loss).toBeCloseTo(b.loss, 10);
  });

  it('takes no step where zeros are the optimum, and as many as it may where there is none', async () => {
    const features = Float32Array.of(1, -1);
    const even = await binding.fitLinear({
      ...LBFGS,
      features,
      dimension: 1,
      classes: 2,
      l2: 0,
      targets: new Float32Array(4).fill(0.5),
    });
    expect(even).toMatchObject({ iterations: 0, weight: new Float32Array(2), bias: new Float32Array(2) });
    expect(even.loss).toBeCloseTo(Math.LN2, 12);
    const separable = await binding.fitLinear({
      ...LBFGS,
      maxIterations: 5,
      features,
      dimension: 1,
      classes: 2,
      l2: 0,
      targets: Float32Array.of(0, 1, 1, 0),
    });
    expect(separable.iterations).toBe(5);
    expect(separable.weight[1]! - separable.weight[0]!).toBeGreaterThan(2);
  });
});

describe('Adam', () => {
  it.each(golden.adam)('takes the steps of torch.optim.Adam: $classes classes, l2 $l2', async (fit) => {
    const { lr, epochs, batchSize } = fit;
    const found = await binding.fitLinear({
      ...problemOf(fit),
      targets: Float32Array.from(fit.targets),
      threads: 1,
      method: 'adam',
      lr,
      epochs,
      batchSize,
      order: Uint32Array.from(fit.order),
    });
    expect(found.iterations).toBe(fit.steps);
    expect(relativeError(found.weight, fit.weight)).toBeLessThan(1e-6);
    expect(relativeError(found.bias, fit.bias)).toBeLessThan(1e-6);
    expect(found.loss).toBeCloseTo(fit.loss, 6);
  });
});

describe('a fit that is cancelled', () => {
  // As long as that a fit nobody can stop outlasts the test.
  const epochs = 2_000_000;
  const endless: LinearFitOptions = {
    features: Float32Array.of(1, -1),
    dimension: 1,
    targets: Float32Array.of(1, 0, 0, 1),
    classes: 2,
    l2: 0.1,
    threads: 1,
    method: 'adam',
    lr: 1e-3,
    epochs,
    batchSize: 1,
    order: Uint32Array.from({ length: 2 * epochs }, (_, i) => i % 2),
  };

  it('ends in its middle, or does not begin', async () => {
    const cancel = binding.createCancelToken();
    const running = binding.fitLinear({ ...endless, cancel });
    const outcome = expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await pause(50);
    cancel.cancel();
    await outcome;
    await expect(binding.fitLinear({ ...endless, cancel })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('by the signal of its step', async () => {
    const abort = new AbortController();
    const engine = async () => ({ binding, device: 'cpu' as const, threads: 1 });
    const { threads: _, ...task } = endless;
    const context = { engine, signal: abort.signal } as unknown as StepContext;
    const outcome = expect(fitLinear(context, task)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await pause(50);
    abort.abort();
    await outcome;
  });
});

describe('what does not fit is refused', () => {
  const good = {
    features: Float32Array.of(1, 2, 3, 4),
    dimension: 2,
    targets: Float32Array.of(1, 0, 0, 1),
    classes: 2,
    l2: 0,
    threads: 1,
  };
  const adam = { method: 'adam', lr: 0.1, epochs: 1, batchSize: 2, order: Uint32Array.of(0, 1) } as const;

  it.each<[string, Partial<LinearFitOptions>, string]>([
    ['features', { features: Float32Array.of(1, 2, 3) }, 'ERR_ARGUMENT'],
    ['targets of another number of rows', { targets: Float32Array.of(1, 0) }, 'ERR_ARGUMENT'],
    ['an order of another length', { order: Uint32Array.of(0) }, 'ERR_ARGUMENT'],
    ['a row that is not there', { order: Uint32Array.of(0, 2) }, 'ERR_ARGUMENT'],
    ['a cancel token that is none', { cancel: {} } as Partial<LinearFitOptions>, 'ERR_ARGUMENT'],
    ['features that are not finite', { features: Float32Array.of(1, 2, Number.NaN, 4) }, 'ERR_NOT_FINITE'],
  ])('%s', async (_, wrong, code) => {
    const asked = { ...good, ...adam, ...wrong } as LinearFitOptions;
    await expect((async () => binding.fitLinear(asked))()).rejects.toMatchObject({ code });
  });
});
