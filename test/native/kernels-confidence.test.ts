/** The confidence loss in one pass against its reference in ATen, over ten thousand random batches. */
import { describe, expect, it } from 'vitest';
import type { RandomStream } from '../../src/data/random.js';
import { type Call, FUSED, integer, random, run, tensor } from './kernels.js';

const BATCHES = 10_000;
/** At a time; all at once would hold their results in memory. */
const AT_ONCE = 500;

/** One kind of numbers for a whole batch, so that ties and saturation come together. */
const LOGITS: ((from: RandomStream) => number)[] = [
  (from) => from.normal(),
  (from) => 30 * from.normal(),
  // Saturated, beyond what a float32 probability tells apart.
  (from) => 1e4 * from.normal(),
  (from) => (from.uniform() < 0.5 ? -1 : 1) * 3e38,
  // Ties.
  (from) => integer(from, -1, 1),
  (from) => integer(from, 0, 1),
  () => 0,
];

/** A label's P(label 1). */
const LABELS: ((from: RandomStream) => number)[] = [
  (from) => from.uniform(),
  (from) => (from.uniform() < 0.5 ? 0 : 1),
  () => 0,
  () => 1,
  () => 0.5,
  (from) => integer(from, 0, 4) / 4,
];

const WEIGHTS: ((from: RandomStream) => number)[] = [
  () => 1,
  () => 1,
  (from) => 2 * from.uniform(),
  (from) => integer(from, 0, 2),
  () => 0,
];

function randomCall(seed: number): Call {
  const from = random(seed, 'confidence');
  const pick = <T>(choices: readonly T[]): T => choices[integer(from, 0, choices.length - 1)]!;
  const size = from.uniform() < 0.1 ? 1 : integer(from, 2, from.uniform() < 0.05 ? 300 : 33);
  const [logit, label, weight] = [pick(LOGITS), pick(LABELS), pick(WEIGHTS)];
  const targets: number[] = [];
  for (let row = 0; row < size; row++) {
    const [one, times] = [label(from), weight(from)];
    targets.push(times * (1 - one), times * one);
  }
  return {
    kernel: 'confidence',
    inputs: {
      logits: tensor(
        [size, 2],
        Array.from({ length: 2 * size }, () => logit(from)),
      ),
      targets: tensor([size, 2], targets),
    },
    alpha: pick([0, 0.25, 0.5, 0.75, 1, from.uniform()]),
    threshold: pick(['half', 'weak-mean', 0, 0.5, 1, from.uniform()]),
    logProbabilities: from.uniform() < 0.1,
  };
}

/** Values that are equal up to rounding in double and to float32. */
function expectEqual(found: Float32Array, wanted: Float32Array, what: string) {
  for (let i = 0; i < wanted.length; i++) {
    const tolerance = 3e-7 * Math.abs(wanted[i]!) + 1e-12;
    if (Object.is(found[i], wanted[i]) || Math.abs(found[i]! - wanted[i]!) <= tolerance) continue;
    expect.fail(`${what}: ${found[i]} instead of ${wanted[i]} at ${i}`);
  }
}

describe('the confidence loss', () => {
  it(`of ${BATCHES} batches is that of the reference`, async () => {
    for (let first = 0; first < BATCHES; first += AT_ONCE) {
      const calls = Array.from({ length: AT_ONCE }, (_, i) => randomCall(first + i));
      const [found, wanted] = await Promise.all([
        Promise.all(calls.map((call) => run(FUSED, call))),
        Promise.all(calls.map((call) => run('plain', call))),
      ]);
      wanted.forEach(({ loss, dLogits }, i) => {
        expectEqual(found[i]!.loss!, loss!, `loss of batch ${first + i}`);
        expectEqual(found[i]!.dLogits!, dLogits!, `gradient of batch ${first + i}`);
      });
    }
  });

  it('takes exactly half of a batch whose logits are all equal, the first ones', async () => {
    const inputs = {
      logits: tensor([5, 2], new Array(10).fill(1)),
      targets: tensor([5, 2], new Array(10).fill(0.5)),
    };
    const { dLogits } = await run(FUSED, { kernel: 'confidence', inputs, alpha: 1 });
    const positive = Array.from({ length: 5 }, (_, i) => dLogits![2 * i + 1]! < 0);
    expect(positive).toEqual([true, true, false, false, false]);
  });
});
