import { tableFormat } from './table.js';

/**
 * ETHICS, justice (Hendrycks et al. 2021): is what somebody claims to deserve, or gives as a reason, fair?
 * The text is the scenario alone, as in the code of ETHICS; the weak-to-strong paper names no other.
 */
export const ethicsJustice = tableFormat({
  name: 'ethics-justice',
  about: 'ETHICS, justice: is this claim or reason a fair one? Columns scenario, label',
  example: 'train --dataset ethics-justice',
  hub: { repo: 'hendrycks/ethics', config: 'justice', train: 'train', test: 'test' },
  classes: ['unreasonable', 'reasonable'],
  columns: { scenario: ['scenario'] },
  label: ['label'],
  read: ({ scenario }) => ({ text: scenario }),
});
