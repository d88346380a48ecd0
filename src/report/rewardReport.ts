import {
  type GenerativeScores,
  type RewardDocument,
  TRAIN_SCHEMA,
  type TrainDocument,
} from '../metrics/index.js';
import { gapText, percent, percentInterval } from './format.js';
import { type Column, type Paint, PLAIN, textTable } from './textTable.js';
import { trainReport, wrap } from './trainReport.js';

/** The part of a reward experiment that is one of `train`, as its document. */
export function asTrain({ generative, ...document }: RewardDocument): TrainDocument {
  return { ...document, schema: TRAIN_SCHEMA, ...(generative === null ? {} : { generative }) };
}

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'accuracy', align: 'right' },
  { title: '95 % interval', align: 'right' },
  { title: 'items', align: 'right' },
];

/** The result of `reward` as text for a terminal. No newline at the end. */
export function rewardReport(document: RewardDocument, paint: Paint = PLAIN): string {
  const { generative } = document;
  const plain = trainReport(asTrain(document), paint);
  return generative === null ? plain : `${plain}\n\n${generativeReport(generative, paint)}`;
}

function generativeReport(generative: GenerativeScores, paint: Paint): string {
  const rows = (['student', 'ceiling'] as const).map((role) => {
    const { accuracy, ci95, n } = generative[role];
    return [`tuned ${role}`, percent(accuracy), percentInterval(ci95), `${n}`];
  });
  const gaps = generativeGaps(generative).map(({ name, gap, reason }) => [name, gap, reason ?? '']);
  const below = textTable([{ title: '' }, { title: '' }, { title: '' }], gaps)
    .split('\n')
    .slice(1)
    .join('\n');
  return [
    paint.bold('With generative fine-tuning first'),
    '',
    textTable(COLUMNS, rows, paint),
    '',
    below,
    '',
    ...generativeWords().map((sentence) => wrap(sentence, 100)),
  ].join('\n');
}

/** Both gaps by name: the text beside each, and why there is none. */
export function generativeGaps({ pgrPlainCeiling, pgrTunedCeiling }: GenerativeScores) {
  return [
    { name: 'PGR, plain ceiling', gap: gapText(pgrPlainCeiling), reason: reasonOf(pgrPlainCeiling) },
    { name: 'PGR, tuned ceiling', gap: gapText(pgrTunedCeiling), reason: reasonOf(pgrTunedCeiling) },
  ];
}

const reasonOf = ({ value, reason }: GenerativeScores['pgrPlainCeiling']): string | null =>
  value === null ? `(${reason ?? 'no reason was given'})` : null;

/** Which of the two gaps to believe. */
export function generativeWords(): string[] {
  return [
    'The strong model first learned to write the completions of the transfer half, both of each pair, without their preferences; tuned student and tuned ceiling start from it, the supervisor does not.',
    'PGR against the plain ceiling flatters the method: whatever the texts alone gave the strong model counts as recovered from weak labels. Against the tuned ceiling, which had the same head start, it is the honest number.',
  ];
}
