/**
 * The kinds of value a setting may have. Each takes what a flag gives (text) and what YAML, JSON or a
 * call gives (numbers, lists), and says in words what it expects: the words go into errors and docs.
 */
import { z } from 'zod';
import { isModulePath, type ModulePath } from './modulePath.js';

/** A kind of value: its schema, and what it expects in words that follow "Expected". */
export interface ValueKind<S extends z.ZodType = z.ZodType> {
  schema: S;
  expects: string;
  /** Shown in --help after the flag. */
  placeholder: string;
  choices?: readonly string[];
  /** A flag that takes no value. */
  isSwitch?: boolean;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Text that is wholly a number becomes one; anything else is left for the schema to refuse. */
export function textToNumber(value: unknown): unknown {
  return typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
}

/** A whole number from `min` to `max` (default: the largest exact one). */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return {
    schema: z.preprocess(textToNumber, z.number().int().min(min).max(max)),
    expects: `a whole number ${range}`,
    placeholder: 'N',
  } satisfies ValueKind;
}

/** A whole number of at least `min`, or one word. */
export function wholeNumberOr<const W extends string>(min: number, word: W) {
  return {
    schema: z.preprocess(textToNumber, z.union([z.number().int().min(min), z.literal(word)])),
    expects: `a whole number of at least ${min} or ${word}`,
    placeholder: `N|${word}`,
  } satisfies ValueKind;
}

/** A finite number above 0: an absurd one is free to diverge. */
export function positiveNumber() {
  return {
    schema: z.preprocess(textToNumber, z.number().positive().max(1e300)),
    expects: 'a finite number above 0',
    placeholder: 'X',
  } satisfies ValueKind;
}

/** A finite number from `min` to `max`. */
export function numberBetween(min: number, max: number = Number.MAX_VALUE) {
  return {
    schema: z.preprocess(textToNumber, z.number().min(min).max(max)),
    expects:
      max === Number.MAX_VALUE ? `a finite number of at least ${min}` : `a number from ${min} to ${max}`,
    placeholder: 'X',
  } satisfies ValueKind;
}

/** One of the named choices. */
export function choice<const T extends readonly [string, ...string[]]>(choices: T) {
  return {
    schema: z.enum(choices),
    expects: listOf(choices),
    placeholder: choices.join('|'),
    choices: choices as readonly string[],
  } satisfies ValueKind;
}

/** One of the named choices, or a module of the user's that is a further one. */
export function choiceOrModule<const T extends readonly [string, ...string[]]>(choices: T) {
  return {
    schema: z.union([z.enum(choices), z.custom<ModulePath>(isModulePath)]),
    expects: `${choices.join(', ')} or a file such as ./my-loss.mjs`,
    placeholder: `${choices.join('|')}|FILE`,
    choices: choices as readonly string[],
  } satisfies ValueKind;
}

/** A module of the user's. */
export function moduleFile(example: string) {
  return {
    schema: z.custom<ModulePath>(isModulePath),
    expects: `a file such as ${example}`,
    placeholder: 'FILE',
  } satisfies ValueKind;
}

/** Named values, each checked later against what names it; from files and calls. */
export function namedValues() {
  return {
    schema: z.record(z.string(), z.unknown()),
    expects: 'a list of keys and values',
    placeholder: 'KEYS',
  } satisfies ValueKind;
}

/** A number of a range, or one of some words. */
export function numberOrWord<const W extends readonly [string, ...string[]]>(
  min: number,
  max: number,
  ...words: W
) {
  return {
    schema: z.preprocess(textToNumber, z.union([z.number().min(min).max(max), z.enum(words)])),
    expects: `${words.length === 1 ? '' : `${words.slice(0, -1).join(', ')}, `}a number from ${min} to ${max} or ${words.at(-1)}`,
    placeholder: `X|${words.join('|')}`,
  } satisfies ValueKind;
}

/** Text that is not blank: a name, a path. */
export function text(expects: string, placeholder: string) {
  return {
    schema: z.string().refine((value) => value.trim() !== ''),
    expects,
    placeholder,
  } satisfies ValueKind;
}

/** Names between commas, or a list of them; one at least. */
export function nameList(expects: string, placeholder: string) {
  return {
    schema: z.preprocess(
      (value) => (typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value),
      z.array(z.string().refine((name) => name.trim() !== '')).min(1),
    ),
    expects,
    placeholder,
  } satisfies ValueKind;
}

/** On or off. */
export function onOff() {
  return {
    schema: z.preprocess(
      (value) => (value === 'true' ? true : value === 'false' ? false : value),
      z.boolean(),
    ),
    expects: 'true or false',
    placeholder: '',
    isSwitch: true,
  } satisfies ValueKind;
}

/** `auto`, `cpu`, `cuda` or `cuda:<index>`. */
export function device() {
  return {
    schema: z.string().regex(/^(auto|cpu|cuda(:\d{1,3})?)$/),
    expects: 'auto, cpu, cuda or cuda:<index>',
    placeholder: 'DEVICE',
    choices: ['auto', 'cpu', 'cuda'] as readonly string[],
  } satisfies ValueKind;
}

/** One seed, a list of seeds, or seeds between commas; all different. */
export function seedList() {
  const seed = z.preprocess(textToNumber, z.number().int().min(0));
  return {
    schema: z.preprocess(
      (value) => (typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value]),
      z
        .array(seed)
        .min(1)
        .refine((seeds) => new Set(seeds).size === seeds.length),
    ),
    expects: 'one or more different whole numbers of at least 0 between commas, such as 0,1,2',
    placeholder: 'N,N,…',
  } satisfies ValueKind;
}

/** "a, b or c". */
export function listOf(words: readonly string[]): string {
  const last = words[words.length - 1] ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
