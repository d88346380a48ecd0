/** Kernels that work row by row: the reference against closed forms, the fused ones against the reference. */
import { describe, expect, it } from 'vitest';
import { CALLS } from './kernel-calls.js';
import { type Call, FUSED, largestError, type Outputs, random, run, tensor } from './kernels.js';

type Function = (x: number) => number;

/** erf by its series, from 2 on by the continued fraction of 1 − erf. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 2) {
    let tail = 0;
    for (let n = 80; n > 0; n--) tail = n / 2 / (size + tail);
    return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (size + tail));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 40; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const sigmoid: Function = (x) => 1 / (1 + Math.exp(-x));
const ACTIVATIONS: Record<'gelu-tanh' | 'gelu' | 'silu' | 'relu', Function> = {
  'gelu-tanh': (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x * sigmoid(x),
  relu: (x) => Math.max(0, x),
};
const NAMES = Object.keys(ACTIVATIONS) as (keyof typeof ACTIVATIONS)[];

const slopeOf = (f: Function, x: number) => (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;

function expectClose(found: Outputs, wanted: Outputs, tolerance: number, what: string) {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, values] of Object.entries(wanted))
    expect(largestError(found[name]!, values), `${name} of ${what}`).toBeLessThan(tolerance);
}

/** From −100 to 100, dense around 0. */
const PLACES = Array.from({ length: 4001 }, (_, i) => 100 * ((i - 2000) / 2000) ** 3 + 1e-4);

describe.each(NAMES)('%s', (activation) => {
  const f = ACTIVATIONS[activation];
  const x = Float32Array.from(PLACES);

  it.each(['plain', FUSED] as const)(
    'of %s kernels is its closed form in double, with its slope',
    async (kernels) => {
      const inputs = {
        x: tensor([1, x.length], x),
        dY: tensor(
          [1, x.length],
          x.map(() => 1),
        ),
      };
      const { y, dX } = await run(kernels, { kernel: 'activation', activation, inputs });
      for (const [i, at] of x.entries()) {
        const wanted = f(at);
        // Of a tail that vanishes 1 + erf and 1 + tanh keep only what 1 has digits for.
        const tolerance = 4e-7 * Math.abs(wanted) + 1e-7 * Math.min(10, Math.abs(at));
        expect(Math.abs(y![i]! - wanted), `at ${at}`).toBeLessThanOrEqual(tolerance);
        if (activation === 'relu' && Math.abs(at) < 2e-5) continue;
        expect(Math.abs(dX![i]! - slopeOf(f, at)), `slope at ${at}`).toBeLessThan(2e-6);
      }
    },
  );

  it('carries infinity and what is not a number', async () => {
    const inputs = { x: tensor([1, 3], [Number.POSITIVE_INFINITY, Number.NaN, 1e30]) };
    const { y } = await run(FUSED, { kernel: 'activation', activation, inputs });
    expect([...y!]).toEqual([Number.POSITIVE_INFINITY, Number.NaN, Math.fround(1e30)]);
  });
});

describe.each(Object.entries(CALLS))('fused %s', (name, callOf) => {
  it.each([
    ['f32', 5e-6],
    ['bf16', 1e-2],
  ] as const)('agrees with the reference over random shapes in %s', async (dtype, tolerance) => {
    for (let seed = 0; seed < 42; seed++) {
      const call = { ...callOf(seed), dtype };
      const found = await run(FUSED, call);
      expectClose(found, await run('plain', call), tolerance, `${name} ${seed}`);
      if (FUSED === 'cpu' && seed % 14 === 0)
        expect(await run(FUSED, { ...call, threads: 2 })).toEqual(found);
    }
  });
});

/** Σ outputs · weights as a function of one input, and the gradient that the kernel gives for it. */
async function expectSlope(call: Call, output: string, d: string, input: string, gradient: string) {
  const from = random(1, 'direction');
  const { [d]: weights, ...forward } = call.inputs;
  const along = Float64Array.from(call.inputs[input]!.values, () => from.normal());
  const objective = async (h: number) => {
    const values = call.inputs[input]!.values.map((x, i) => x + h * along[i]!);
    const inputs = { ...forward, [input]: { ...call.inputs[input]!, values } };
    const outputs = await run('plain', { ...call, inputs });
    return outputs[output]!.reduce((sum, y, i) => sum + y * weights!.values[i]!, 0);
  };
  const slope = ((await objective(0.01)) - (await objective(-0.01))) / 0.02;
  const found = (await run('plain', call))[gradient]!;
  const predicted = along.reduce((sum, a, i) => sum + a * found[i]!, 0);
  const size = Math.sqrt(found.reduce((sum, g) => sum + g * g, 0));
  expect(Math.abs(predicted - slope), `${gradient} by ${input}`).toBeLessThan(2e-3 * size + 1e-3);
}

describe('gradients of the reference are finite differences', () => {
  it('of activations', async () => {
    for (let seed = 1; seed < 12; seed++) {
      const call = CALLS.activation!(seed);
      if (call.activation === 'relu') continue;
      await expectSlope(call, 'y', 'dY', 'x', 'dX');
      if (call.inputs.bias) await expectSlope(call, 'y', 'dY', 'bias', 'dBias');
    }
  });

  it('of gated ones', async () => {
    for (let seed = 0; seed < 3; seed++)
      await expectSlope(CALLS.gated!(seed), 'y', 'dY', 'gateUp', 'dGateUp');
  });

  it.each([8, 11])('of norms', async (seed) => {
    const call = CALLS.norm!(seed);
    const { dX: _, ...inputs } = call.inputs;
    const alone = { ...call, inputs };
    await expectSlope(alone, 'y', 'dY', 'x', 'dX');
    await expectSlope(alone, 'y', 'dY', 'weight', 'dWeight');
    if (inputs.bias) await expectSlope(alone, 'y', 'dY', 'bias', 'dBias');
  });
});

describe('by hand', () => {
  it('a rotation by a quarter turn, and back', async () => {
    const inputs = { x: tensor([1, 1, 2], [3, 4]), cos: tensor([1, 1], [0]), sin: tensor([1, 1], [1]) };
    const { x } = await run(FUSED, { kernel: 'rotate', inputs });
    expect([...x!]).toEqual([-4, 3]);
    const back = { ...inputs, x: tensor([1, 1, 2], x!) };
    expect([...(await run(FUSED, { kernel: 'rotate', inverse: true, inputs: back })).x!]).toEqual([3, 4]);
  });

  it.each(['plain', FUSED] as const)(
    'scores of %s kernels: the first of equal logits is the likeliest',
    async (kernels) => {
      const logits = tensor([2, 3], [0, Math.log(2), Math.log(2), 5, 5, 5]);
      const inputs = { logits, dLogProbs: tensor([2], [1, -3]) };
      const found = await run(kernels, { kernel: 'score', targets: Int32Array.of(0, 2), inputs });
      expect([...found.argmax!]).toEqual([1, 0]);
      expect(largestError(found.logProbs!, [Math.log(1 / 5), Math.log(1 / 3)])).toBeLessThan(1e-6);
      expect(largestError(found.dLogits!, [4 / 5, -2 / 5, -2 / 5, 1, 1, -2])).toBeLessThan(1e-6);
    },
  );

  it('a score of logits that differ by more than float32 has exponents for', async () => {
    const logits = tensor(
      [1, 20],
      Array.from({ length: 20 }, (_, i) => (i === 7 ? 3e38 : -3e38 + i)),
    );
    const found = await run(FUSED, { kernel: 'score', targets: Int32Array.of(7), inputs: { logits } });
    expect([...found.logProbs!]).toEqual([0]);
    expect([...found.argmax!]).toEqual([7]);
  });
});
