/** Marks by which what a user's module exports is known: a loss, a data set, a relabelling, an experiment. */
import { W2sError } from '../errors.js';

/** What a module may define. */
export type ModuleKind = 'loss' | 'dataset' | 'relabel' | 'experiment';

/** What each kind is called, and made by. */
export const MODULE_KINDS: Readonly<Record<ModuleKind, { noun: string; maker: string; flag: string }>> = {
  loss: { noun: 'loss', maker: 'defineLoss', flag: '--loss' },
  dataset: { noun: 'data set', maker: 'defineDataset', flag: '--dataset' },
  relabel: { noun: 'relabelling', maker: 'defineRelabel', flag: '--relabel' },
  experiment: { noun: 'experiment', maker: 'defineExperiment', flag: 'run' },
};

/** Registered, so that a definition is known whichever copy of this package made it. */
const KIND = Symbol.for('w2s-native/kind');

/** A copy of a definition that is marked as one of its kind; the mark does not show among its keys. */
export function marked<T extends object>(kind: ModuleKind, definition: T): T {
  return Object.defineProperty({ ...definition }, KIND, { value: kind });
}

/** The kind of a definition; undefined of any other value. */
export function kindOf(value: unknown): ModuleKind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as { [KIND]?: ModuleKind })[KIND];
}

/** Lower-case letters, digits and dashes. @throws ERR_ARGUMENT */
export function checkDefinitionName(kind: ModuleKind, name: unknown): void {
  if (typeof name === 'string' && /^[a-z][a-z0-9-]*$/.test(name)) return;
  throw new W2sError(
    'ERR_ARGUMENT',
    `Expected lower-case letters, digits and dashes for a ${MODULE_KINDS[kind].noun}'s name but received ${JSON.stringify(name) ?? 'nothing'}`,
    { hint: `Name it: ${MODULE_KINDS[kind].maker}({ name: 'my-${kind}', … })` },
  );
}
