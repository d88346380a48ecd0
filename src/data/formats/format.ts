import type { Place } from '../badRow.js';
import type { RawLabel } from '../labels.js';
import type { Source } from '../sources/index.js';
import type { FileRole, Judge, RowStructure, TaskKind } from '../types.js';

/** A row as a format reads it, before classes are known. */
export interface RawExample {
  id: string;
  group: string;
  row: number;
  text?: string;
  prompt?: string;
  completion?: string;
  /** The two completions of a preference, in the order in which they are shown. */
  completions?: readonly [string, string];
  label?: RawLabel;
  /** How hard the row is, in the data set's own measure. */
  rating?: number;
  /** What each possible answer is worth: the truth, so it goes where labels go. */
  scores?: Readonly<Record<string, number>>;
  /**
   * What chance decides about the row, all of it equally likely: a distractor, or which of two texts comes
   * first. The fields of the drawn one go over those above. A format only lists them: the draw, and with it
   * the seed, belongs to `loadSplit`. Only where the format fixes its classes.
   */
  variants?: readonly Variant[];
}

export type Variant = Partial<
  Pick<RawExample, 'id' | 'text' | 'prompt' | 'completion' | 'completions' | 'label'>
>;

/** What is wanted of a file. */
export interface ReadRequest {
  /** Column names given by the user; `noText`: rows of a table may do without a text. */
  columns: { text?: string; label?: string; noText?: true };
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
  /** True: ids are the numbers of records, each record is one example, and no two can have the same. */
  numbered?: boolean;
  /**
   * The examples of one record.
   * @param number 1-based among the records of its file: the id where the file brings none, so that a table
   * has the same ids as CSV, TSV, JSON Lines and Parquet
   * Throws ERR_DATA naming file, row and field.
   */
  read(record: Readonly<Record<string, unknown>>, place: Place, number: number): readonly RawExample[];
}

/** Where a data set is published on the Hugging Face hub, and which of its splits are trained and tested on. */
export interface PublishedDataset {
  /** `OWNER/NAME`. */
  repo: string;
  /** The hub's "subset"; absent: `default`. */
  config?: string;
  train: string;
  /** A split with labels: that of some data sets is called `validation`. */
  test: string;
}

/** What `--dataset` names: how the columns of a file become examples. One file each in this folder. */
export interface DatasetFormat {
  name: string;
  /** One line for `w2s-native datasets`. */
  about: string;
  /** A command for it, without `w2s-native` in front and without models. */
  example?: string;
  /** Where its files are fetched when none are named. */
  hub?: PublishedDataset;
  /** Where its files lie when none are named: paths, or names on the hub. */
  files?: Partial<Record<FileRole, string>>;
  /** Absent: the columns decide. */
  task?: TaskKind;
  /** The data set is published as CSV or TSV without names of columns: they are called 1, 2, 3, …. */
  header?: false;
  /** What is known of rows that belong together, whatever their labels. */
  structure?: RowStructure;
  /** Class names by index, where the format fixes them. */
  classes?: readonly string[];
  /**
   * Finds the columns in a file. Throws ERR_DATA with the nearest right name where one is missing. A format that
   * needs a library for its rows imports it here.
   */
  bind(
    source: Pick<Source, 'file' | 'unit' | 'columns'>,
    request: ReadRequest,
  ): RecordReader | Promise<RecordReader>;
  /** Brings what judges written answers, where equality with the truth is not all there is to it. */
  judge?(): Promise<Judge>;
}
