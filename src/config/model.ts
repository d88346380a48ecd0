/** Settings of one model: what it reads, and how it is trained. */

import { W2sError } from '../errors.js';
import { prefixed } from './case.js';
import type { Raw } from './key.js';
import { type ModelKeyName, modelKeys } from './keys.js';
import { type Found, type Layers, nameOf, settingError } from './layers.js';
import { isTokenLoss, type Loss, type LossSettings, plainLoss, resolveLossSettings } from './loss.js';
import { headOfMethod, type MethodSettings, resolveMethod } from './method.js';
import { isModulePath } from './modulePath.js';

export { confidencePresets, type Loss, plainLoss } from './loss.js';

/** The data room's `TaskKind`, which this room may not import. */
export type TaskName = 'classification' | 'completion' | 'preference';
export type HeadName = 'linear' | 'unembedding' | 'tokens' | 'scalar' | 'likelihood' | 'lm';

/** A loss of the user's own, loaded: what stands in a layer in place of its file's name. */
export interface CustomLoss {
  name: string;
  /** sha256 of its code. */
  source: string;
  params: Readonly<Record<string, unknown>>;
  /** As it was named; absent where a call brought the loss itself. */
  file?: string;
}

/** Everything resolved: nothing is left to a default. */
export interface ModelSettings extends LossSettings, MethodSettings {
  loss: Loss;
  /** With `loss: 'custom'` alone. */
  customLoss?: CustomLoss;
  epochs: number;
  batchSize: number;
  lr: number;
  headLr: number;
  optimizer: 'adamw' | 'adam' | 'muon';
  weightDecay: number;
  clip: number;
  schedule: 'constant' | 'linear' | 'cosine';
  warmupSteps: number;
  /** Most tokens of an example; null: the model's own context. */
  maxContext: number | null;
  head: HeadName;
  dtype: 'f32' | 'bf16';
}

/** The loss of the user's own that a value of `loss` is, if any. */
function customLossOf(value: unknown): CustomLoss | undefined {
  return typeof value === 'object' && value !== null ? (value as CustomLoss) : undefined;
}

/**
 * The loss that was named.
 * @throws ERR_ARGUMENT on the name of a module that nobody has loaded
 */
export function namedLoss({ value }: Found<NonNullable<ModelRaw['loss']>>): Loss {
  if (customLossOf(value) !== undefined) return 'custom';
  if (isModulePath(value)) {
    throw new W2sError('ERR_ARGUMENT', `Expected the loss in ${value} to be loaded before it is resolved`);
  }
  return value === 'kl' ? 'xent' : value;
}

/** The task that a loss and a head belong to where nothing is known of the data. */
export function taskOf(loss: Loss, head?: HeadName): TaskName {
  if (isTokenLoss(loss)) return 'completion';
  return head === 'scalar' ? 'preference' : 'classification';
}

/** The loss of a task that nobody named one for. */
export function naturalLoss(task: TaskName | undefined): Loss {
  return task === 'completion' ? 'completion' : 'xent';
}

/**
 * Whether a loss that somebody named can serve a data set's task.
 * @throws ERR_USAGE or ERR_CONFIG naming the losses that can.
 */
export function checkLoss(
  found: Found<NonNullable<ModelRaw['loss']>>,
  dataset: string,
  task: TaskName,
): void {
  const loss = namedLoss(found);
  if (isTokenLoss(loss) === (task === 'completion')) return;
  const custom = customLossOf(found.value);
  if (custom !== undefined) throw classesNeeded(found, custom, dataset);
  const expected =
    task === 'completion' ? 'completion or lm' : 'a loss of classes, such as xent or confidence,';
  const why =
    plainLoss(loss) === loss
      ? ''
      : `: it needs ${loss === 'confidence' ? 'two classes' : 'classes'}, and these rows ask for a completion`;
  throw settingError(
    found.origin,
    `Expected ${expected} for ${nameOf(found.key, found.origin)} with the data set ${dataset} but received "${loss}"${why}.`,
    plainLoss(loss) !== loss
      ? `Leave out --loss, or try: npx w2s-native train --dataset chess-legal --loss ${loss}`
      : `Leave it out, or: --loss ${task === 'completion' ? 'completion' : 'xent'}`,
  );
}

function classesNeeded(found: Found<unknown>, { name }: CustomLoss, dataset: string): W2sError {
  return settingError(
    found.origin,
    `Expected a data set with classes or preferences for the loss ${name} but received ${dataset}, whose answers are completions: such a loss sees one row of logits an example.`,
    'Use the loss of completions (--loss completion), or a data set with classes: --dataset chess-legal',
  );
}

/** What a layer may say of one model. */
export type ModelRaw = Raw<typeof modelKeys>;
type Find = <N extends ModelKeyName>(name: N) => Found<NonNullable<ModelRaw[N]>> | undefined;

/** Finds a model's settings; with a side, what is said for that side alone goes before what is said for both. */
export function finder(layers: Layers<ModelRaw>, side?: 'weak' | 'strong'): Find {
  return (name) =>
    side === undefined ? layers.find(name) : layers.find(prefixed(side, name) as typeof name, name);
}

/**
 * Resolves a model's settings for a loss that was chosen before.
 * @throws ERR_USAGE or ERR_CONFIG where settings contradict each other.
 */
export function resolveModelSettings(
  find: Find,
  loss: Loss,
  task: TaskName = taskOf(loss, find('head')?.value),
): ModelSettings {
  const value = <N extends ModelKeyName>(name: N): NonNullable<ModelRaw[N]> => {
    const found = find(name)?.value ?? modelKeys[name].default;
    if (found === undefined) throw new Error(`no default for ${name}`);
    return found as NonNullable<ModelRaw[N]>;
  };
  const lr = value('lr');
  const asks = isTokenLoss(loss) ? 'completion' : task;
  const head = headOfMethod(find, asks) ?? resolveHead(find, asks);
  const customLoss = loss === 'custom' ? customLossOf(find('loss')?.value) : undefined;
  return {
    loss,
    ...(customLoss === undefined ? {} : { customLoss }),
    ...resolveLossSettings(find, loss),
    epochs: value('epochs'),
    batchSize: value('batchSize'),
    lr,
    headLr: find('headLr')?.value ?? lr,
    optimizer: value('optimizer'),
    weightDecay: value('weightDecay'),
    clip: value('clip'),
    schedule: value('schedule'),
    warmupSteps: value('warmupSteps'),
    maxContext: find('maxContext')?.value ?? null,
    head,
    dtype: value('dtype'),
    ...resolveMethod(find, { loss, head, task: asks }),
  };
}

/** The heads that can read a task, the natural one first. */
const HEADS: Readonly<Record<TaskName, readonly HeadName[]>> = {
  classification: ['linear', 'unembedding', 'tokens', 'likelihood'],
  completion: ['lm'],
  preference: ['scalar', 'likelihood'],
};

function resolveHead(find: Find, task: TaskName): HeadName {
  const heads = HEADS[task];
  const [natural = 'linear'] = heads;
  const found = find('head');
  if (found === undefined) return natural;
  if (heads.includes(found.value)) return found.value;
  if (found.origin.kind === 'preset') return natural;
  const asked = { classification: 'classes', completion: 'completions', preference: 'preferences' }[task];
  throw settingError(
    found.origin,
    `Expected ${oneOf(heads)} for ${nameOf(found.key, found.origin)} on data with ${asked} but received "${found.value}".`,
    heads.length > 1 ? `Try: --head ${natural}` : 'Leave it out.',
  );
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? String(words[0]) : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
