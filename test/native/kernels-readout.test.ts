/** Log-probabilities through an unembedding, in chunks of rows, with their gradients. */
import { describe, expect, it } from 'vitest';
import { type Call, FUSED, integer, largestError, normal, type Outputs, random, run } from './kernels.js';

function randomCall(seed: number): Call & { targets: Int32Array } {
  const from = random(seed, 'readout');
  const [rows, width, vocabulary] = [integer(from, 1, 80), integer(from, 1, 20), integer(from, 2, 150)];
  return {
    kernel: 'readout',
    targets: Int32Array.from({ length: rows }, () => integer(from, 0, vocabulary - 1)),
    inputs: {
      hidden: normal(from, rows, width),
      unembedding: normal(from, vocabulary, width),
      dLogProbs: normal(from, rows),
    },
  };
}

/** Row by row, in double. */
function bruteForce({ inputs, targets }: ReturnType<typeof randomCall>): Outputs {
  const [hidden, unembedding] = [inputs.hidden!.values, inputs.unembedding!.values];
  const width = inputs.hidden!.shape[1]!;
  const vocabulary = inputs.unembedding!.shape[0]!;
  const dHidden = new Float64Array(hidden.length);
  const dUnembedding = new Float64Array(unembedding.length);
  const logProbs: number[] = [];
  const argmax: number[] = [];
  targets.forEach((target, row) => {
    const logits = Array.from({ length: vocabulary }, (_, token) => {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += hidden[row * width + d]! * unembedding[token * width + d]!;
      return sum;
    });
    const most = Math.max(...logits);
    const logSum = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
    logProbs.push(logits[target]! - logSum);
    argmax.push(logits.indexOf(most));
    logits.forEach((logit, token) => {
      const dLogit = inputs.dLogProbs!.values[row]! * ((token === target ? 1 : 0) - Math.exp(logit - logSum));
      for (let d = 0; d < width; d++) {
        dHidden[row * width + d]! += dLogit * unembedding[token * width + d]!;
        dUnembedding[token * width + d]! += dLogit * hidden[row * width + d]!;
      }
    });
  });
  const all = { logProbs, argmax, dHidden, dUnembedding };
  return Object.fromEntries(Object.entries(all).map(([name, x]) => [name, Float32Array.from(x)]));
}

function expectClose(found: Outputs, wanted: Outputs, what: string) {
  for (const [name, values] of Object.entries(found))
    expect(largestError(values, wanted[name]!), `${name} of ${what}`).toBeLessThan(2e-5);
}

describe.each(['plain', FUSED] as const)('the read-out by %s kernels', (kernels) => {
  it('is the sums written out, in chunks of any size', async () => {
    for (let seed = 0; seed < 15; seed++) {
      const call = randomCall(seed);
      const wanted = bruteForce(call);
      const { dLogProbs: _, ...forward } = call.inputs;
      for (const chunkRows of [1, 7, 16, 40, 1000]) {
        const what = `seed ${seed} in chunks of ${chunkRows}`;
        const found = await run(kernels, { ...call, chunkRows });
        expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
        expectClose(found, wanted, what);
        expectClose(await run(kernels, { ...call, inputs: forward, chunkRows }), wanted, what);
      }
    }
  });
});
