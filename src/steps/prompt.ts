/** What a model is shown of a row: its text in a template, and answered examples before it. */

import { placeText, unitOf } from '../data/badRow.js';
import { loadShots, supervise } from '../data/index.js';
import type { Example } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { ReadingSpec, ShotsSpec, StepHash } from '../experiments/plan.js';
import { argmax } from '../tasks/classification.js';
import type { StepContext } from './context.js';
import type { OpenedModel } from './openModel.js';
import { labelSource, type Rows, readAllPredictions, supervision } from './rows.js';

/** Rows as they are tokenised: a text, or the prompt of a completion, stands in the template. */
export function templated(rows: readonly Example[], { task, template }: ReadingSpec): readonly Example[] {
  if (template === undefined) return rows;
  return rows.map((row) => {
    const put = (text: string): string => template.replace('{text}', () => text);
    if (task === 'completion') return { ...row, prompt: put(row.prompt ?? '') };
    const { prompt, completions, text, ...rest } = row;
    return { ...rest, text: put(text ?? joined(prompt ?? '', completions?.[0] ?? '')) };
  });
}

/** Two texts with a blank between them, unless one brings it. */
function joined(before: string, after: string): string {
  return before === '' || after === '' || /\s$/.test(before) || /^\s/.test(after)
    ? `${before}${after}`
    : `${before} ${after}`;
}

/** Between two examples, and before the text that is asked for. */
const BETWEEN = '\n\n';

/** What a model wrote after a few-shot prompt, without the examples that it made up behind its answer. */
export function beforeNextExample(text: string): string {
  const start = text.length - text.trimStart().length;
  const end = text.indexOf(BETWEEN, start);
  return end < 0 ? text : text.slice(0, end);
}

/**
 * The texts of rows with a few-shot prompt before them, each the template with its answer. A prompt too long for
 * the context loses examples from its beginning; `fewer` counts the rows where it did. An example that is the row
 * itself is left out of its prompt.
 * @param answerRoom tokens of the context that are kept for a written answer
 * @param drawn the examples, where rows come window by window; drawn here unless given
 * Throws ERR_DATA naming the row where not one example has room.
 */
export async function withShots(
  context: StepContext,
  opened: OpenedModel,
  reading: ReadingSpec,
  rows: Rows,
  answerRoom: number,
  drawn?: readonly Shot[],
): Promise<{ rows: Rows; fewer: number }> {
  const plain = templated(rows.rows, reading);
  if (reading.shots === undefined) return { rows: { ...rows, rows: plain }, fewer: 0 };
  const shots = drawn ?? (await answeredShots(context, reading, reading.shots));
  const shown = plain.map((row) => withBlocks(row, blocksFor(row, shots)));
  let waiting = shown.map((_, i) => i);
  let fewer = 0;
  for (let left = shots.length; left > 0 && waiting.length > 0; left--) {
    if (left < shots.length) {
      for (const i of waiting) {
        const row = plain[i] as Example;
        shown[i] = withBlocks(row, blocksFor(row, shots).slice(-left));
      }
    }
    const asked = waiting.map((i) => shown[i] as Example);
    const long = await tooLong(opened, asked, opened.contextLength - answerRoom);
    waiting = waiting.filter((_, at) => long[at]);
    if (left === shots.length) fewer = waiting.length;
  }
  const [first] = waiting;
  if (first !== undefined) throw noRoom(rows, rows.rows[first] as Example, opened.contextLength);
  return { rows: { ...rows, rows: shown }, fewer };
}

/** An example of the prompt: its id, and its text with its answer. */
export interface Shot {
  id: string;
  block: string;
}

const blocksFor = (row: Example, shots: readonly Shot[]): string[] =>
  shots.filter(({ id }) => id !== row.id).map(({ block }) => block);

function withBlocks(row: Example, blocks: readonly string[]): Example {
  const before = blocks.map((block) => `${block}${BETWEEN}`).join('');
  return row.text === undefined
    ? { ...row, prompt: `${before}${row.prompt ?? ''}` }
    : { ...row, text: `${before}${row.text}` };
}

/** The examples of a few-shot prompt, with the answers that the reading names. */
export async function answeredShots(
  context: StepContext,
  reading: ReadingSpec,
  { count, data, labels, seed }: ShotsSpec,
): Promise<readonly Shot[]> {
  const { task } = reading;
  const truth = labels.from === 'data';
  const without = labels.from === 'step' ? await leftOut(context, labels.step) : new Set<string>();
  const drawn = await loadShots(data, task, context.locations, { count, seed, labels: truth, without });
  const given = labels.from === 'step' || labels.from === 'file' ? labels : null;
  const answered = given
    ? supervise(drawn.rows, await supervision(context, given, data, task), {
        data: drawn.file,
        labels: labelSource(context, given),
      })
    : drawn.rows;
  return templated(answered, reading).map((row, i) => {
    const answer = answerOf(reading, answered[i] as Example);
    return { id: row.id, block: joined(row.text ?? row.prompt ?? '', answer) };
  });
}

/** Rows that a `relabel` step has left out. @throws ERR_USAGE where it has weighed the others */
async function leftOut({ store }: StepContext, step: StepHash): Promise<ReadonlySet<string>> {
  const lines = await readAllPredictions(store, step);
  if (lines.every(({ weight = 1 }) => weight === 1))
    return new Set(lines.filter(({ keep }) => keep === false).map(({ id }) => id));
  throw new W2sError(
    'ERR_USAGE',
    'Expected labels that count alike for --method prompt but received some that a relabelling has weighed: an example is shown or not',
    { hint: 'Return keep instead of weights, or fine-tune: --method finetune' },
  );
}

/** The word of the likeliest class, or the completion. */
function answerOf({ head }: ReadingSpec, { label, completions }: Example): string {
  if (head.kind !== 'tokens') return completions?.[0] ?? '';
  return head.answers[argmax(label ?? [], 0, label?.length ?? 0)] ?? '';
}

/** Which rows have more tokens than the room that there is. */
async function tooLong(
  { tokenizer }: OpenedModel,
  rows: readonly Example[],
  room: number,
): Promise<boolean[]> {
  const { offsets } = await tokenizer.encode(
    rows.map(({ text, prompt }) => text ?? prompt ?? ''),
    { special: true },
  );
  return rows.map((_, i) => (offsets[i + 1] ?? 0) - (offsets[i] ?? 0) > room);
}

function noRoom({ file }: Rows, { id, row }: Example, contextLength: number): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected room for one example of --shots beside the text in ${placeText({ file, unit: unitOf(file), row })} (id ${id}), but received a context of ${contextLength} tokens.`,
    { hint: 'Ask without examples (--shots 0), or take a model with a longer context' },
  );
}
