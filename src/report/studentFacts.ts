import type { SeedScore, StoppedModel, TrainDocument } from '../metrics/index.js';
import { gapText, percent } from './format.js';

/** Facts under the table of `train` about students that came one after another, and weights that were kept early. */
export function studentFacts({ rounds, perSeed }: TrainDocument): string[][] {
  const rows: string[][] = [];
  if (rounds !== undefined) {
    const shown = rounds.map(
      ({ round, accuracy, pgr }) => `${round}: ${percent(accuracy)} (PGR ${gapText(pgr)})`,
    );
    rows.push(['rounds', shown.join('  ')]);
  }
  const stopped = perSeed.flatMap(({ earlyStop }) => (earlyStop ? [earlyStop] : []));
  const [first] = stopped;
  if (first === undefined) return rows;
  const kept = (of: (one: NonNullable<SeedScore['earlyStop']>) => StoppedModel) =>
    stopped.map((one) => `${of(one).step}`).join(', ');
  const by =
    first.student.against === 'truth'
      ? 'chosen by held-out truth (an oracle, for analysis alone)'
      : 'chosen by held-out labels';
  rows.push([
    'kept steps',
    `student ${kept(({ student }) => student)} of ${first.student.steps}, ${by}; ceiling ${kept(({ ceiling }) => ceiling)} of ${first.ceiling.steps}`,
  ]);
  return rows;
}

/** What a reader must know of such a result; for the sentences below it. */
export function studentRemarks({ perSeed, rounds }: TrainDocument): string[] {
  const said: string[] = [];
  if (perSeed.some(({ earlyStop }) => earlyStop?.student.against === 'truth')) {
    said.push(
      'The student’s step was chosen by held-out true labels, which no weak supervisor has: this is an oracle, for analysis alone.',
    );
  }
  if (rounds !== undefined) {
    said.push(`The student is the last of ${rounds.length}, each taught by the one before it.`);
  }
  return said;
}
