// A loss of one's own: cross-entropy against weak labels that were sharpened, t = y^γ / Σ y^γ.
//   npx w2s-native train --dataset chess-legal --loss ./examples/sharpened.mjs --gamma 3
import { defineLoss } from 'w2s-native';
import { z } from 'zod';

export const sharpened = defineLoss({
  name: 'sharpened',
  params: z.object({ gamma: z.number().positive().default(2).describe('Power of the weak labels') }),
  apply({ logits, targets, classes, params }) {
    const batch = logits.length / classes;
    const dLogits = new Float32Array(logits.length);
    let loss = 0;
    for (let start = 0; start < logits.length; start += classes) {
      const row = logits.subarray(start, start + classes);
      const powers = Array.from(targets.subarray(start, start + classes), (y) => y ** params.gamma);
      const mass = powers.reduce((sum, power) => sum + power, 0);
      const top = Math.max(...row);
      const logSum = top + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
      for (let k = 0; k < classes; k++) {
        const target = powers[k] / mass;
        const logF = row[k] - logSum;
        loss -= (target * logF) / batch;
        dLogits[start + k] = (Math.exp(logF) - target) / batch;
      }
    }
    return { loss, dLogits };
  },
});
