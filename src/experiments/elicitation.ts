/** Labels without a supervisor: the strong model's own answers before any training. Pure. */

import { W2sError } from '../errors.js';
import { zeroShotLabels } from './frozen.js';
import type { LearnerInputs } from './learner.js';
import type { LabelSpec, RelabelMethod, StepHash } from './plan.js';
import { hiddenOf } from './relabelling.js';
import { relabelSpec } from './specs.js';
import type { Splits } from './supervision.js';

/** Nearest rows by which a label is predicted, and passes of the search over all rows. */
const MUTUAL = { neighbours: 20, rounds: 50 } as const;

/** Labels of the transfer half, and the answers that they were made of. */
export interface Elicited {
  labels: LabelSpec & { from: 'step' };
  zeroShot: StepHash;
}

/**
 * Adds the steps of `--supervisor zero-shot | consistent | mutual`.
 * Throws ERR_USAGE where the strong model has no answer before training, or nothing is to be made consistent.
 */
export function planElicitation(
  supervisor: 'zero-shot' | 'consistent' | 'mutual',
  strong: LearnerInputs,
  { transfer }: Splits,
): Elicited {
  const { builder, seed, dataset } = strong;
  const { structure, task } = dataset;
  const zeroShot = zeroShotLabels(strong, transfer, transfer, `--supervisor ${supervisor}`);
  const own: LabelSpec & { from: 'step' } = { from: 'step', step: zeroShot };
  if (supervisor === 'zero-shot') return { labels: own, zeroShot };
  if (supervisor === 'consistent' && structure === undefined && task !== 'preference')
    throw nothingToCompare();

  const exclusive = structure === 'questions' ? ({ oneRight: true } as const) : {};
  const add = (role: string, method: RelabelMethod, labels: readonly LabelSpec[]): Elicited => {
    const hidden = hiddenOf(method, strong, { transfer });
    const step = builder.add(role, seed, relabelSpec(dataset, method, transfer, labels, seed, hidden));
    return { labels: { from: 'step', step }, zeroShot };
  };
  // What is said of the other order, or of a question's answers that are not in the half.
  const others = (instead: 'mirror' | 'siblings'): LabelSpec => {
    const role = instead === 'mirror' ? 'mirroredLabels' : 'siblingLabels';
    const step = zeroShotLabels(
      strong,
      { ...transfer, instead },
      transfer,
      `--supervisor ${supervisor}`,
      role,
    );
    return { from: 'step', step };
  };
  const consistent =
    structure === undefined
      ? { labels: own, zeroShot }
      : add('consistentLabels', { name: 'consistent', ...exclusive }, [
          own,
          others(structure === 'pairs' ? 'mirror' : 'siblings'),
        ]);
  if (supervisor === 'consistent') return consistent;
  return add('mutualLabels', { name: 'mutual', ...MUTUAL, ...exclusive }, [consistent.labels]);
}

function nothingToCompare(): W2sError {
  return new W2sError(
    'ERR_USAGE',
    'Expected questions with several answers, or pairs, for --supervisor consistent but received rows that stand alone: nothing that is said of one contradicts what is said of another',
    { hint: 'Take the answers as they are: --supervisor zero-shot' },
  );
}
