import { badField, type Place, shown } from '../badRow.js';
import { columnFinder, field, groupName, refuseColumns, rowId, textField } from './fields.js';
import type { DatasetFormat, RawExample, RecordReader, Variant } from './format.js';
import { type MadeSettings, madeFormat } from './made.js';

/** Multiple choice: a question, its right answer and some wrong ones. */
export interface ChoiceSettings extends MadeSettings {
  /** Names of the classes of a wrong and of a right answer. */
  classes: readonly [string, string];
  /** The spellings of each column. */
  question: readonly string[];
  answer: readonly string[];
  distractors: readonly (readonly string[])[];
  /** A column that may be blank, such as a passage. */
  context?: readonly string[];
  /** What a model reads of a question and one of its answers. */
  text(item: { question: string; answer: string; context: string }): string;
}

/**
 * A format for multiple choice (DESIGN 3.5): each question gives two rows in one group, the right answer and
 * one distractor, which `loadSplit` draws. Ids are `<question's id>:<column of the answer>`, so that labels
 * written for one distractor are never taken for another's. Rows with one question in the same words stay
 * together too. A distractor that is the right answer is never drawn.
 */
export function choiceFormat(settings: ChoiceSettings): DatasetFormat {
  const { name } = settings;
  const bind: DatasetFormat['bind'] = (source, request) => {
    refuseColumns(name, request.columns, ['text', 'label']);
    const find = columnFinder(source, name);
    const question = find(settings.question);
    const right = find(settings.answer);
    const wrong = settings.distractors.map((spellings) => find(spellings));
    const context = settings.context === undefined ? undefined : find(settings.context);
    const read: RecordReader['read'] = (record, place, number) => {
      const id = rowId(source, record, place, number);
      const asked = textField(record, question, place);
      const answers = new Map([right, ...wrong].map((column) => [column, textField(record, column, place)]));
      const around = context === undefined ? '' : blankOrText(field(record, context), context, place);
      const answered = (column: string, label: number): Variant => ({
        id: `${id}:${column}`,
        text: settings.text({ question: asked, answer: answers.get(column) ?? '', context: around }),
        label,
      });
      const same = (column: string) => plain(answers.get(column)) === plain(answers.get(right));
      const distractors = wrong.filter((column) => !same(column));
      if (distractors.length === 0) {
        throw badField(place, wrong[0] ?? right, 'an answer that is wrong', 'the right one');
      }
      const shared = { group: groupName(asked), row: place.row };
      const rows: RawExample[] = [
        { ...shared, id: `${id}:${right}`, ...answered(right, 1) },
        { ...shared, id: `${id}:wrong`, variants: distractors.map((column) => answered(column, 0)) },
      ];
      return rows;
    };
    const textColumns = [...(context === undefined ? [] : [context]), question, right, ...wrong];
    return { task: 'classification', textColumns, labelColumn: right, read };
  };
  return { ...madeFormat(settings, bind), structure: 'questions' };
}

const plain = (answer: string | undefined): string => (answer ?? '').trim().toLowerCase();

function blankOrText(value: unknown, column: string, place: Place): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw badField(place, column, 'text', shown(value));
  return value.trim();
}
