/**
 * Settings come in layers: flags over a --config file over a data set's preset over defaults. A layer
 * is checked when it is read, so that an error can say where the value stood.
 */
import type { z } from 'zod';
import { type ErrorCode, W2sError } from '../errors.js';
import { camel, kebab } from './case.js';
import type { Key, Keys } from './key.js';
import { nearestOf } from './nearest.js';

/** Where a layer's values were written. */
export type Origin =
  | { kind: 'flags'; command: string }
  | { kind: 'file'; file: string; command: string }
  | { kind: 'call'; command: string }
  | { kind: 'preset'; command: string };

/** Checked values of one origin, by camelCase key. */
export interface Layer<R = Readonly<Record<string, unknown>>> {
  origin: Origin;
  values: R;
}

/** A key as its origin spells it: `--head-lr`, `head-lr in runs.yaml`, `headLr`. */
export function nameOf(key: string, origin: Origin): string {
  if (origin.kind === 'flags') return `--${kebab(key)}`;
  if (origin.kind === 'file') return `${kebab(key)} in ${origin.file}`;
  return key;
}

/** A value as an error shows it. */
export function shown(value: unknown): string {
  if (value === '' || value === undefined) return 'nothing';
  if (Array.isArray(value)) return JSON.stringify(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'object' && value !== null) return 'a list of keys';
  return String(value);
}

/** A usage or configuration error, by where the values stood. */
export function settingError(origin: Origin, message: string, hint?: string): W2sError {
  const code: ErrorCode = origin.kind === 'flags' ? 'ERR_USAGE' : 'ERR_CONFIG';
  return new W2sError(code, message, { hint: hint ?? `See: npx w2s-native ${origin.command} --help` });
}

/**
 * Checks each value against its key. Keys may be kebab-case or camelCase; `undefined` is left out, and
 * so is `null` for a key whose default is to have no value.
 * @throws ERR_USAGE or ERR_CONFIG for an unknown key or an impossible value.
 */
export function parseLayer<R>(
  keys: Keys,
  given: Readonly<Record<string, unknown>>,
  origin: Origin,
): Layer<R> {
  const values: Record<string, unknown> = {};
  for (const [written, value] of Object.entries(given)) {
    const name = origin.kind === 'call' ? written : camel(written);
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key === undefined) throw unknownKey(keys, written, origin);
    if (value === undefined || (value === null && key.default === undefined)) continue;
    values[name] = checkValue(key, name, value, origin);
  }
  return { origin, values: values as R };
}

/** An error for a name that is no key, with the nearest right one. */
export function unknownKey(keys: Keys, written: string, origin: Origin): W2sError {
  const near = nearestOf(camel(written), Object.keys(keys));
  const what =
    origin.kind === 'flags'
      ? `Expected a flag of w2s-native ${origin.command} but received --${kebab(written)}`
      : origin.kind === 'file'
        ? `Expected a setting of ${origin.command} in ${origin.file} but received the key ${written}`
        : `Expected a setting of ${origin.command} but received the key ${written}`;
  if (near === undefined) return settingError(origin, `${what}.`);
  const right = origin.kind === 'flags' ? `--${kebab(near)}` : origin.kind === 'file' ? kebab(near) : near;
  return settingError(origin, `${what}.`, `Did you mean ${right}?`);
}

function checkValue(key: Key, name: string, value: unknown, origin: Origin): unknown {
  const result: z.ZodSafeParseResult<unknown> = key.schema.safeParse(value);
  if (result.success) return result.data;
  const where = nameOf(name, origin);
  const message = `Expected ${key.expects} for ${where} but received ${shown(value)}.`;
  const near =
    key.choices !== undefined && typeof value === 'string' && value !== ''
      ? nearestOf(value, key.choices)
      : undefined;
  if (near === undefined) throw settingError(origin, message);
  throw settingError(
    origin,
    message,
    origin.kind === 'flags' ? `Did you mean --${kebab(name)} ${near}?` : `Did you mean ${near}?`,
  );
}

/** A value with the origin of the layer that said it. */
export interface Found<T> {
  value: T;
  origin: Origin;
  /** Under which key it stood. */
  key: string;
}

/** Reads layers, strongest first. */
export class Layers<R extends object> {
  constructor(
    private readonly layers: readonly Layer<R>[],
    private readonly keys: Keys,
  ) {}

  /** What the strongest layer that says anything about one of `names` says; within a layer the first name wins. */
  find<N extends keyof R & string>(...names: N[]): Found<NonNullable<R[N]>> | undefined {
    for (const { values, origin } of this.layers) {
      for (const name of names) {
        const value = values[name];
        if (value !== undefined && value !== null) return { value, origin, key: name };
      }
    }
    return undefined;
  }

  /** The same, or undefined. */
  maybe<N extends keyof R & string>(...names: N[]): NonNullable<R[N]> | undefined {
    return this.find(...names)?.value;
  }

  /** The same, or the default of the last name. */
  value<N extends keyof R & string>(...names: N[]): NonNullable<R[N]> {
    const found = this.maybe(...names);
    if (found !== undefined) return found;
    const fallback = this.keys[names[names.length - 1] ?? '']?.default;
    if (fallback === undefined) throw new Error(`no default for ${names.join(', ')}`);
    return fallback as NonNullable<R[N]>;
  }

  /** The strongest layer's origin, for errors about what nobody said. */
  get origin(): Origin {
    return this.layers[0]?.origin ?? { kind: 'call', command: 'train' };
  }

  /** These layers with a weaker one below. */
  over(layer: Layer<R>): Layers<R> {
    return new Layers([...this.layers, layer], this.keys);
  }
}

/** The error for a setting that must be given and was not. */
export function missing(origin: Origin, key: string, why: string, hint: string): W2sError {
  const name = origin.kind === 'call' ? key : `--${kebab(key)}`;
  return settingError(origin, `Expected ${name} ${why} but received nothing.`, hint);
}
