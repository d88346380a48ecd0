/**
 * What happens between labels and student, written in TypeScript: labels of the transfer half in, labels out, with
 * weights, or with rows left out. The truth is not among what a relabelling sees.
 */

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { checkDefinitionName, marked } from '../config/definition.js';
import { isZodObject, parseParams } from '../config/parseParams.js';
import { W2sError } from '../errors.js';
import { thrownBy } from './userCode.js';

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
  /** Schema of its own parameters; each is a flag. Absent: it has none. */
  params?: z.ZodType<Params>;
  /** What it reads beside the labels; absent: nothing. */
  needs?: readonly RelabelNeed[];
  /** Called once, with all rows of the transfer half. */
  apply(input: RelabelInput<Params>): RelabelOutput | Promise<RelabelOutput>;
}

/** What of a relabelling is hashed into a step. */
export interface RelabelIdentity {
  name: string;
  /** sha256 of the code: a changed relabelling is another experiment. */
  source: string;
  params: Readonly<Record<string, unknown>>;
}

/** Rows and labels as a relabelling with its parameters sees them. */
export type BoundRelabelInput = Omit<RelabelInput<unknown>, 'params'>;

/** A relabelling with its parameters filled in: what a step runs, and what its hash is taken of. */
export interface BoundRelabel extends RelabelIdentity {
  needs: readonly RelabelNeed[];
  /** Labels of rows, checked: ERR_DATA naming the row whose label or weight is none. */
  apply(input: BoundRelabelInput): Promise<Relabelled>;
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
 * @throws ERR_ARGUMENT where name, params, needs or apply are not of that shape
 */
export function defineRelabel<Params = Record<string, never>>(
  definition: RelabelDefinition<Params>,
): RelabelDefinition<Params> {
  checkDefinitionName('relabel', definition?.name);
  const { name, params, needs, apply } = definition;
  const wrong =
    typeof apply !== 'function'
      ? 'a function for apply'
      : params !== undefined && !isZodObject(params)
        ? 'a zod object, z.object({ … }), for params'
        : needs?.some((need) => need !== 'zeroShot' && need !== 'hidden')
          ? "a list of 'zeroShot' and 'hidden' for needs"
          : undefined;
  if (wrong !== undefined) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected ${wrong} of relabelling ${name} but received something else`,
      {
        hint: `Write: defineRelabel({ name: '${name}', params: z.object({}), apply({ labels, classes, rows }) { … } })`,
      },
    );
  }
  return marked('relabel', definition);
}

/** Bound relabellings of this process by code and parameters: a plan names them, and steps find them here. */
const bound = new Map<string, BoundRelabel>();

const keyOf = ({ source, params }: Pick<RelabelIdentity, 'source' | 'params'>): string =>
  `${source} ${JSON.stringify(params)}`;

/**
 * Fills in a relabelling's parameters.
 * @param source sha256 of the module that it comes from; absent: of `apply` itself
 * @throws ERR_USAGE where its schema refuses them
 */
export function bindRelabel<Params>(
  definition: RelabelDefinition<Params>,
  given: unknown = {},
  source: string = createHash('sha256').update(definition.apply.toString()).digest('hex'),
): BoundRelabel {
  const { name } = definition;
  const params = parseParams('relabelling', definition, given);
  const relabel: BoundRelabel = {
    name,
    source,
    params: JSON.parse(JSON.stringify(params)) as Readonly<Record<string, unknown>>,
    needs: definition.needs ?? [],
    apply: async (input) => checked(name, input, await answerOf(definition, { ...input, params })),
  };
  bound.set(keyOf(relabel), relabel);
  return relabel;
}

async function answerOf<Params>(
  { name, apply }: RelabelDefinition<Params>,
  input: RelabelInput<Params>,
): Promise<RelabelOutput> {
  try {
    return await apply(input);
  } catch (cause) {
    throw thrownBy(`labels from relabelling ${name}`, cause);
  }
}

/** The relabelling that a plan names. @throws ERR_ARGUMENT where nobody has bound it in this process */
export function boundRelabel(identity: RelabelIdentity): BoundRelabel {
  const relabel = bound.get(keyOf(identity));
  if (relabel !== undefined) return relabel;
  throw new W2sError('ERR_ARGUMENT', `Expected the code of relabelling ${identity.name} but received none`);
}

/** How far the probabilities of a row may be from 1 together: what a matrix of 32-bit floats brings. */
const SUM_TOLERANCE = 1e-4;

/**
 * Whether what a relabelling gave is labels of these rows.
 * @throws ERR_DATA naming the relabelling, the row and the field
 */
function checked(
  name: string,
  { rows, classes }: BoundRelabelInput,
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
