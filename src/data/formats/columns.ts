import { nearest } from '../../config/nearest.js';
import { W2sError } from '../../errors.js';
import { displayPath, type Place } from '../badRow.js';
import { parseLabel } from '../labels.js';
import type { TaskKind } from '../types.js';
import {
  type Bound,
  type Fields,
  field,
  headerHint,
  identifier,
  listed,
  numberField,
  textField,
} from './fields.js';
import type { DatasetFormat, RawExample, ReadRequest, RecordReader } from './format.js';

/** Which column plays which part. */
export interface ColumnNames {
  id: string;
  group: string;
  text: string;
  prompt: string;
  completion: string;
  label: string;
  /** How hard a row is; not looked at where it has no name. */
  rating?: string;
}

export const USUAL_NAMES: ColumnNames = {
  id: 'id',
  group: 'group',
  text: 'text',
  prompt: 'prompt',
  completion: 'completion',
  label: 'label',
};

/** What is read of a file: `text`, or a prompt with (or without) what follows it, and a label. */
interface Plan {
  task: TaskKind;
  text?: string;
  prompt?: string;
  completion?: string;
  /** Absent where labels are not looked at or the completion is the label. */
  label?: string;
}

/**
 * Any table: `text` and `label`, or `prompt`, `completion` and perhaps `label` (with it: a classification of
 * the two joined). In a table with `prompt` and `label` alone the label is the completion, as `label
 * --export` writes it. `id` and `group` are taken where they exist.
 */
export const columnsFormat: DatasetFormat = {
  name: 'columns',
  about: 'Any table: columns text and label (or --text, --label), or prompt, completion and perhaps label',
  example: 'train --data my.csv --text review --label stars',
  bind: (source, request) => bindColumns(source, request, USUAL_NAMES),
};

/** The reader behind `columns` and the built-in formats, which bring their own column names. */
export function bindColumns(source: Bound, request: ReadRequest, names: ColumnNames): RecordReader {
  const has = (column: string): boolean => source.columns.includes(column);
  const plan = choosePlan(source, request, names);
  const textColumns = [plan.text, plan.prompt, plan.task === 'classification' ? plan.completion : undefined];
  const read = (record: Fields, place: Place, number: number): readonly RawExample[] => {
    const id = has(names.id) ? identifier(record, names.id, place) : String(number);
    const group = has(names.group) ? identifier(record, names.group, place) : id;
    const example: RawExample = { id, group, row: place.row };
    if (plan.text !== undefined) example.text = textField(record, plan.text, place);
    if (plan.prompt !== undefined) example.prompt = textField(record, plan.prompt, place);
    if (plan.completion !== undefined) example.completion = textField(record, plan.completion, place);
    if (plan.label !== undefined) example.label = parseLabel(field(record, plan.label), place, plan.label);
    if (names.rating !== undefined && has(names.rating)) {
      example.rating = numberField(record, names.rating, place);
    }
    return [example];
  };
  return {
    task: plan.task,
    textColumns: textColumns.filter((column) => column !== undefined),
    labelColumn: (plan.task === 'completion' ? plan.completion : plan.label) ?? names.label,
    numbered: !has(names.id),
    read,
  };
}

function choosePlan(source: Bound, request: ReadRequest, names: ColumnNames): Plan {
  const has = (column: string): boolean => source.columns.includes(column);
  const chosen = request.columns;
  const label = chosen.label ?? names.label;
  const wanted = (column: string): string => requireColumn(source, column, chosen);
  const optionalLabel = request.labels ? { label } : {};
  if (chosen.text !== undefined || (has(names.text) && request.task !== 'completion')) {
    const text = wanted(chosen.text ?? names.text);
    if (request.labels) wanted(label);
    return { task: 'classification', text, ...optionalLabel };
  }
  if (chosen.noText && !has(names.prompt)) {
    if (request.labels) wanted(label);
    return { task: 'classification', ...optionalLabel };
  }
  if (!has(names.prompt)) throw noText(source, names);
  const { prompt, completion } = names;
  if (!has(completion)) {
    // What `label --export` writes of a completion data set: the label is the completion.
    if (request.labels) wanted(label);
    return { task: 'completion', prompt, ...(request.labels ? { completion: label } : {}) };
  }
  const labelled = chosen.label !== undefined || has(names.label);
  if ((request.task ?? (labelled ? 'classification' : 'completion')) === 'completion') {
    return { task: 'completion', prompt, ...(request.labels ? { completion } : {}) };
  }
  if (request.labels) wanted(label);
  return { task: 'classification', prompt, completion, ...optionalLabel };
}

function requireColumn(source: Bound, column: string, chosen: ReadRequest['columns']): string {
  if (source.columns.includes(column)) return column;
  const flag = column === chosen.text ? '--text' : '--label';
  const near = nearest(column, source.columns) ?? (source.columns.length > 0 ? 'COLUMN' : undefined);
  throw new W2sError(
    'ERR_DATA',
    `Expected a column "${column}" in ${displayPath(source.file)}, line 1, but received ${listed(source.columns)}.`,
    {
      hint:
        near === 'COLUMN'
          ? (headerHint(source) ?? `Name it: ${flag} COLUMN`)
          : `Did you mean ${flag} ${near}?`,
    },
  );
}

function noText(source: Bound, names: ColumnNames): W2sError {
  const near = nearest(names.text, source.columns) ?? source.columns.find((column) => column !== names.label);
  return new W2sError(
    'ERR_DATA',
    `Expected a column "${names.text}", or "${names.prompt}" and "${names.completion}", in ` +
      `${displayPath(source.file)}, line 1, but received ${listed(source.columns)}.`,
    { hint: headerHint(source) ?? `Say which column holds the text: --text ${near ?? 'COLUMN'}` },
  );
}
