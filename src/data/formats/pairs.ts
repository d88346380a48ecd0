import { columnFinder, groupName, refuseColumns, rowId, textField } from './fields.js';
import type { DatasetFormat, RecordReader } from './format.js';
import { type MadeSettings, madeFormat } from './made.js';

/** Pairs of texts of which one column's is always the better. */
export interface PairSettings extends MadeSettings {
  /** Names of the classes "the first text is the better" and "the second is". */
  classes: readonly [string, string];
  /** The spellings of each column. */
  better: readonly string[];
  worse: readonly string[];
  /** What a model reads of the two. */
  text(first: string, second: string): string;
}

/**
 * A format for pairs: a seeded coin, tossed by `loadSplit`, decides which text is shown first. Ids are
 * `<pair's id>:<column shown first>`, so that labels written for one order are never taken for the other's.
 */
export function pairFormat(settings: PairSettings): DatasetFormat {
  const { name } = settings;
  const bind: DatasetFormat['bind'] = (source, request) => {
    refuseColumns(name, request.columns, ['text', 'label']);
    const find = columnFinder(source, name);
    const columns = [find(settings.better), find(settings.worse)] as const;
    const read: RecordReader['read'] = (record, place, number) => {
      const [better, worse] = columns.map((column) => textField(record, column, place).trim()) as [
        string,
        string,
      ];
      const id = rowId(source, record, place, number);
      const variants = [
        { id: `${id}:${columns[0]}`, text: settings.text(better, worse), label: 0 },
        { id: `${id}:${columns[1]}`, text: settings.text(worse, better), label: 1 },
      ];
      return [{ id, group: groupName(better), row: place.row, variants }];
    };
    return { task: 'classification', textColumns: columns, labelColumn: columns[0], read };
  };
  return { ...madeFormat(settings, bind), structure: 'pairs' };
}
