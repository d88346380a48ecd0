/**
 * Losses written in TypeScript. A classification loss sees only a [B · K] matrix of logits and one of
 * targets, so the model below runs at full native speed: forward, `apply`, backward.
 */

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { W2sError } from '../errors.js';

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
export interface LossDefinition<Params = unknown> {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** Schema of the loss's own parameters. */
  params: z.ZodType<Params>;
  /** Called once for each optimizer batch. */
  apply(input: LossInput<Params>): LossOutput;
}

/** A loss with its parameters filled in: what a step runs, and what its hash is taken of. */
export interface BoundLoss {
  name: string;
  /** sha256 of the code: a changed loss is another experiment. */
  source: string;
  params: Readonly<Record<string, unknown>>;
  apply(input: Omit<LossInput<unknown>, 'params'>): LossOutput;
}

/**
 * Declares a loss: `defineLoss({ name, params: z.object({…}), apply({ logits, targets, classes, params,
 * progress }) { … return { loss, dLogits } } })`.
 */
export function defineLoss<Params>(definition: LossDefinition<Params>): LossDefinition<Params> {
  if (!/^[a-z][a-z0-9-]*$/.test(definition.name)) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected lower-case letters, digits and dashes for a loss's name but received ${JSON.stringify(definition.name)}`,
    );
  }
  return definition;
}

/** Fills in a loss's parameters. Throws ERR_USAGE where its schema refuses them. */
export function bindLoss<Params>(definition: LossDefinition<Params>, given: unknown = {}): BoundLoss {
  const parsed = definition.params.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new W2sError(
      'ERR_USAGE',
      `Expected valid parameters for loss ${definition.name} but received: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
      { cause: parsed.error },
    );
  }
  const params = parsed.data;
  return {
    name: definition.name,
    source: createHash('sha256').update(definition.apply.toString()).digest('hex'),
    params: JSON.parse(JSON.stringify(params)) as Readonly<Record<string, unknown>>,
    apply: (input) => checked(definition.name, input, definition.apply({ ...input, params })),
  };
}

function checked(name: string, input: { logits: Float32Array }, output: LossOutput): LossOutput {
  if (output.dLogits.length !== input.logits.length) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected ${input.logits.length} numbers for dLogits of loss ${name} but received ${output.dLogits.length}`,
    );
  }
  return output;
}
