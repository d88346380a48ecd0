// A loss that learns in part from itself (Reed et al. 2015, soft bootstrapping): the target is (1 − β) y + β f, and no
// gradient flows through the f in it. What is held constant so is computed in `detached`.
//   npx w2s-native train --dataset chess-legal --loss ./examples/soft-targets.mjs --beta 0.3
import { defineLoss } from 'w2s-native';
import { z } from 'zod';
import { logSoftmax } from './lib/log-softmax.mjs';

export default defineLoss({
  name: 'soft-targets',
  params: z.object({ beta: z.number().min(0).max(1).default(0.2).describe('Weight of its own answers') }),
  detached({ logits, targets, classes, params: { beta } }) {
    const logF = logSoftmax(logits, classes);
    return targets.map((y, i) => (1 - beta) * y + beta * Math.exp(logF[i]));
  },
  apply({ logits, classes, detached: target }) {
    const batch = logits.length / classes;
    const logF = logSoftmax(logits, classes);
    const loss = logF.reduce((sum, log, i) => sum - (target[i] * log) / batch, 0);
    return { loss, dLogits: logits.map((_, i) => (Math.exp(logF[i]) - target[i]) / batch) };
  },
});
