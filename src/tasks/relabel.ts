/**
 * What happens between labels and student, written in TypeScript: labels of the transfer half in, labels out, with
 * weights, or with rows left out. The truth is not among what a relabelling sees.
 */

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { W2sError } from '../errors.js';

/** A row as a relabelling sees it. */
export interface RelabelRow {
  id: string;
  /** Rows of one group belong together: answers of one question, positions of one game. */
  group: string;
  text?: string;
  prompt?: string;
  completions?: readonly string[];
}

/** Hidden states of a frozen model, one row of D numbers an example. */
export interface Hidden {
  /** [N · D], row by row. */
  values: Float32Array;
  /** D. */
  dimension: number;
}

/** What a relabelling is told of N rows with K classes. */
export interface RelabelInput<Params> {
  /** Probability of each class [N · K], row by row: the labels so far. */
  labels: Float64Array;
  /** K. */
  classes: number;
  /** The student's own probabilities before any training [N · K]; null unless `needs` names them. */
  zeroShot: Float64Array | null;
  /** The student's last hidden states before any training; null unless `needs` names them. */
  hidden: Hidden | null;
  rows: readonly RelabelRow[];
  /** The parameters given, and the defaults of the rest. */
  params: Params;
  /** The experiment's; the only source of chance that gives the same labels again. */
  seed: number;
}

/** What a relabelling makes of the labels. */
export interface RelabelOutput {
  /** Probability of each class [N · K]; every row sums to 1. */
  labels: ArrayLike<number>;
  /** How much each row counts in the student's loss [N], 0 or more; absent: all alike, 1. */
  weights?: ArrayLike<number>;
  /** Whether the student learns from a row at all [N]; absent: from all. */
  keep?: ArrayLike<boolean | number>;
}

/** What a relabelling may ask for beside the labels: each costs a pass of the student over the transfer half. */
export type RelabelNeed = 'zeroShot' | 'hidden';

/** A relabelling of your own: its name, its parameters, and the computation. */
export interface RelabelDefinition<Params = unknown> {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** Schema of its own parameters. */
  params: z.ZodType<Params>;
  /** What it reads beside the labels; absent: nothing. */
  needs?: readonly RelabelNeed[];
  /** Called once, with all rows of the transfer half. */
  apply(input: RelabelInput<Params>): RelabelOutput | Promise<RelabelOutput>;
}

/** A relabelling with its parameters filled in: what a step runs, and what its hash is taken of. */
export interface BoundRelabel {
  name: string;
  /** sha256 of the code: a changed relabelling is another experiment. */
  source: string;
  params: Readonly<Record<string, unknown>>;
  needs: readonly RelabelNeed[];
  apply(input: Omit<RelabelInput<unknown>, 'params'>): Promise<Relabelled>;
}

/** A relabelling's answer, checked. */
export interface Relabelled {
  /** [N · K]. */
  labels: Float64Array;
  /** [N]; null: all alike. */
  weights: Float64Array | null;
  /** 1 for a row that is kept [N]; null: all. */
  keep: Uint8Array | null;
}

/**
 * Declares a relabelling: `defineRelabel({ name, params: z.object({…}), apply({ labels, classes, zeroShot, hidden,
 * rows, params, seed }) { … return { labels, weights, keep } } })`.
 */
export function defineRelabel<Params>(definition: RelabelDefinition<Params>): RelabelDefinition<Params> {
  if (!/^[a-z][a-z0-9-]*$/.test(definition.name)) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected lower-case letters, digits and dashes for a relabelling's name but received ${JSON.stringify(definition.name)}`,
    );
  }
  return definition;
}

/**
 * Fills in a relabelling's parameters.
 * @param source sha256 of the module that it comes from; absent: of `apply` itself
 * @throws ERR_USAGE where its schema refuses them
 */
export function bindRelabel<Params>(
  definition: RelabelDefinition<Params>,
  given: unknown = {},
  source?: string,
): BoundRelabel {
  const parsed = definition.params.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new W2sError(
      'ERR_USAGE',
      `Expected valid parameters for relabelling ${definition.name} but received: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
      { cause: parsed.error },
    );
  }
  const params = parsed.data;
  return {
    name: definition.name,
    source: source ?? createHash('sha256').update(definition.apply.toString()).digest('hex'),
    params: JSON.parse(JSON.stringify(params)) as Readonly<Record<string, unknown>>,
    needs: definition.needs ?? [],
    apply: async (input) => checked(definition.name, input, await definition.apply({ ...input, params })),
  };
}

/** How far the probabilities of a row may be from 1 together: what a matrix of 32-bit floats brings. */
const SUM_TOLERANCE = 1e-4;

/**
 * Whether what a relabelling gave is labels of these rows.
 * @throws ERR_DATA naming the relabelling, the row and the field
 */
function checked(
  name: string,
  { rows, classes }: Omit<RelabelInput<unknown>, 'params'>,
  { labels, weights, keep }: RelabelOutput,
): Relabelled {
  const expect = (field: string, wanted: number, length: number | undefined): void => {
    if (length === wanted) return;
    throw new W2sError(
      'ERR_DATA',
      `Expected ${wanted} numbers for ${field} of relabelling ${name} but received ${length ?? 'none'}`,
    );
  };
  expect('labels', rows.length * classes, labels?.length);
  if (weights) expect('weights', rows.length, weights.length);
  if (keep) expect('keep', rows.length, keep.length);
  rows.forEach(({ id }, i) => {
    checkLabel(
      name,
      id,
      Array.from({ length: classes }, (_, k) => labels[i * classes + k] as number),
    );
    if (weights && !(Number.isFinite(weights[i]) && (weights[i] as number) >= 0)) {
      throw badRow(name, id, 'a finite weight of at least 0', String(weights[i]));
    }
  });
  return {
    labels: Float64Array.from(labels),
    weights: weights ? Float64Array.from(weights) : null,
    keep: keep ? Uint8Array.from({ length: keep.length }, (_, i) => (keep[i] ? 1 : 0)) : null,
  };
}

function checkLabel(name: string, id: string, label: readonly number[]): void {
  const sum = label.reduce((total, p) => total + p, 0);
  if (label.every((p) => p >= 0) && Math.abs(sum - 1) <= SUM_TOLERANCE) return;
  throw badRow(name, id, 'probabilities that sum to 1', `[${label.join(', ')}]`);
}

function badRow(name: string, id: string, expected: string, received: string): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected ${expected} from relabelling ${name} for row "${id}" but received ${received}`,
  );
}
