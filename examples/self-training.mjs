// An experiment of one's own: the student labels the transfer half again, and a new student learns from that.
//   npx w2s-native run examples/self-training.mjs --dataset chess-legal --rounds 2
import { defineExperiment } from 'w2s-native';
import { z } from 'zod';

export default defineExperiment({
  name: 'self-training',
  params: z.object({
    rounds: z.int().min(1).default(2).describe('Students, one after another'),
  }),
  plan({ strong, truth, supervise, grade }, { rounds }) {
    let labels = supervise();
    for (let round = 1; round <= rounds; round++) {
      const last = round === rounds;
      const student = strong.learn(last ? 'student' : `student${round}`, { labels });
      student.evaluate();
      if (last) break;
      labels = student.label(`labels${round}`);
      grade(`labels${round}`, labels);
    }
    strong.learn('ceiling', { labels: truth }).evaluate();
  },
});
