/** What brings a task out of the strong model (Burns et al. 2023, section 5.2). */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { TrainRoles } from '../../experiments/train.js';
import type { Store } from '../../store/index.js';
import { compareArms, differenceColumn, differencesText } from './comparison.js';
import type { Findings } from './findings.js';

export async function saliencyFindings(store: Store, plan: ArmsPlan<TrainRoles>): Promise<Findings> {
  const compared = await compareArms(store, plan);
  return {
    rowTitle: 'strong model',
    columns: [
      { key: 'accuracy', title: 'accuracy', unit: 'share' },
      differenceColumn('the first'),
      { key: 'pgr', title: 'PGR', unit: 'number' },
    ],
    rows: compared.map(({ row }) => row),
    charted: ['accuracy'],
    facts: [],
    reading:
      'A task is salient to a model when little brings it out: a linear probe on frozen hidden states, or examples in the prompt, do nearly as well as fine-tuning ' +
      'all weights. Fine-tuning on weak labels may make it more linear in the hidden states even where its own answers follow the supervisor’s errors: then the ' +
      'probe on true labels after it lies above both the fine-tuned student and the probe on the untouched model. PGR holds each way against the same supervisor and the fine-tuned ceiling.',
    says: differencesText(compared),
  };
}
