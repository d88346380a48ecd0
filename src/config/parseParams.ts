/** Parameters of what a user's module defines, as its schema parses them. */
import type { z } from 'zod';
import { W2sError } from '../errors.js';
import { kebab } from './case.js';

/** What has parameters. */
export interface Parametrised<Params> {
  name: string;
  params?: z.ZodType<Params>;
}

/** Whether a schema is a zod object, of this copy of zod or another: only its keys can be flags. */
export function isZodObject(value: unknown): value is z.ZodObject {
  const { shape, safeParse } = (value ?? {}) as { shape?: unknown; safeParse?: unknown };
  return typeof shape === 'object' && shape !== null && typeof safeParse === 'function';
}

/**
 * Fills in defaults and checks.
 * @param noun what it is, for messages
 * @throws ERR_USAGE naming the parameter
 */
export function parseParams<Params>(
  noun: string,
  { name, params }: Parametrised<Params>,
  given: unknown,
): Params {
  if (params === undefined) return {} as Params;
  const parsed = params.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join('.') ?? '';
  const [key = ''] = issue?.path.map(String) ?? [];
  const isMissing = key !== '' && !Object.hasOwn((given ?? {}) as object, key);
  throw new W2sError(
    'ERR_USAGE',
    isMissing
      ? `Expected a value for the parameter ${key} of ${noun} ${name} but received nothing.`
      : `Expected valid parameters for ${noun} ${name} but received, for ${at === '' ? 'all of them' : at}: ${issue?.message ?? ''}`,
    {
      cause: parsed.error,
      ...(isMissing ? { hint: `Add --${kebab(key)} VALUE, or give it a default in the schema` } : {}),
    },
  );
}
