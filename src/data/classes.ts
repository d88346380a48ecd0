import type { W2sError } from '../errors.js';
import { badField } from './badRow.js';
import type { RawLabel } from './labels.js';
import { type ParsedFile, placeOf } from './parsedFile.js';

/**
 * Class names by index, over all files of a data set: fixed by the format; else the model folder's, where
 * its `label2id` covers the names in use; else the names sorted. Integers are indices, with names '0', '1', ….
 */
export interface ClassMap {
  names: readonly string[];
  /** Probability of each class [K]; one-hot for a hard label. Throws ERR_DATA on a label out of range. */
  vector(label: RawLabel, parsed: LabelledFile, row: number): readonly number[];
}

/** What tells where a label stands. */
export type LabelledFile = Pick<ParsedFile, 'file' | 'unit' | 'task' | 'labelColumn'>;

/** The labels of a file. A parsed file is that: of each label that is all that deciding about classes needs. */
export interface LabelsOfFile extends LabelledFile {
  rows: readonly SeenLabel[];
}

/** A label, and where it stands first. */
export interface SeenLabel {
  row: number;
  label?: RawLabel;
  /** Rows that have it; absent: this one. */
  times?: number;
}

export interface KnownClasses {
  /** Fixed by the format. */
  classes?: readonly string[];
  /** From the model folder's config.json. */
  label2id?: Readonly<Record<string, number>>;
}

/** Decides the classes of a data set. Throws ERR_DATA at the first label that fits no class. */
export function resolveClasses(files: readonly LabelsOfFile[], known: KnownClasses): ClassMap {
  const names = known.classes ?? fromFolder(files, known.label2id) ?? fromLabels(files);
  const indexOf = new Map(names.map((name, i) => [name, i]));
  const oneHot = names.map((_, k) => Object.freeze(names.map((_, j) => (j === k ? 1 : 0))));
  const vector: ClassMap['vector'] = (label, parsed, row) => {
    const outOfRange = (received: string) =>
      badField(placeOf(parsed, row), parsed.labelColumn, expectedClass(names), received);
    if (typeof label === 'object') {
      if (label.length !== names.length) throw outOfRange(`${label.length} probabilities`);
      return label;
    }
    // A name that looks like a number has been read as one; it may still be a name.
    const index = typeof label === 'number' ? label : indexOf.get(label);
    const hot = index === undefined ? undefined : oneHot[index];
    if (hot === undefined) throw outOfRange(typeof label === 'number' ? String(label) : `"${label}"`);
    return hot;
  };
  return { names, vector };
}

function expectedClass(names: readonly string[]): string {
  const numbered = names.every((name, i) => name === String(i));
  const range = `a class index from 0 to ${names.length - 1} or ${names.length} probabilities`;
  if (numbered) return range;
  const shownNames = names.slice(0, 10).map((name) => `"${name}"`);
  return `${range}, or one of ${shownNames.join(', ')}${names.length > 10 ? ', …' : ''}`;
}

function* labelled(
  files: readonly LabelsOfFile[],
): Generator<{ file: LabelsOfFile; row: SeenLabel; label: RawLabel; times: number }> {
  for (const file of files) {
    for (const row of file.rows) {
      if (row.label !== undefined) yield { file, row, label: row.label, times: row.times ?? 1 };
    }
  }
}

/** The folder's classes, if they are 0 … K − 1 and cover every name in use. */
function fromFolder(
  files: readonly LabelsOfFile[],
  label2id: KnownClasses['label2id'],
): readonly string[] | undefined {
  if (label2id === undefined) return undefined;
  const names: string[] = [];
  for (const [name, id] of Object.entries(label2id)) names[id] = name;
  if (
    names.length < 2 ||
    names.length !== Object.keys(label2id).length ||
    names.includes(undefined as never)
  ) {
    return undefined;
  }
  for (const { label } of labelled(files)) {
    if (typeof label === 'string' && !names.includes(label)) return undefined;
  }
  return names;
}

function fromLabels(files: readonly LabelsOfFile[]): readonly string[] {
  const names = new Set<string>();
  const indices = new Set<number>();
  const lengths = new Map<number, number>();
  for (const { label, times } of labelled(files)) {
    if (typeof label === 'string') names.add(label);
    else if (typeof label === 'number') indices.add(label);
    else lengths.set(label.length, (lengths.get(label.length) ?? 0) + times);
  }
  if (names.size > 0) {
    if (indices.size > 0) throw firstSlip(files);
    return [...names].sort();
  }
  // Where rows of probabilities differ in length, the rarer ones are the slip.
  const [[probabilities] = [0]] = [...lengths].sort((a, b) => b[1] - a[1]);
  // Indices without a gap from 0 on, two classes at least: what lies beyond a gap is out of range.
  let count = Math.max(probabilities, 2);
  if (probabilities === 0) while (indices.has(count)) count++;
  return Array.from({ length: count }, (_, i) => String(i));
}

/** What is said of labels of the rarer kind. */
export interface MixedLabels {
  isSlip(label: RawLabel): boolean;
  problem(file: LabelledFile, row: SeenLabel): W2sError;
}

/** Names and indices in one column: the rarer kind is the slip. Undefined where there is one kind only. */
export function mixedLabels(files: readonly LabelsOfFile[]): MixedLabels | undefined {
  let named = 0;
  let indexed = 0;
  for (const { label, times } of labelled(files)) {
    if (typeof label === 'string') named += times;
    else if (typeof label === 'number') indexed += times;
  }
  return mixedKinds(named, indexed);
}

/** The same of so many rows with names and with indices. */
export function mixedKinds(named: number, indexed: number): MixedLabels | undefined {
  if (named === 0 || indexed === 0) return undefined;
  const slip = named <= indexed ? 'string' : 'number';
  const expected = slip === 'string' ? 'a class index' : 'a class name';
  return {
    isSlip: (label) => typeof label === slip,
    problem: (file, { row, label }) =>
      badField(
        placeOf(file, row),
        file.labelColumn,
        `${expected}, as in the other rows,`,
        JSON.stringify(label),
      ),
  };
}

function firstSlip(files: readonly LabelsOfFile[]): W2sError {
  const mixed = mixedLabels(files);
  const first = [...labelled(files)].find(({ label }) => mixed?.isSlip(label));
  if (mixed === undefined || first === undefined) throw new TypeError('mixed labels without labels');
  return mixed.problem(first.file, first.row);
}
