/** The configuration of `train`: keys in layers → one resolved, plain object. Pure. */
import { prefixed } from './case.js';
import type { Key, Keys } from './key.js';
import { type ModelKeyName, modelKeys, type TrainRaw, type TrainSettings, trainKeys } from './keys.js';
import { type Layer, Layers, missing, nameOf, parseLayer, settingError } from './layers.js';
import { LOSS_SETTINGS, refuseLossSettings } from './loss.js';
import { refuseIdleSettings } from './method.js';
import {
  checkLoss,
  finder,
  type Loss,
  type ModelSettings,
  namedLoss,
  naturalLoss,
  plainLoss,
  resolveModelSettings,
  type TaskName,
} from './model.js';
import { isModulePath } from './modulePath.js';
import { type DatasetPreset, DEFAULT_DATASET, presets } from './presets.js';
import { resolveSupervision, type SupervisionConfig } from './supervision.js';

export type { TrainRaw, TrainSettings } from './keys.js';
export type { ModelSettings } from './model.js';

export interface TrainConfig extends SupervisionConfig {
  /** Empty when `weakLabels` stand in for a supervisor; several models between commas. */
  weak: string;
  strong: string;
  /** A built-in data set, or the format of `data`. */
  dataset: string;
  data?: string;
  testData?: string;
  weakData?: string;
  transferData?: string;
  weakLabels?: string;
  /** Tables of features that stand in for a model, whose name is then empty. */
  weakFeatures?: string;
  strongFeatures?: string;
  /** No model reads the rows: they need no text. Absent otherwise. */
  noText?: true;
  text?: string;
  label?: string;
  /** Whether CSV and TSV begin with names of columns. Absent: as the format has it. */
  header?: boolean;
  /** Bad rows are left out. Absent otherwise. */
  skipBadRows?: true;
  seeds: number[];
  dataSeed: number;
  /** Rows of both halves together; null: all. */
  trainSize: number | null;
  testSize: number | null;
  device: string;
  /** Null: what this process may use. */
  threads: number | null;
  microBatchTokens: number | 'auto';
  /** Beginnings that texts share are computed for each of them. Absent otherwise. */
  sharePrefixes?: false;
  /** Small training steps are launched as a whole. Absent otherwise. */
  cudaGraphs?: true;
  /** Seconds; 0: after every step. */
  checkpointEvery: number;
  keepModels: boolean;
  out: string;
  deterministic: boolean;
  /** Students one after another. Absent: one. */
  rounds?: number;
  /** By what held-out accuracy the kept weights of student and ceiling are chosen. Absent: the last are kept. */
  earlyStop?: 'labels' | 'oracle';
  /** The supervisor's, always with the plain loss of true labels. */
  forWeak: ModelSettings;
  /** Student and ceiling; the ceiling takes the plain loss of true labels instead of `loss`. */
  forStrong: ModelSettings;
}

/** Every key of `train`, those with `weak-` and `strong-` in front included. */
export const allTrainKeys: Keys = { ...trainKeys, ...sideKeys('weak'), ...sideKeys('strong') };

/** The keys of one model, with its side in front. */
export function sideKeys(
  side: 'weak' | 'strong',
  who: string = side === 'weak' ? 'the supervisor' : 'student and ceiling',
): Record<string, Key> {
  return Object.fromEntries(
    Object.entries(modelKeys).map(([name, key]) => [
      prefixed(side, name),
      { ...key, default: undefined, describe: `The same for ${who} alone: ${key.describe}` },
    ]),
  );
}

/**
 * Resolves what was said about an experiment.
 * @param input values by camelCase key, or layers that were checked already, the strongest first
 * @param task of files that were looked into; without it, a loss that nobody named is the preset's or xent
 * @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings.
 */
export function resolveTrainConfig(
  input: TrainSettings | readonly Layer<TrainRaw>[] = {},
  known: Readonly<Record<string, DatasetPreset>> = presets,
  task?: TaskName,
): TrainConfig {
  const given = isLayers(input) ? input : [parseLayer<TrainRaw>(allTrainKeys, input, CALL)];
  const said = new Layers<TrainRaw>(given, allTrainKeys);
  const dataset = said.maybe('dataset') ?? (bringsFiles(said) ? 'columns' : DEFAULT_DATASET);
  const preset = Object.hasOwn(known, dataset) ? known[dataset] : undefined;
  checkFiles(said, dataset);
  const settings = said.over({
    origin: { kind: 'preset', command: 'train' },
    values: preset?.settings ?? {},
  });
  const asks = task ?? preset?.task;
  const loss = resolveLoss(settings, dataset, asks);
  const models = resolveModels(settings, said, dataset);
  const sides = resolveSides(settings, loss, asks);
  return dropUndefined({
    ...models,
    ...resolveSupervision(settings, models.weak, asks),
    dataset,
    data: settings.maybe('data'),
    testData: settings.maybe('testData'),
    weakData: settings.maybe('weakData'),
    transferData: settings.maybe('transferData'),
    weakLabels: settings.maybe('weakLabels'),
    weakFeatures: said.maybe('weakFeatures'),
    strongFeatures: said.maybe('strongFeatures'),
    noText: readsNoText(said) ? true : undefined,
    text: settings.maybe('text'),
    label: settings.maybe('label'),
    header: settings.maybe('header'),
    skipBadRows: settings.value('skipBadRows') ? true : undefined,
    seeds: [...settings.value('seed')],
    dataSeed: settings.value('dataSeed'),
    trainSize: settings.maybe('trainSize') ?? null,
    testSize: settings.maybe('testSize') ?? null,
    device: settings.value('device'),
    threads: settings.maybe('threads') ?? null,
    microBatchTokens: settings.value('microBatchTokens'),
    sharePrefixes: settings.value('sharePrefixes') ? undefined : false,
    cudaGraphs: settings.value('cudaGraphs') ? true : undefined,
    checkpointEvery: settings.value('checkpointEvery'),
    keepModels: settings.value('keepModels'),
    out: settings.value('out'),
    deterministic: settings.value('deterministic'),
    ...resolveStudents(settings),
    ...sides,
  });
}

/** What is as ever is left out. */
function resolveStudents(settings: Layers<TrainRaw>): Pick<TrainConfig, 'rounds' | 'earlyStop'> {
  const rounds = settings.maybe('rounds') ?? 1;
  const earlyStop = settings.value('earlyStop');
  return { ...(rounds > 1 ? { rounds } : {}), ...(earlyStop === 'off' ? {} : { earlyStop }) };
}

const CALL = { kind: 'call', command: 'train' } as const;

function isLayers(input: TrainSettings | readonly Layer<TrainRaw>[]): input is readonly Layer<TrainRaw>[] {
  return Array.isArray(input);
}

const FILE_KEYS = ['data', 'testData', 'weakData', 'transferData'] as const;

function bringsFiles(said: Layers<TrainRaw>): boolean {
  return FILE_KEYS.some((key) => said.maybe(key) !== undefined);
}

/** Which files go together. */
function checkFiles(said: Layers<TrainRaw>, dataset: string): void {
  const has = (key: (typeof FILE_KEYS)[number] | 'weakLabels') => said.maybe(key) !== undefined;
  const halves = said.find('weakData', 'transferData');
  if (has('data') && halves !== undefined) {
    const name = nameOf(halves.key, halves.origin);
    throw settingError(
      halves.origin,
      `Expected either --data or halves that are split already but received both --data and ${name}.`,
      `Leave out --data, or ${name}.`,
    );
  }
  if (has('weakData') && !has('transferData')) {
    throw missing(said.origin, 'transferData', 'beside --weak-data', 'Add --transfer-data FILE');
  }
  if (has('transferData') && !has('weakData') && !has('weakLabels')) {
    throw missing(said.origin, 'weakData', 'beside --transfer-data', 'Add --weak-data FILE');
  }
  if (halves !== undefined && !has('testData')) {
    throw missing(said.origin, 'testData', 'beside halves that are split already', 'Add --test-data FILE');
  }
  if (dataset === 'columns' && !has('data') && halves === undefined) {
    throw missing(said.origin, 'data', 'for the data set columns', 'Add --data FILE');
  }
}

/** The student's loss: what was said, else the preset's, else that of the data's task. */
function resolveLoss(settings: Layers<TrainRaw>, dataset: string, task: TaskName | undefined): Loss {
  const found = settings.find('strongLoss', 'loss');
  if (found === undefined) return naturalLoss(task);
  if (task !== undefined) checkLoss(found, dataset, task);
  return namedLoss(found);
}

function readsNoText(said: Layers<TrainRaw>): boolean {
  return (
    said.maybe('strongFeatures') !== undefined &&
    (said.maybe('weakFeatures') !== undefined || said.maybe('weakLabels') !== undefined)
  );
}

function resolveModels(
  settings: Layers<TrainRaw>,
  said: Layers<TrainRaw>,
  dataset: string,
): { weak: string; strong: string } {
  const weakInstead = instead(said, 'weak', 'weakLabels', 'weakFeatures');
  const strongInstead = instead(said, 'strong', 'strongFeatures');
  const weak = weakInstead ? '' : settings.maybe('weak');
  const strong = strongInstead ? '' : settings.maybe('strong');
  const why = dataset === 'columns' ? 'for data of your own' : `for the data set ${dataset}`;
  const flags = `${weakInstead ? '' : '--weak MODEL '}--strong MODEL`;
  const hint = `Name a folder, or a name on the hub (what is built in knows chess alone): ${flags}`;
  if (strong === undefined) throw missing(said.origin, 'strong', why, hint);
  if (weak === undefined) throw missing(said.origin, 'weak', why, hint);
  return { weak, strong };
}

/** What stands in for a model: one thing at most, and no model beside it. */
function instead(
  said: Layers<TrainRaw>,
  model: 'weak' | 'strong',
  ...keys: ('weakLabels' | 'weakFeatures' | 'strongFeatures')[]
): boolean {
  const named = keys.flatMap((key) => said.find(key) ?? []);
  const [found, second] = named;
  if (found === undefined) return false;
  const other = second ?? said.find(model);
  if (other === undefined) return true;
  const [name, otherName] = [nameOf(found.key, found.origin), nameOf(other.key, other.origin)];
  throw settingError(
    found.origin,
    `Expected either ${otherName} or ${name} but received both.`,
    found.key === 'weakLabels' && !second
      ? `Leave out ${otherName}: the labels stand in for a supervisor.`
      : `Leave out ${otherName}, or ${name}.`,
  );
}

/** What is said of one model; features that stand in for it are read by a probe. */
function finderOf(settings: Layers<TrainRaw>, side: 'weak' | 'strong'): ReturnType<typeof finder> {
  const find = finder(settings, side);
  const features = settings.find(`${side}Features`);
  if (features === undefined) return find;
  const method = find('method');
  if (method !== undefined && method.value !== 'probe') {
    throw settingError(
      method.origin,
      `Expected probe for ${nameOf(method.key, method.origin)} beside ${nameOf(features.key, features.origin)} but received "${method.value}".`,
      'Leave it out: features are read by a probe.',
    );
  }
  const probe = { value: 'probe', origin: features.origin, key: 'method' } as const;
  return ((name: ModelKeyName) => (name === 'method' ? (method ?? probe) : find(name))) as typeof find;
}

function resolveSides(
  settings: Layers<TrainRaw>,
  loss: Loss,
  task: TaskName | undefined,
): { forWeak: ModelSettings; forStrong: ModelSettings } {
  const forWeak = finderOf(settings, 'weak');
  const forStrong = finderOf(settings, 'strong');
  const weakLoss = settings.find('weakLoss');
  // One of the user's own is no plain loss, whether it is loaded or not.
  const isOwn = isModulePath(weakLoss?.value);
  if (weakLoss !== undefined && (isOwn || namedLoss(weakLoss) !== plainLoss(loss))) {
    throw settingError(
      weakLoss.origin,
      `Expected ${plainLoss(loss)} for ${nameOf('weakLoss', weakLoss.origin)}, as the supervisor learns from true labels, but received "${weakLoss.value}".`,
    );
  }
  refuseLossSettings(forStrong, loss);
  refuseWeakLossSettings(settings);
  const { balanced: _, ...weak } = resolveModelSettings(forWeak, plainLoss(loss), task);
  const strong = resolveModelSettings(forStrong, loss, task);
  refuseIdleSettings([
    { find: forWeak, settings: weak },
    { find: forStrong, settings: strong },
  ]);
  return { forWeak: weak, forStrong: strong };
}

/** `--weak-preset` and its like: the supervisor takes the plain loss of true labels. */
function refuseWeakLossSettings(settings: Layers<TrainRaw>): void {
  for (const name of LOSS_SETTINGS) {
    const found = settings.find(prefixed('weak', name) as keyof TrainRaw);
    if (found === undefined) continue;
    throw settingError(
      found.origin,
      `Expected ${nameOf(name, found.origin)} but received ${nameOf(found.key, found.origin)}: such a loss concerns the student alone.`,
    );
  }
}

function dropUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
