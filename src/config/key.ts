/** One setting: what it may hold, its default, its help. */
import type { z } from 'zod';
import type { ValueKind } from './values.js';

/** Headings of --help and of the reference. */
export type KeyGroup = 'Experiment' | 'Data' | 'Training' | 'Machine' | 'Output' | ModuleGroup;

/** Heading of the parameters that a user's module brings. */
export type ModuleGroup = `${'Loss' | 'Relabelling' | 'Experiment'} ${string}`;

export interface Key<S extends z.ZodType = z.ZodType> extends ValueKind<S> {
  group: KeyGroup;
  describe: string;
  /** Used where no flag, file or preset says anything. */
  default?: z.output<S>;
  /** Words for a default that depends on other settings. */
  defaultWords?: string;
  /** A key of files and calls alone. */
  notAsFlag?: true;
}

type KeyInfo<S extends z.ZodType> = Omit<Key<S>, keyof ValueKind>;

/** A setting of some kind of value. */
export function key<S extends z.ZodType>(kind: ValueKind<S>, info: KeyInfo<S>): Key<S> {
  return { ...kind, ...info };
}

export type Keys = Readonly<Record<string, Key>>;

/** What a layer may say: each key, checked, or nothing. */
export type Raw<K extends Keys> = { -readonly [N in keyof K]?: z.output<K[N]['schema']> | undefined };
