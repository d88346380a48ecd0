/**
 * Data sets that users define in TypeScript: fields of a row are columns, or functions of the record. What comes of
 * it is a format like any other, under a name that holds the hash of its code: changed code is another data set.
 */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDefinitionName, marked } from '../../config/definition.js';
import { nearest } from '../../config/nearest.js';
import { loadUserModule } from '../../config/userModule.js';
import { isW2sError, W2sError } from '../../errors.js';
import { badField, type Place, shown } from '../badRow.js';
import { parseLabel, type RawLabel } from '../labels.js';
import { PREFERENCE_CLASSES } from '../preference.js';
import type { FileRole, TaskKind } from '../types.js';
import { type Bound, columnFinder, field, groupName, listed, refuseColumns, rowId } from './fields.js';
import type { DatasetFormat, RawExample, ReadRequest, RecordReader } from './format.js';
import { bothOrders, requireOther } from './preferencePairs.js';

/** A record of a file: columns by name. A column that the file does not have is an error to ask for. */
export type DatasetRow = Readonly<Record<string, unknown>>;

/** A column's name, or what is made of a record. */
export type DatasetField<Value> = string | ((row: DatasetRow) => Value);

/** A data set of your own. */
export interface DatasetDefinition {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** One line about it. */
  about?: string;
  /**
   * Where its rows lie when nothing is named with --data: a path (from the module's folder; from the working directory
   * where a call brings the definition), a file URL, or `hf://datasets/OWNER/NAME/PATH`; or one for each role.
   */
  source?: string | URL | Partial<Record<FileRole, string | URL>>;
  /** CSV or TSV without names of columns: they are called 1, 2, 3, …. */
  header?: false;
  /** Class names by index; without, they are found in the labels. */
  classes?: readonly string[];
  /** Several rows of one record, such as the answers of one question; none: the record is left out. */
  expand?(record: DatasetRow): readonly DatasetRow[];
  /** Absent: the column `id`, else the record's number. */
  id?: DatasetField<string | number>;
  /** Rows of one group never part. Absent: every record stands alone. */
  group?: DatasetField<string | number>;
  /** What a model reads of a classification. */
  text?: DatasetField<string>;
  prompt?: DatasetField<string>;
  /** What follows the prompt: the answer to learn, or with `label` a part of what is classified. */
  completion?: DatasetField<string>;
  /** A class index, a class name, true or false, or the probability of each class. Asked only where labels may be seen. */
  label?: DatasetField<number | string | boolean | readonly number[]>;
  /** With `prompt`: a preference, the better completion and the worse. */
  chosen?: DatasetField<string>;
  rejected?: DatasetField<string>;
}

const FIELDS = ['id', 'group', 'text', 'prompt', 'completion', 'label', 'chosen', 'rejected'] as const;
type FieldName = (typeof FIELDS)[number];

/** What each task is defined by. */
const SHAPES: readonly (readonly [TaskKind, readonly FieldName[]])[] = [
  ['classification', ['text', 'label']],
  ['classification', ['prompt', 'completion', 'label']],
  ['classification', ['prompt', 'label']],
  ['completion', ['prompt', 'completion']],
  ['preference', ['prompt', 'chosen', 'rejected']],
];

/**
 * Declares a data set: `defineDataset({ name, source: 'rows.jsonl', text: (row) => …, label: 'stars' })`.
 * @throws ERR_ARGUMENT where fields are of the wrong kind, or make up no task
 */
export function defineDataset(definition: DatasetDefinition): DatasetDefinition {
  checkDefinitionName('dataset', definition?.name);
  for (const name of FIELDS) {
    const value: unknown = definition[name];
    if (value === undefined || typeof value === 'string' || typeof value === 'function') continue;
    throw wrongDefinition(definition, `a column's name or a function for ${name}`, shown(value));
  }
  if (definition.expand !== undefined && typeof definition.expand !== 'function') {
    throw wrongDefinition(definition, 'a function for expand', shown(definition.expand));
  }
  taskOf(definition);
  return marked('dataset', definition);
}

function wrongDefinition({ name }: DatasetDefinition, expected: string, received: string): W2sError {
  return new W2sError('ERR_ARGUMENT', `Expected ${expected} of data set ${name} but received ${received}`, {
    hint: "Write: defineDataset({ name, text: (row) => `…`, label: 'label' })",
  });
}

function taskOf(definition: DatasetDefinition): TaskKind {
  const said = FIELDS.filter((name) => name !== 'id' && name !== 'group' && definition[name] !== undefined);
  const shape = SHAPES.find(
    ([, fields]) => fields.length === said.length && fields.every((name) => said.includes(name)),
  );
  if (shape !== undefined) return shape[0];
  throw wrongDefinition(
    definition,
    'text and label; prompt and completion; prompt, completion and label; or prompt, chosen and rejected',
    said.length === 0 ? 'none of them' : said.join(', '),
  );
}

/** A format of a definition. @param source sha256 of its code; @param folder what paths in it start from */
export function formatOfDefinition(
  definition: DatasetDefinition,
  source: string,
  folder: string,
): DatasetFormat {
  const { name, about, header } = definition;
  const task = taskOf(definition);
  const classes = task === 'preference' ? PREFERENCE_CLASSES : definition.classes;
  const files = filesOf(definition, folder);
  return {
    name: `${name}@${source.slice(0, 12)}`,
    about: about ?? name,
    task,
    ...(classes === undefined ? {} : { classes }),
    ...(header === undefined ? {} : { header }),
    ...(files === undefined ? {} : { files }),
    bind: (file, request) => bind(definition, task, file, request),
  };
}

/** sha256 of what a definition says but where its rows lie: those have a hash of their own. */
export function definitionSource({ source: _, about: __, ...definition }: DatasetDefinition): string {
  const text = JSON.stringify(definition, (_, value: unknown) =>
    typeof value === 'function' ? value.toString() : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

/** The format that a module defines. Rejects as `loadUserModule`. */
export async function loadFormat(named: string): Promise<DatasetFormat> {
  const { definition, source, file } = await loadUserModule<DatasetDefinition>(named, 'dataset');
  return formatOfDefinition(definition, source, dirname(file));
}

function filesOf(
  { source }: DatasetDefinition,
  folder: string,
): Partial<Record<FileRole, string>> | undefined {
  if (source === undefined) return undefined;
  const roles = typeof source === 'string' || source instanceof URL ? { train: source } : source;
  const place = (value: string | URL): string => {
    if (value instanceof URL || value.startsWith('file:')) return fileURLToPath(value);
    return /^[a-z]+:\/\//i.test(value) ? value : resolve(folder, value);
  };
  const files = Object.entries(roles).map(([role, value]) => [role, place(value)] as const);
  return Object.fromEntries(files);
}

/** Reads fields of a record; each error names file, row and field. */
class Fields {
  constructor(
    private readonly definition: DatasetDefinition,
    private readonly row: DatasetRow,
    readonly place: Place,
  ) {}

  /** The name of a field in messages: its column, else its own. */
  nameOf(name: FieldName): string {
    const value = this.definition[name];
    return typeof value === 'string' ? value : name;
  }

  value(name: FieldName): unknown {
    const of = this.definition[name];
    if (typeof of !== 'function') return field(this.row, of ?? name);
    return guarded(() => of(this.row), name, this.place);
  }

  text(name: FieldName): string {
    const value = this.value(name);
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw this.bad(name, 'text', value === '' ? 'a blank' : shown(value));
  }

  identifier(name: FieldName): string {
    const value = this.value(name);
    if (typeof value === 'string' && value.trim() !== '') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    throw this.bad(name, 'a name or a number', shown(value));
  }

  label(): RawLabel {
    const value = this.value('label');
    const isBinary = this.definition.classes?.length === 2;
    if (typeof value === 'boolean' && isBinary) return value ? 1 : 0;
    return parseLabel(value, this.place, this.nameOf('label'));
  }

  private bad(name: FieldName, expected: string, received: string): W2sError {
    return badField(this.place, this.nameOf(name), expected, received);
  }
}

/** What a user's function gives; what it throws is a fault of the row. */
function guarded<T>(work: () => T, name: string, place: Place): T {
  try {
    return work();
  } catch (cause) {
    if (isW2sError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const { code, message, hint } = badField(place, name, 'a value', `an error of its function: ${why}`);
    throw new W2sError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

function bind(
  definition: DatasetDefinition,
  task: TaskKind,
  source: Bound,
  request: ReadRequest,
): RecordReader {
  const { name, expand } = definition;
  refuseColumns(name, request.columns, ['text', 'label']);
  const hidden = (field: FieldName) => !request.labels && isAnswer(field, task);
  const columns = FIELDS.flatMap((field) => {
    const column = definition[field];
    return typeof column === 'string' && !hidden(field) ? [[field, column] as const] : [];
  });
  // What `expand` makes has columns of its own.
  const find = columnFinder(source, name);
  if (expand === undefined) for (const [, column] of columns) find([column]);
  const read: RecordReader['read'] = (record, place, number) => {
    const whole = withColumns(record, source, place);
    const id = definition.id === undefined ? rowId(source, record, place, number) : undefined;
    if (expand === undefined) return [example(new Fields(definition, whole, place), id)];
    const rows = guarded(() => expand(whole), 'expand', place);
    if (!Array.isArray(rows)) throw badField(place, 'expand', 'an array of rows', shown(rows));
    return rows.map((row: DatasetRow, i) => {
      const fields = new Fields(definition, withColumns(row, source, place), place);
      return example(fields, id === undefined ? undefined : `${id}:${i + 1}`, id);
    });
  };
  const example = (fields: Fields, given: string | undefined, record = given): RawExample => {
    const id = given ?? fields.identifier('id');
    const group = definition.group === undefined ? (record ?? id) : shortGroup(fields.identifier('group'));
    return { id, group, row: fields.place.row, ...contents(definition, task, fields, request.labels, id) };
  };
  const textColumns = columns.flatMap(([field, column]) => (isRead(field) ? [column] : []));
  const answer = task === 'completion' ? 'completion' : task === 'preference' ? 'chosen' : 'label';
  const answerColumn = definition[answer];
  return { task, textColumns, labelColumn: typeof answerColumn === 'string' ? answerColumn : answer, read };
}

const isAnswer = (field: FieldName, task: TaskKind): boolean =>
  field === 'label' || (field === 'completion' && task === 'completion');

const isRead = (field: FieldName): boolean =>
  field === 'text' || field === 'prompt' || field === 'completion';

const LONGEST_GROUP = 40;
const shortGroup = (group: string): string => (group.length > LONGEST_GROUP ? groupName(group) : group);

function contents(
  definition: DatasetDefinition,
  task: TaskKind,
  fields: Fields,
  labels: boolean,
  id: string,
): Partial<RawExample> {
  const prompt = definition.prompt === undefined ? {} : { prompt: fields.text('prompt') };
  if (task === 'preference') {
    const [chosen, rejected] = [fields.text('chosen'), fields.text('rejected')];
    const names = [fields.nameOf('chosen'), fields.nameOf('rejected')] as const;
    requireOther(chosen, rejected, names, fields.place);
    return { ...prompt, ...bothOrders(id, chosen, rejected) };
  }
  const seesCompletion = definition.completion !== undefined && (labels || task !== 'completion');
  return {
    ...(definition.text === undefined ? {} : { text: fields.text('text') }),
    ...prompt,
    ...(seesCompletion ? { completion: fields.text('completion') } : {}),
    ...(labels && task === 'classification' ? { label: fields.label() } : {}),
  };
}

/** A record in which a column that neither it nor the file has is an error, not `undefined` in a text. */
function withColumns(record: DatasetRow, { columns }: Bound, place: Place): DatasetRow {
  return new Proxy(record, {
    get(target, name) {
      if (typeof name === 'symbol' || Object.hasOwn(target, name)) return Reflect.get(target, name);
      if (columns.includes(name)) return undefined;
      const near = nearest(name, [...Object.keys(target), ...columns]);
      const { code, message } = badField(place, name, 'a column', `columns ${listed(Object.keys(target))}`);
      throw new W2sError(code, message, {
        hint: near
          ? `Did you mean row.${near} in the module?`
          : `If not every file has it, ask first: '${name}' in row`,
      });
    },
  });
}
