/** What the data room gives to the rooms above it. */

/** How examples become sequences, labels and metrics: a class, a written answer, or the better of two completions. */
export type TaskKind = 'classification' | 'completion' | 'preference';

/**
 * What is known of rows without their labels. `questions`: of the rows `<question>:<answer>` of one question exactly one
 * is of class 1. `pairs`: each row is two texts in one of two orders, and the other order exchanges the classes.
 */
export type RowStructure = 'questions' | 'pairs';

/** One row of a data set (DESIGN 3.5). */
export interface Example {
  /** The `id` column, else the row's 1-based number among the file's records. Unique within a file. */
  id: string;
  /** Rows of one group never part: answers of one question, positions of one game. */
  group: string;
  /** 1-based line or row of the source, for messages. */
  row: number;
  /** The whole text of a classification example without a completion. */
  text?: string;
  prompt?: string;
  /** What follows the prompt: one completion for `completion` and for likelihood heads, two for `preference`. */
  completions?: readonly string[];
  /** Probability of each class [K]; one-hot for hard labels. Absent where the step may not see it. */
  label?: readonly number[];
  /** How much the row counts in the loss of who learns from it; absent: 1. */
  weight?: number;
  /** How hard the row is, in the data set's own measure; never read by a model. */
  rating?: number;
  /** What each possible answer is worth. Absent where the step may not see labels. */
  scores?: Readonly<Record<string, number>>;
}

/** What is said of a written answer. */
export interface Judgement {
  /** Null where the example does not carry what would tell. */
  correct: boolean | null;
  /** What else is measured of it, by name: a number, or whether something holds. Absent: it cannot be measured. */
  measures?: Readonly<Record<string, boolean | number>>;
}

/**
 * Judges a written answer where equality with the truth is not all there is to it. The example carries its
 * prompt, and where labels may be seen the truth in `completions[0]`, and its `scores`.
 */
export type Judge = (example: Example, answer: string) => Judgement;

export interface Examples {
  task: TaskKind;
  /** Class names by index; empty for `completion`. */
  classes: readonly string[];
  rows: readonly Example[];
  /** Rows of the whole file that `--skip-bad-rows` left out; 0 without it. */
  skipped: number;
  /** What was wrong with the first of them: file, line, field and value. */
  firstProblem?: string;
  /** Where the part has fewer rows than `--train-size` or `--test-size` asks for. */
  tooFew?: TooFew;
}

/** A part of an experiment that is smaller than it was to be. */
export interface TooFew {
  part: SplitPart;
  /** Rows asked for: of `--train-size`, the share of the part's half. */
  asked: number;
  /** Rows that there are, once groups are kept whole and classes balanced. */
  found: number;
}

/** What a data set is, without any path: this object is hashed into steps. */
export interface DatasetSpec {
  /** `columns`, or the name of a format. */
  format: string;
  /** Column names given by the user; `noText`: no model reads the rows, which need no text. */
  columns: { text?: string; label?: string; noText?: true };
  /** Class names by index, once they are known over all files: a part that reads one of them keeps the order. */
  classes?: readonly string[];
  /** Bad rows are left out instead of ending the run. Absent otherwise. */
  skipBadRows?: true;
  /**
   * Whether CSV and TSV begin with names of columns; without, columns are called 1, 2, 3, …. Absent where that
   * is as the format has it.
   */
  header?: boolean;
  /** sha256 of each file's bytes, by role. */
  files: Partial<Record<FileRole, string>>;
}

/** What a file is for. */
export type FileRole = 'train' | 'test' | 'weak' | 'transfer';

/**
 * `all`: every row of the `train` file (`finetune`, `label`) or of the `test` file (`evaluate`), in order. `chain`:
 * one or several of the disjoint sets of a chain of models, as `ChainPart` says.
 */
export type SplitPart = 'weak' | 'transfer' | 'chain' | 'test' | 'all-train' | 'all-test';

/** Sets `first` … `last` (counted from 0) of the `of` sets that a chain of as many models needs, together. */
export interface ChainPart {
  of: number;
  first: number;
  last: number;
}

/** Whole groups of a part, drawn by its seed without a look at labels: about `share` of them, or the rest. */
export interface Fold {
  /** Above 0 and below 1. */
  share: number;
  take: 'held-out' | 'rest';
}

/** One part of a data set; hashed into steps. */
export interface SplitSpec {
  dataset: DatasetSpec;
  part: SplitPart;
  /** Decides halves and what chance adds to their rows; of no effect on `test` and `all-…`, where it is 0. */
  seed: number;
  /** Decides test rows, and what chance adds to the rows of `test` and `all-…`. */
  dataSeed: number;
  /** Rows of both halves, or of all sets of a chain, together; null: all. */
  trainSize: number | null;
  testSize: number | null;
  /** Of the part `chain` alone. */
  chain?: ChainPart;
  /** Absent: the whole part. */
  fold?: Fold;
  /** Of `all-…` alone: what chance adds is as the halves of `seed` have it. Absent otherwise. */
  draw?: 'training';
  /**
   * Other rows in the place of the part's own. `mirror`, of pairs: each in its other order, row by row. `siblings`, of
   * questions: the other answers of the part's questions, as far as the part lacks them. Absent: the part itself.
   */
  instead?: 'mirror' | 'siblings';
}

/** sha256 → where the file lies here. Never hashed. */
export type FileLocations = Readonly<Record<string, string>>;

/** A data set that was found: its spec, where its files lie, and what was built in about it. */
export interface ResolvedDataset {
  /** As the user named it; for people. */
  name: string;
  task: TaskKind;
  spec: DatasetSpec;
  locations: FileLocations;
}
