import { badField, type Place, shown } from '../badRow.js';
import { parseLabel } from '../labels.js';
import { orderedId, PREFERENCE_CLASSES } from '../preference.js';
import type { Judge } from '../types.js';
import {
  type Bound,
  columnFinder,
  type Fields,
  field,
  groupName,
  identifier,
  refuseColumns,
  rowId,
  textField,
} from './fields.js';
import type { DatasetFormat, RawExample, ReadRequest, RecordReader } from './format.js';

/** Spellings in the wild, the usual one first. */
const SPELLINGS = {
  prompt: ['prompt', 'question', 'instruction', 'input', 'query', 'context'],
  chosen: ['chosen', 'preferred', 'chosen_response', 'response_chosen', 'accepted', 'better', 'winner'],
  rejected: ['rejected', 'dispreferred', 'rejected_response', 'response_rejected', 'worse', 'loser'],
  first: ['first'],
  second: ['second'],
} as const;

/**
 * Any table of preferences: `prompt`, `chosen` and `rejected`; or, as `label --export` writes it, `prompt`,
 * `first`, `second` and a `label`, which may be the probability that each is the better. `id` and `group` are
 * taken where they exist; rows with one prompt in the same words stay together. `scores` may say what every
 * possible completion is worth, as an object or as JSON; what they do not name is worth the least.
 */
export const preferencePairs: DatasetFormat = {
  name: 'pairs',
  about: 'Preferences: columns prompt, chosen, rejected; or prompt, first, second and label',
  example: 'train --dataset pairs --data my-pairs.jsonl',
  task: 'preference',
  classes: PREFERENCE_CLASSES,
  bind: (source, request) => bindPreference(source, request, 'pairs'),
  judge: async () => judgeByScores,
};

/**
 * What a row's `scores` say of a completion: `score`, and whether none is worth more. Whatever they do not name is no
 * possible completion, and worth as little as the least of them.
 */
const judgeByScores: Judge = ({ scores }, answer) => {
  if (scores === undefined) return { correct: null };
  const values = Object.values(scores);
  const named = Object.hasOwn(scores, answer.trim()) ? scores[answer.trim()] : undefined;
  const score = named ?? Math.min(...values);
  return { correct: named !== undefined && score === Math.max(...values), measures: { score } };
};

/** The reader behind `pairs` and the built-in preferences. */
export function bindPreference(source: Bound, request: ReadRequest, format: string): RecordReader {
  const has = (names: readonly string[]): boolean => names.some((name) => source.columns.includes(name));
  const inOrder = !has(SPELLINGS.chosen) && has(SPELLINGS.first) && has(SPELLINGS.second);
  return inOrder ? bindOrdered(source, request, format) : bindChosen(source, request, format);
}

/** One column is always the better: `loadSplit` tosses the coin which of the two is shown first. */
function bindChosen(source: Bound, request: ReadRequest, format: string): RecordReader {
  refuseColumns(format, request.columns, ['text', 'label']);
  const find = columnFinder(source, format);
  const prompt = find(SPELLINGS.prompt);
  const names = { chosen: find(SPELLINGS.chosen), rejected: find(SPELLINGS.rejected) };
  const read: RecordReader['read'] = (record, place, number) => {
    const shared = sharedFields(source, record, prompt, place, number);
    const [chosen, rejected] = twoTexts(record, [names.chosen, names.rejected], place);
    const example = { ...shared, ...bothOrders(shared.id, chosen, rejected) };
    const scores = request.labels ? scoresOf(record, place) : undefined;
    return [scores === undefined ? example : { ...example, scores }];
  };
  const textColumns = [prompt, names.chosen, names.rejected];
  return { task: 'preference', textColumns, labelColumn: names.chosen, read };
}

/** The order is the file's, and a column says how likely each is the better. */
function bindOrdered(source: Bound, request: ReadRequest, format: string): RecordReader {
  refuseColumns(format, request.columns, ['text']);
  const find = columnFinder(source, format);
  const prompt = find(SPELLINGS.prompt);
  const columns = [find(SPELLINGS.first), find(SPELLINGS.second)] as const;
  const named = request.columns.label;
  const label = request.labels ? find(['label'], { flag: '--label', named }) : (named ?? 'label');
  const read: RecordReader['read'] = (record, place, number) => {
    const example: RawExample = {
      ...sharedFields(source, record, prompt, place, number),
      completions: twoTexts(record, columns, place),
    };
    if (request.labels) example.label = parseLabel(field(record, label), place, label);
    return [example];
  };
  return { task: 'preference', textColumns: [prompt, ...columns], labelColumn: label, read };
}

function sharedFields(source: Bound, record: Fields, column: string, place: Place, number: number) {
  const prompt = textField(record, column, place);
  const group = source.columns.includes('group') ? identifier(record, 'group', place) : groupName(prompt);
  return { id: rowId(source, record, place, number), group, row: place.row, prompt };
}

/** Two texts that differ. Throws ERR_DATA naming file, row and field where one is blank, or both are the same. */
function twoTexts(record: Fields, columns: readonly [string, string], place: Place): [string, string] {
  const first = textField(record, columns[0], place);
  const second = textField(record, columns[1], place);
  requireOther(first, second, columns, place);
  return [first, second];
}

/** Throws ERR_DATA where two completions are the same, so that none can be the better. */
export function requireOther(
  first: string,
  second: string,
  columns: readonly [string, string],
  place: Place,
): void {
  if (first.trim() !== second.trim()) return;
  throw badField(place, columns[1], `another completion than that of "${columns[0]}"`, shown(second));
}

/** What chance decides about a pair: either completion may come first. */
export function bothOrders(id: string, chosen: string, rejected: string): Pick<RawExample, 'variants'> {
  return {
    variants: [
      { id: orderedId(id, 'chosen'), completions: [chosen, rejected], label: 0 },
      { id: orderedId(id, 'rejected'), completions: [rejected, chosen], label: 1 },
    ],
  };
}

/** What each possible answer is worth, where the file says so: an object, or one as JSON. */
function scoresOf(record: Fields, place: Place): Readonly<Record<string, number>> | undefined {
  const value = field(record, 'scores');
  if (value === undefined || value === null || value === '') return undefined;
  let parsed: unknown = value;
  try {
    if (typeof value === 'string') parsed = JSON.parse(value);
  } catch {
    parsed = undefined;
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  if (isObject && Object.values(parsed as object).every(Number.isFinite)) {
    return parsed as Readonly<Record<string, number>>;
  }
  throw badField(place, 'scores', 'an object from answers to numbers', shown(value));
}
