/** Students of labels that are wrong equally often, but in different places. */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { ErrorRoles } from '../../experiments/analyses/errors.js';
import type { Store } from '../../store/index.js';
import { readLines } from '../outcomes.js';
import { compareArms, differenceColumn, differencesText } from './comparison.js';
import { accuracyOf, type Findings } from './findings.js';

export async function errorsFindings(store: Store, plan: ArmsPlan<ErrorRoles>): Promise<Findings> {
  const compared = await compareArms(store, plan, async (seeds) => {
    const graded = await Promise.all(seeds.map(({ roles }) => readLines(store, roles.labelsGrade)));
    return { labels: accuracyOf(graded) };
  });
  return {
    rowTitle: 'errors of the labels',
    columns: [
      { key: 'labels', title: 'labels right', unit: 'share' },
      { key: 'accuracy', title: 'student', unit: 'share' },
      differenceColumn('weak'),
      { key: 'pgr', title: 'PGR', unit: 'number' },
    ],
    rows: compared.map(({ row }) => row),
    charted: ['accuracy'],
    facts: [],
    reading:
      'Every student learns from hard labels that are right equally often; only the place of the errors differs. weak: the supervisor’s own; random: flips by ' +
      'chance; longest, shortest: the texts at either end of length; unconfident: rows of which the strong model, trained on the other half’s truth, is least sure; ' +
      'confidently-wrong: rows where it gives the truth the least probability. Errors that a rule explains (length) can be learnt and taken over; errors by ' +
      'chance cannot, and average out. A supervisor whose row lies near random makes errors that are hard to imitate.',
    says: differencesText(compared),
  };
}
