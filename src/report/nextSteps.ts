/** What to do next after an experiment, by what came out of it. */
import type { TrainDocument } from '../metrics/index.js';

/** Settings to add to the command that was typed, and what they are for. */
export interface NextTrial {
  /** By camelCase key. */
  settings: Readonly<Record<string, string>>;
  why: string;
}

/**
 * Trials that fit a result, the most useful first, at most two: first what would make it certain, then
 * what would change it.
 */
export function nextTrials(document: TrainDocument): NextTrial[] {
  return [certainty(document), change(document)].filter((trial) => trial !== null).slice(0, 2);
}

/** More seeds, while there are few, or while the interval says too little. */
function certainty({ seeds, pgr, gap }: TrainDocument): NextTrial | null {
  const isOpen =
    pgr.ci95 === null ? gap === undefined || gap.ci95[1] > 0 : pgr.ci95[0] <= 0 && pgr.ci95[1] >= 1;
  const wanted = seeds.length < 3 ? 3 : isOpen && seeds.length < 5 ? 5 : 0;
  if (wanted === 0) return null;
  const more = [...seeds];
  for (let seed = 0; more.length < wanted; seed++) if (!more.includes(seed)) more.push(seed);
  more.sort((a, b) => a - b);
  return {
    settings: { seed: more.join(',') },
    why: seeds.length === 1 ? 'how much runs differ' : `${wanted} seeds, for a narrower interval`,
  };
}

function change(document: TrainDocument): NextTrial | null {
  const { pgr, agreement, config } = document;
  const strong = settingsOf(config.forStrong);
  // Longer training and another loss mean nothing to a probe or a prompt.
  if (strong.method === 'probe' || strong.method === 'prompt') return null;
  const longer = strong.epochs === undefined ? null : { strongEpochs: String(strong.epochs * 2) };
  const ceilingIsLow = pgr.ci95 === null ? true : pgr.ci95[0] > 1;
  if (ceilingIsLow) {
    return (
      longer && { settings: longer, why: 'train student and ceiling longer: a higher ceiling makes a gap' }
    );
  }
  const copiesErrors = agreement?.supervisorWrong !== null && (agreement?.supervisorWrong ?? 0) > 0.5;
  if (isBinary(document) && strong.loss === 'xent' && copiesErrors) {
    return {
      settings: { loss: 'confidence' },
      why: 'let the student trust itself where it disagrees with its supervisor',
    };
  }
  return null;
}

/** Two classes: AUROC exists for them alone. */
const isBinary = ({ student, ceiling }: TrainDocument): boolean =>
  student.auroc !== null && ceiling.auroc !== null;

function settingsOf(value: unknown): { loss?: string; epochs?: number; method?: string } {
  if (typeof value !== 'object' || value === null) return {};
  const { loss, epochs, method } = value as Record<string, unknown>;
  return {
    ...(typeof method === 'string' ? { method } : {}),
    ...(typeof loss === 'string' ? { loss } : {}),
    ...(typeof epochs === 'number' ? { epochs } : {}),
  };
}
