// A relabelling of one's own: labels between the supervisor's and what the student thinks before any training, and
// rows of which that blend is not sure enough are left out.
//   npx w2s-native train --dataset chess-legal --relabel ./examples/blend.mjs --share 0.3
import { defineRelabel } from 'w2s-native';
import { z } from 'zod';

export default defineRelabel({
  name: 'blend',
  params: z.object({
    share: z.number().min(0).max(1).default(0.2).describe("Weight of the student's own answers"),
    keepAbove: z.number().min(0).max(1).default(0).describe('Leave out rows that are less sure'),
  }),
  needs: ['zeroShot'],
  apply({ labels, zeroShot, classes, params: { share, keepAbove } }) {
    const blended = labels.map((weak, i) => (1 - share) * weak + share * zeroShot[i]);
    const rows = Array.from({ length: blended.length / classes }, (_, i) =>
      Math.max(...blended.subarray(i * classes, (i + 1) * classes)),
    );
    return { labels: blended, keep: rows.map((sure) => sure >= keepAbove) };
  },
});
