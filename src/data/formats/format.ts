import type { Place } from '../badRow.js';
import type { RawLabel } from '../labels.js';
import type { Source } from '../sources/index.js';
import type { TaskKind } from '../types.js';

/** A row as a format reads it, before classes are known. */
export interface RawExample {
  id: string;
  group: string;
  row: number;
  text?: string;
  prompt?: string;
  completion?: string;
  label?: RawLabel;
}

/** What is wanted of a file. */
export interface ReadRequest {
  /** Column names given by the user. */
  columns: { text?: string; label?: string };
  /** What the rows are for, where the caller knows. */
  task?: TaskKind;
  /** Whether a row without its label (or completion) is an error; otherwise labels are not looked at. */
  labels: boolean;
}

/** Turns the records of one file into examples. */
export interface RecordReader {
  task: TaskKind;
  /** Columns that hold what a model reads, for `--export`. */
  textColumns: readonly string[];
  /** The column that holds the label, or the completion that is one; for messages. */
  labelColumn: string;
  /**
   * The examples of one record.
   * @param number 1-based among the records of its file: the id where the file brings none, so that a table
   * has the same ids as CSV, TSV, JSON Lines and Parquet
   * Throws ERR_DATA naming file, row and field.
   */
  read(record: Readonly<Record<string, unknown>>, place: Place, number: number): readonly RawExample[];
}

/** What `--dataset` names: how the columns of a file become examples. One file each in this folder. */
export interface DatasetFormat {
  name: string;
  /** One line for `w2s-native datasets`. */
  about?: string;
  /** A command for it, without `w2s-native` in front. */
  example?: string;
  /** Absent: the columns decide. */
  task?: TaskKind;
  /** Class names by index, where the format fixes them. */
  classes?: readonly string[];
  /** Finds the columns in a file. Throws ERR_DATA with the nearest right name where one is missing. */
  bind(source: Pick<Source, 'file' | 'unit' | 'columns'>, request: ReadRequest): RecordReader;
}
