/**
 * Losses written in TypeScript. A loss of classes sees only a [B · K] matrix of logits and one of targets, so the
 * model below runs at full native speed: forward, `apply`, backward.
 */

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { checkDefinitionName, marked } from '../config/definition.js';
import { isZodObject, parseParams } from '../config/parseParams.js';
import { W2sError } from '../errors.js';
import { thrownBy } from './userCode.js';

/** One optimizer batch, and where in training it stands. */
export interface LossInput<Params> {
  /** [B · K], row by row. */
  logits: Float32Array;
  /** Target probabilities [B · K]. */
  targets: Float32Array;
  /** K. */
  classes: number;
  /** The parameters given, and the defaults of the rest. */
  params: Params;
  /** k / T, of optimizer step k = 0 … T − 1. */
  progress: number;
}

/** What a loss says of a batch. */
export interface LossOutput {
  /** The whole batch's objective, a mean over its examples. */
  loss: number;
  /** Its gradient by the logits [B · K]. */
  dLogits: Float32Array;
}

/** A loss of your own: its name, its parameters, and the computation. */
export interface LossDefinition<Params = unknown, Detached = undefined> {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** Schema of the loss's own parameters; each is a flag. Absent: it has none. */
  params?: z.ZodType<Params>;
  /**
   * What is computed from the logits but taken as constant, such as a hardened prediction that serves as a target:
   * no gradient flows through it. Computed once a batch and given to `apply`, which must not compute it again.
   */
  detached?(input: LossInput<Params>): Detached;
  /** Called once for each optimizer batch. */
  apply(input: LossInput<Params> & { detached: Detached }): LossOutput;
}

/** What of a loss is hashed into a step. */
export interface LossIdentity {
  name: string;
  /** sha256 of the code: a changed loss is another experiment. */
  source: string;
  params: Readonly<Record<string, unknown>>;
}

/** A batch as a loss with its parameters sees it. */
export type BoundInput = Omit<LossInput<unknown>, 'params'>;

/** A loss with its parameters filled in: what a step runs, and what its hash is taken of. */
export interface BoundLoss extends LossIdentity {
  /** Loss and gradient of a batch, checked: ERR_USAGE on wrong shapes, ERR_NOT_FINITE on a gradient that is not finite. */
  apply(input: BoundInput): LossOutput;
  /** What `apply` holds constant, of a batch. */
  detached(input: BoundInput): unknown;
  /** The loss of a batch where what is held constant was computed elsewhere. */
  applyWith(input: BoundInput, detached: unknown): LossOutput;
}

/**
 * Declares a loss: `defineLoss({ name, params: z.object({…}), apply({ logits, targets, classes, params, progress })
 * { … return { loss, dLogits } } })`.
 * @throws ERR_ARGUMENT where name, params or functions are not of that shape
 */
export function defineLoss<Params = Record<string, never>, Detached = undefined>(
  definition: LossDefinition<Params, Detached>,
): LossDefinition<Params, Detached> {
  checkDefinitionName('loss', definition?.name);
  const { name, params, detached, apply } = definition;
  const wrong =
    typeof apply !== 'function'
      ? 'a function for apply'
      : detached !== undefined && typeof detached !== 'function'
        ? 'a function for detached'
        : params !== undefined && !isZodObject(params)
          ? 'a zod object, z.object({ … }), for params'
          : undefined;
  if (wrong !== undefined) {
    throw new W2sError('ERR_ARGUMENT', `Expected ${wrong} of loss ${name} but received something else`, {
      hint: `Write: defineLoss({ name: '${name}', params: z.object({}), apply({ logits, targets, classes }) { … } })`,
    });
  }
  return marked('loss', definition);
}

/** Bound losses of this process by code and parameters: a plan names them, and steps find them here. */
const bound = new Map<string, BoundLoss>();

const keyOf = ({ source, params }: Pick<LossIdentity, 'source' | 'params'>): string =>
  `${source} ${JSON.stringify(params)}`;

/**
 * Fills in a loss's parameters.
 * @param source sha256 of the code, where more of it is known than the definition's own functions
 * @throws ERR_USAGE where the schema refuses the parameters
 */
export function bindLoss<Params, Detached>(
  definition: LossDefinition<Params, Detached>,
  given: unknown = {},
  source: string = sourceOf(definition),
): BoundLoss {
  const { name } = definition;
  const params = parseParams('loss', definition, given);
  const detached = (input: BoundInput) =>
    told(`detached of loss ${name}`, () => definition.detached?.({ ...input, params }) as Detached);
  const applyWith = (input: BoundInput, constant: unknown) => {
    const own = { ...input, params, detached: constant as Detached };
    return checked(
      name,
      input,
      told(`apply of loss ${name}`, () => definition.apply(own)),
    );
  };
  const loss: BoundLoss = {
    name,
    source,
    params: JSON.parse(JSON.stringify(params)) as Readonly<Record<string, unknown>>,
    detached,
    applyWith,
    apply: (input) => applyWith(input, detached(input)),
  };
  bound.set(keyOf(loss), loss);
  return loss;
}

/** The loss that a plan names. @throws ERR_ARGUMENT where nobody has bound it in this process */
export function boundLoss(identity: LossIdentity): BoundLoss {
  const loss = bound.get(keyOf(identity));
  if (loss !== undefined) return loss;
  throw new W2sError('ERR_ARGUMENT', `Expected the code of loss ${identity.name} but received none`);
}

/** What a function of the user's gives; what it throws names it. */
function told<Result>(whose: string, call: () => Result): Result {
  try {
    return call();
  } catch (cause) {
    throw thrownBy(`a result from ${whose}`, cause);
  }
}

interface Code {
  toString(): string;
}

/** sha256 of the functions of a definition; what they call is not looked at. */
function sourceOf({ apply, detached }: { apply: Code; detached?: Code }): string {
  const hash = createHash('sha256').update(apply.toString());
  if (detached !== undefined) hash.update(detached.toString());
  return hash.digest('hex');
}

function checked(name: string, input: BoundInput, output: LossOutput): LossOutput {
  const wrong = (expected: string, received: string) =>
    new W2sError('ERR_USAGE', `Expected ${expected} of loss ${name} but received ${received}`, {
      hint: 'Return { loss, dLogits } from apply: a number, and a Float32Array of B · K numbers',
    });
  if (typeof output !== 'object' || output === null)
    throw wrong('{ loss, dLogits } from apply', kind(output));
  const { loss, dLogits } = output;
  if (typeof loss !== 'number') throw wrong('a number for loss', kind(loss));
  if (!(dLogits instanceof Float32Array)) throw wrong('a Float32Array for dLogits', kind(dLogits));
  const { length } = input.logits;
  if (dLogits.length !== length) throw wrong(`${length} numbers for dLogits`, String(dLogits.length));
  // A loss that is not finite is told by the training loop, with its step.
  if (Number.isFinite(loss)) requireFinite(name, input, dLogits);
  return output;
}

function kind(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return typeof value === 'object' ? value.constructor.name : `a ${typeof value}`;
}

function requireFinite(name: string, { classes, logits, targets }: BoundInput, dLogits: Float32Array): void {
  const at = dLogits.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  const row = Math.floor(at / classes);
  const of = (matrix: Float32Array) => Array.from(matrix.subarray(row * classes, (row + 1) * classes));
  throw new W2sError(
    'ERR_NOT_FINITE',
    `Expected finite numbers for dLogits of loss ${name} but received ${dLogits[at]} at row ${row}, class ${at - row * classes}, where logits are ${short(of(logits))} and targets ${short(of(targets))}`,
    { hint: 'Mend the loss: subtract the largest logit before exp, and keep logarithms from 0' },
  );
}

/** The first numbers of a row, for a message. */
function short(values: readonly number[]): string {
  const shown = values.slice(0, 6).map((value) => +value.toPrecision(4));
  return `[${shown.join(', ')}${values.length > 6 ? ', …' : ''}]`;
}
