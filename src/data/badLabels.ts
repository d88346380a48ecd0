import { isW2sError, type W2sError } from '../errors.js';
import { type ClassMap, type LabelledFile, mixedLabels, type SeenLabel } from './classes.js';
import type { RawExample } from './formats/index.js';
import type { ParsedFile } from './parsedFile.js';
import { mapInSlices } from './sources/source.js';

/**
 * What `--skip-bad-rows` does about labels that are fine by themselves and do not go with the others: the rows
 * are left out and counted with those that could not be read.
 */

/** Names among indices, or indices among names: the rarer kind goes. */
export function withoutMixedLabels(parsed: ParsedFile): Promise<ParsedFile> {
  const mixed = mixedLabels([parsed]);
  return leaveOut(parsed, (row) =>
    mixed !== undefined && row.label !== undefined && mixed.isSlip(row.label)
      ? mixed.problem(parsed, row)
      : undefined,
  );
}

/** Labels that fit no class of the data set. */
export function withoutStrangeLabels(parsed: ParsedFile, classes: ClassMap): Promise<ParsedFile> {
  return leaveOut(parsed, (row) => strangeLabel(parsed, row, classes));
}

/** What is wrong with a label that fits no class; undefined: nothing. */
export function strangeLabel(
  file: LabelledFile,
  { label, row }: SeenLabel,
  classes: ClassMap,
): W2sError | undefined {
  try {
    if (label !== undefined) classes.vector(label, file, row);
    return undefined;
  } catch (error) {
    if (isW2sError(error)) return error;
    throw error;
  }
}

async function leaveOut(
  parsed: ParsedFile,
  problemOf: (row: RawExample) => W2sError | undefined,
): Promise<ParsedFile> {
  const problems = await mapInSlices(parsed.rows, problemOf);
  const found = problems.filter((problem) => problem !== undefined);
  const [first] = found;
  if (first === undefined) return parsed;
  return {
    ...parsed,
    rows: parsed.rows.filter((_, i) => problems[i] === undefined),
    skipped: parsed.skipped + found.length,
    firstProblem: parsed.firstProblem ?? first.message,
  };
}
