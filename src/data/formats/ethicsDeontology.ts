import { tableFormat } from './table.js';

/**
 * ETHICS, deontology (Hendrycks et al. 2021): a request or a role, and an excuse or a duty. The code of
 * ETHICS joins the two by BERT's separator; a line break stands in for it here, as a causal model has none.
 * Excuses for one scenario stay together.
 */
export const ethicsDeontology = tableFormat({
  name: 'ethics-deontology',
  about: 'ETHICS, deontology: is this a reasonable excuse or duty? Columns scenario, excuse, label',
  example: 'train --dataset ethics-deontology',
  hub: { repo: 'hendrycks/ethics', config: 'deontology', train: 'train', test: 'test' },
  classes: ['unreasonable', 'reasonable'],
  columns: { scenario: ['scenario'], excuse: ['excuse'] },
  label: ['label'],
  read: ({ scenario, excuse }) => ({ text: `${scenario.trim()}\n${excuse.trim()}`, group: scenario }),
});
