import { badField, type Place, shown } from '../badRow.js';
import { columnFinder, field, groupName, refuseColumns, rowId, textField } from './fields.js';
import type { DatasetFormat, RawExample, RecordReader } from './format.js';
import { type MadeSettings, madeFormat } from './made.js';

/** What the file of a published data set looks like, and how one of its rows becomes text, group and class. */
export interface TableSettings<Column extends string> extends MadeSettings {
  /** Columns of text that every row must fill, by our name; each lists its spellings in the wild. */
  columns: Readonly<Record<Column, readonly string[]>>;
  /** Spellings of the label's column. */
  label: readonly string[];
  /** What a model reads of a row. Rows that name the same group are never parted; without it a row stands alone. */
  read(row: Readonly<Record<Column, string>>): { text: string; group?: string };
}

/**
 * A format for a table of texts with a column of labels. A label is a class index, a class name, or true and
 * false where there are two classes.
 */
export function tableFormat<Column extends string>(settings: TableSettings<Column>): DatasetFormat {
  const { name, classes } = settings;
  const bind: DatasetFormat['bind'] = (source, request) => {
    const find = columnFinder(source, name);
    const ours = Object.keys(settings.columns) as Column[];
    const only = ours.length === 1;
    if (!only) refuseColumns(name, request.columns, ['text']);
    const { text: namedText, label: namedLabel } = request.columns;
    const columns = ours.map((column) => {
      const spellings = settings.columns[column];
      return [column, find(spellings, only ? { flag: '--text', named: namedText } : {})] as const;
    });
    const label = request.labels
      ? find(settings.label, { flag: '--label', named: namedLabel })
      : (namedLabel ?? settings.label[0] ?? '');
    const read: RecordReader['read'] = (record, place, number) => {
      const fields = Object.fromEntries(
        columns.map(([column, spelling]) => [column, textField(record, spelling, place)]),
      ) as Record<Column, string>;
      const id = rowId(source, record, place, number);
      const { text, group } = settings.read(fields);
      const example: RawExample = {
        id,
        group: group === undefined ? id : groupName(group),
        row: place.row,
        text,
      };
      if (request.labels) example.label = classOf(field(record, label), classes, place, label);
      return [example];
    };
    const textColumns = columns.map(([, spelling]) => spelling);
    const numbered = !source.columns.includes('id');
    return { task: 'classification', textColumns, labelColumn: label, numbered, read };
  };
  return madeFormat(settings, bind);
}

/** Index of a class, from its index, its name, or true and false. Throws ERR_DATA on anything else. */
function classOf(value: unknown, classes: readonly string[], place: Place, column: string): number {
  const said = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (classes.length === 2 && (said === true || said === 'true')) return 1;
  if (classes.length === 2 && (said === false || said === 'false')) return 0;
  const named = classes.findIndex((name) => name.toLowerCase() === said);
  const index = named >= 0 ? named : typeof said === 'string' && /^\d+$/.test(said) ? Number(said) : said;
  if (typeof index === 'number' && classes[index] !== undefined) return index;
  const names = classes.map((name, i) => `${i} (${name})`).join(' or ');
  throw badField(place, column, names, said === '' ? 'a blank' : shown(value));
}
