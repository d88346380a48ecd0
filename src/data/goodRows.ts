import { strangeLabel } from './badLabels.js';
import { type ClassMap, type MixedLabels, mixedKinds, type SeenLabel } from './classes.js';
import type { RawExample } from './formats/index.js';
import { noRows, type OpenedFile, SkippedRows } from './readFile.js';

/**
 * What `--skip-bad-rows` leaves of a file that is never whole in memory. Which labels are bad beside the others is
 * known once the file was read from end to end; then the good rows are read.
 */

/** What reading a file from end to end has told. */
export interface CheckedFile {
  /** Good rows. */
  count: number;
  /** Bad rows that are left out. */
  skipped: number;
  /** What is wrong with the first of them. */
  firstProblem?: string;
  /** Which labels are bad beside the others; absent: none. */
  isSlip?: MixedLabels['isSlip'];
}

export interface GoodRowsOptions {
  /** Names and indices may not stand in one column. */
  oneKind: boolean;
  /** Classes that labels have to fit; undefined: any label will do. */
  classes: ClassMap | undefined;
}

/** Reads a file from end to end. Throws ERR_DATA where no row can be read. */
export async function checkSkipping(
  opened: OpenedFile,
  { oneKind, classes }: GoodRowsOptions,
): Promise<CheckedFile> {
  const unreadable = new SkippedRows();
  const kinds = { string: new LabelKind(), number: new LabelKind(), object: new LabelKind() };
  let rows = 0;
  for await (const chunk of opened.examples({ onProblem: unreadable.add })) {
    for (const row of chunk) {
      rows++;
      if (row.label === undefined) continue;
      const problem = classes && strangeLabel(opened, row, classes);
      kinds[typeof row.label as keyof typeof kinds].add(row, rows, problem?.message);
    }
  }
  if (rows === 0) throw noRows(opened, unreadable.count, unreadable.first);
  const mixed = oneKind ? mixedKinds(kinds.string.rows, kinds.number.rows) : undefined;
  const [slips, others] = parted(Object.values(kinds), (kind) => mixed !== undefined && kind.isOf(mixed));
  const strange = others.reduce((sum, kind) => sum + kind.strange, 0);
  const left = slips.reduce((sum, kind) => sum + kind.rows, 0) + strange;
  const slip = slips[0]?.first;
  const firstProblem =
    unreadable.first ?? (slip && mixed?.problem(opened, slip).message) ?? firstStrange(others);
  return {
    count: rows - left,
    skipped: unreadable.count + left,
    ...(firstProblem === undefined ? {} : { firstProblem }),
    ...(mixed === undefined ? {} : { isSlip: mixed.isSlip }),
  };
}

/** The good rows of a file that was read from end to end. */
export async function* goodRows(
  opened: OpenedFile,
  { isSlip }: CheckedFile,
  classes: ClassMap | undefined,
): AsyncGenerator<readonly RawExample[]> {
  const isGood = (row: RawExample): boolean =>
    row.label === undefined ||
    !(isSlip?.(row.label) || (classes && strangeLabel(opened, row, classes) !== undefined));
  // Ids are looked at again: of two rows with one id the second is bad.
  for await (const chunk of opened.examples({ onProblem: () => {} })) yield chunk.filter(isGood);
}

/** Rows whose labels are of one kind: names, indices or probabilities. */
class LabelKind {
  rows = 0;
  first: SeenLabel | undefined;
  /** Those among them that fit no class: how many, and the first by its place among all rows. */
  strange = 0;
  firstStrange: { place: number; message: string } | undefined;

  add({ row, label }: SeenLabel, place: number, problem: string | undefined): void {
    this.rows++;
    this.first ??= { row, ...(label === undefined ? {} : { label }) };
    if (problem === undefined) return;
    this.strange++;
    this.firstStrange ??= { place, message: problem };
  }

  /** Whether these are the slips. */
  isOf({ isSlip }: MixedLabels): boolean {
    return this.first?.label !== undefined && isSlip(this.first.label);
  }
}

function firstStrange(kinds: readonly LabelKind[]): string | undefined {
  const found = kinds.map((kind) => kind.firstStrange).filter((first) => first !== undefined);
  return found.sort((a, b) => a.place - b.place)[0]?.message;
}

function parted<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
