import type { Place } from './badRow.js';
import type { RawExample } from './formats/index.js';
import type { TaskKind } from './types.js';

/** All examples of one file, before classes are known. */
export interface ParsedFile {
  file: string;
  unit: Place['unit'];
  task: TaskKind;
  textColumns: readonly string[];
  labelColumn: string;
  rows: readonly RawExample[];
  /** Bad rows that were left out. */
  skipped: number;
  /** What was wrong with the first of them. */
  firstProblem?: string;
}

/** Where a row of a parsed file lies, for messages. */
export const placeOf = (parsed: Pick<ParsedFile, 'file' | 'unit'>, row: number): Place => ({
  file: parsed.file,
  unit: parsed.unit,
  row,
});
