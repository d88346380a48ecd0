/**
 * Settings of `train` that a command of one step has no use for. They are taken and said to be idle, so
 * that one --config file, or one set of flags, serves an experiment and each of its steps.
 */
import type { Keys } from './key.js';
import { trainKeys } from './keys.js';
import type { Layer } from './layers.js';

const {
  weak: _weak,
  strong: _strong,
  weakFeatures: _weakFeatures,
  strongFeatures: _strongFeatures,
  weakData: _weakData,
  transferData: _transferData,
  weakLabels: _weakLabels,
  ...shared
} = trainKeys;

/** Keys that every part of an experiment shares, less those that the command makes use of. */
export function idleKeys(own: Keys): Keys {
  return Object.fromEntries(Object.entries(shared).filter(([name]) => !Object.hasOwn(own, name)));
}

/** A checked layer without its idle settings, and their names. */
export function withoutIdle<R>(layer: Layer<R>, idle: Keys): { layer: Layer<R>; dropped: string[] } {
  const entries = Object.entries(layer.values as Record<string, unknown>);
  const values = Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(idle, name))) as R;
  const dropped = entries.map(([name]) => name).filter((name) => Object.hasOwn(idle, name));
  return { layer: { ...layer, values }, dropped };
}
