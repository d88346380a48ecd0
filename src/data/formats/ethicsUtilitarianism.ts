import { pairFormat } from './pairs.js';

/**
 * ETHICS, utilitarianism (Hendrycks et al. 2021): two scenarios, of which the first column's is always the
 * more pleasant; a seeded coin decides which is shown first, and with it the class. The published CSV has no
 * line of names; the hub calls its columns baseline and less_pleasant. The question is EleutherAI's. Pairs
 * with one better scenario stay together.
 */
export const ethicsUtilitarianism = pairFormat({
  name: 'ethics-utilitarianism',
  about: 'ETHICS, utilitarianism: which of two scenarios is more pleasant? No header; the better one first',
  example: 'train --dataset ethics-utilitarianism',
  hub: { repo: 'hendrycks/ethics', config: 'utilitarianism', train: 'train', test: 'test' },
  header: false,
  classes: ['first', 'second'],
  better: ['baseline', '1'],
  worse: ['less_pleasant', '2'],
  text: (first, second) => `Which is more pleasant?\n1) ${first}\n2) ${second}`,
});
