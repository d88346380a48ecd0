/** Names of steps: a hash of everything that determines a step's result. */

import { createHash } from 'node:crypto';
import type { StepHash, StepSpec } from './plan.js';

/**
 * JSON with sorted keys and no blanks: equal values give equal text. Properties that are `undefined` are
 * left out, as JSON.stringify does; a number that JSON cannot hold is refused, because it would become `null`.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** First 16 hex digits of the sha256 of the spec's canonical JSON. */
export function hashSpec(spec: StepSpec): StepHash {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`Expected a finite number for canonical JSON but received ${value}`);
  }
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
