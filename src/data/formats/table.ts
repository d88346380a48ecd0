import { badField, type Place, shown } from '../badRow.js';
import { type Bound, type Fields, field, identifier, missingColumn, textField } from './fields.js';
import type { DatasetFormat, RawExample, ReadRequest, RecordReader } from './format.js';

/** What a published data set's file looks like, and how one of its rows becomes text, group and class. */
export interface TableSettings<Column extends string> {
  /** What `--dataset` is given. */
  name: string;
  /** One line for `w2s-native datasets`. */
  about: string;
  /** A command for it, without `w2s-native` in front. */
  example: string;
  /** Class names by index. */
  classes: readonly string[];
  /** Columns of text that every row must fill, by our name; each lists its spellings in the wild. */
  columns: Readonly<Record<Column, readonly string[]>>;
  /** Spellings of the label's column. */
  label: readonly string[];
  /** The row as an example. A group keeps rows together when halves are made; by default a row stands alone. */
  read(fields: Readonly<Record<Column, string>>): { text: string; group?: string };
}

/**
 * A classification format over named columns of text and one of labels. A label is a class index, a class
 * name, or true and false where there are two classes.
 */
export function tableFormat<Column extends string>(settings: TableSettings<Column>): DatasetFormat {
  const { name, about, example, classes } = settings;
  return {
    name,
    about,
    example,
    task: 'classification',
    classes,
    bind: (source, request) => bindTable(settings, source, request),
  };
}

function bindTable<Column extends string>(
  settings: TableSettings<Column>,
  source: Bound,
  request: ReadRequest,
): RecordReader {
  const used: string[] = [];
  const find = (spellings: readonly string[], required: boolean): string => {
    const column = spellings.find((spelling) => source.columns.includes(spelling)) ?? spellings[0] ?? '';
    if (required && !source.columns.includes(column))
      throw missingColumn(source, settings.name, column, used);
    used.push(column);
    return column;
  };
  const ours = Object.keys(settings.columns) as Column[];
  const columns = ours.map((column) => [column, find(settings.columns[column], true)] as const);
  const label = find(settings.label, request.labels);
  const hasId = source.columns.includes('id');
  const read = (record: Fields, place: Place, number: number): readonly RawExample[] => {
    const id = hasId ? identifier(record, 'id', place) : String(number);
    const fields = Object.fromEntries(
      columns.map(([column, spelling]) => [column, textField(record, spelling, place)]),
    ) as Record<Column, string>;
    const { text, group } = settings.read(fields);
    const example: RawExample = { id, group: group ?? id, row: place.row, text };
    if (request.labels) example.label = classOf(field(record, label), settings.classes, place, label);
    return [example];
  };
  return {
    task: 'classification',
    textColumns: columns.map(([, spelling]) => spelling),
    labelColumn: label,
    read,
  };
}

/** Index of a class, from its index, its name, or true and false. Throws ERR_DATA on anything else. */
function classOf(value: unknown, classes: readonly string[], place: Place, column: string): number {
  const said = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (classes.length === 2 && (said === true || said === 'true')) return 1;
  if (classes.length === 2 && (said === false || said === 'false')) return 0;
  const named = classes.findIndex((name) => name.toLowerCase() === said);
  const index = named >= 0 ? named : typeof said === 'string' && /^\d+$/.test(said) ? Number(said) : said;
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < classes.length)
    return index;
  const names = classes.map((name, i) => `${i} (${name})`).join(' or ');
  throw badField(place, column, names, value === '' ? 'a blank' : shown(value));
}
