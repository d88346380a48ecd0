/**
 * Parameters that a user's module declares by a zod object, as settings: each is a flag of its own, with the help,
 * range and default that the schema says.
 */
import { z } from 'zod';
import { isW2sError, W2sError } from '../errors.js';
import { kebab } from './case.js';
import type { Key, Keys, ModuleGroup } from './key.js';
import { type Origin, parseLayer } from './layers.js';
import { isZodObject } from './parseParams.js';
import { listOf, textToNumber } from './values.js';

/** What a JSON Schema says of one parameter, as far as help and messages need it. */
interface Shape {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Shape[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** The parameters of a module, as settings. */
export interface ModuleParams {
  /** Such as `loss sharpened (./my-loss.mjs)`, for messages. */
  of: string;
  /** By the schema's own names. */
  keys: Keys;
}

/**
 * Settings of a module's parameters.
 * @param title heading of their flags in --help, such as `Loss my-loss`
 * @param schema a zod object; of any other schema there are no parameters
 * @throws ERR_CONFIG for a name that could be no flag
 */
export function moduleParams(title: ModuleGroup, of: string, schema: unknown): ModuleParams {
  if (!isZodObject(schema)) return { of, keys: {} };
  for (const name of Object.keys(schema.shape)) {
    if (/^[a-z][A-Za-z0-9]*$/.test(name)) continue;
    throw new W2sError(
      'ERR_CONFIG',
      `Expected letters and digits, as in alphaMax, for the name of a parameter of ${of} but received ${JSON.stringify(name)}.`,
      { hint: 'Rename it in the module: it becomes a flag, such as --alpha-max' },
    );
  }
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Shape>;
  };
  const keys = Object.entries(schema.shape).map(([name, one]): [string, Key] => [
    name,
    paramKey(title, one as z.ZodType, json.properties?.[name] ?? {}),
  ]);
  return { of, keys: Object.fromEntries(keys) };
}

function paramKey(group: ModuleGroup, schema: z.ZodType, shape: Shape): Key {
  const isSwitch = shape.type === 'boolean';
  const choices = choicesOf(shape);
  return {
    // The module's own schema parses it again, with the other parameters: what it makes of it would be made twice.
    schema: z
      .unknown()
      .transform((value) => fromText(value, shape))
      .refine((value) => schema.safeParse(value).success),
    expects: expectsOf(shape),
    placeholder: placeholderOf(shape),
    group,
    describe: shape.description ?? '',
    ...(isSwitch ? { isSwitch } : {}),
    ...(choices === undefined ? {} : { choices }),
    ...(shape.default === undefined ? {} : { defaultWords: wordsOf(shape.default) }),
  };
}

const wordsOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function choicesOf({ enum: values, const: only }: Shape): string[] | undefined {
  if (only !== undefined) return [String(only)];
  return values?.map(String);
}

/** What was typed, as the kind of value that the schema takes. */
function fromText(value: unknown, shape: Shape): unknown {
  if (typeof value !== 'string') return value;
  const kinds = [shape, ...(shape.anyOf ?? [])];
  const takes = (...types: string[]) => kinds.some(({ type }) => type !== undefined && types.includes(type));
  if (takes('number', 'integer')) {
    const number = textToNumber(value);
    if (typeof number === 'number') return number;
  }
  if (takes('boolean') && (value === 'true' || value === 'false')) return value === 'true';
  if (takes('array', 'object') && /^\s*[[{]/.test(value)) {
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }
  return value;
}

function placeholderOf(shape: Shape): string {
  const choices = choicesOf(shape);
  if (choices !== undefined) return choices.join('|');
  if (shape.anyOf !== undefined) return shape.anyOf.map(placeholderOf).join('|');
  if (shape.type === 'boolean') return '';
  return { number: 'X', integer: 'N', array: 'JSON', object: 'JSON' }[shape.type ?? ''] ?? 'TEXT';
}

function expectsOf(shape: Shape): string {
  const choices = choicesOf(shape);
  if (choices !== undefined) return listOf(choices);
  if (shape.anyOf !== undefined) return shape.anyOf.map(expectsOf).join(' or ');
  if (shape.type === 'boolean') return 'true or false';
  if (shape.type === 'number' || shape.type === 'integer') return numberWords(shape);
  return { array: 'a JSON array', object: 'a JSON object', string: 'text' }[shape.type ?? ''] ?? 'a value';
}

function numberWords({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Shape): string {
  // What JSON Schema says of any integer of zod's is no limit that anybody set.
  const real = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  const low = real(minimum);
  const high = real(maximum);
  const parts = [
    ...(low === undefined ? [] : [`of at least ${low}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(high === undefined ? [] : [`of at most ${high}`]),
    ...(exclusiveMaximum === undefined ? [] : [`below ${exclusiveMaximum}`]),
  ];
  const noun = type === 'integer' ? 'a whole number' : 'a number';
  return [noun, parts.join(' and ')].filter((part) => part !== '').join(' ');
}

/**
 * Refuses parameters that a flag of the command has the name of: which of the two `--lr` means could not be said.
 * @param flags every flag of the command, and whose it is where it is another module's
 * @throws ERR_CONFIG naming both
 */
export function checkClashes(
  command: string,
  { of, keys }: ModuleParams,
  flags: ReadonlyMap<string, string>,
): void {
  for (const name of Object.keys(keys)) {
    const flag = kebab(name);
    const taken = flags.has(flag)
      ? flag
      : flag.startsWith('no-') && flags.has(flag.slice(3))
        ? flag.slice(3)
        : undefined;
    if (taken === undefined) continue;
    throw new W2sError(
      'ERR_CONFIG',
      `Expected a name of its own for the parameter "${name}" of ${of} but received one whose flag, --${flag}, is taken by --${taken} of ${flags.get(taken) ?? command}.`,
      { hint: `Rename it in the module, such as: my${name.charAt(0).toUpperCase()}${name.slice(1)}` },
    );
  }
}

/**
 * Checks parameters that a --config file or a call gives.
 * @throws ERR_USAGE or ERR_CONFIG for an unknown one (with the nearest right name) or an impossible value.
 */
export function checkParams(
  { of, keys }: ModuleParams,
  given: Readonly<Record<string, unknown>>,
  origin: Origin,
): Readonly<Record<string, unknown>> {
  try {
    return parseLayer<Readonly<Record<string, unknown>>>(keys, given, { ...origin, command: of }).values;
  } catch (error) {
    if (!isW2sError(error) || error.hint?.startsWith('See:') !== true) throw error;
    const names = Object.keys(keys).join(', ');
    throw new W2sError(error.code, error.message, {
      hint: names === '' ? 'It has no parameters' : `Its parameters: ${names}`,
    });
  }
}
