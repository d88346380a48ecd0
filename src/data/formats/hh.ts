import { badField, type Place, shown } from '../badRow.js';
import { PREFERENCE_CLASSES } from '../preference.js';
import { columnFinder, groupName, refuseColumns, rowId, textField } from './fields.js';
import type { DatasetFormat, RecordReader } from './format.js';
import { bothOrders, requireOther } from './preferencePairs.js';

/** What an answer begins with in a transcript. */
const TURN = '\n\nAssistant:';

/**
 * Anthropic's HH (Bai et al. 2022): two transcripts of one conversation that end in different answers. What they
 * share, up to and including the last "Assistant:" that both have, is the prompt; the rest of each is a completion.
 */
export const hh: DatasetFormat = {
  name: 'hh',
  about: 'Anthropic HH: which of two transcripts ends in the better answer? Columns chosen, rejected',
  example: 'train --dataset hh',
  hub: { repo: 'Anthropic/hh-rlhf', train: 'train', test: 'test' },
  task: 'preference',
  classes: PREFERENCE_CLASSES,
  bind: (source, request) => {
    refuseColumns('hh', request.columns, ['text', 'label']);
    const find = columnFinder(source, 'hh');
    const columns = [find(['chosen']), find(['rejected'])] as const;
    const read: RecordReader['read'] = (record, place, number) => {
      const texts = columns.map((column) => textField(record, column, place)) as [string, string];
      const end = promptEnd(texts, columns, place);
      const prompt = texts[0].slice(0, end);
      const [chosen, rejected] = texts.map((text, side) => {
        const completion = text.slice(end);
        if (completion.trim() !== '') return completion;
        throw badField(place, columns[side] ?? '', `an answer after the last "Assistant:"`, 'a blank');
      }) as [string, string];
      requireOther(chosen, rejected, columns, place);
      const id = rowId(source, record, place, number);
      return [{ id, group: groupName(prompt), row: place.row, prompt, ...bothOrders(id, chosen, rejected) }];
    };
    return { task: 'preference', textColumns: columns, labelColumn: columns[0], read };
  },
};

/** Where the prompt ends in both. Throws ERR_DATA where the two share no turn of the assistant's. */
function promptEnd(
  [chosen, rejected]: readonly [string, string],
  columns: readonly [string, string],
  place: Place,
): number {
  let shared = 0;
  while (shared < chosen.length && chosen[shared] === rejected[shared]) shared++;
  const turn = chosen.slice(0, shared).lastIndexOf(TURN);
  if (turn !== -1) return turn + TURN.length;
  throw badField(
    place,
    columns[1],
    `the transcript of "${columns[0]}" up to an answer (${JSON.stringify(TURN)})`,
    shown(rejected),
  );
}
