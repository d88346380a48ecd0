/** The configurations of `finetune`, `label` and `evaluate`: one step each, on any model folder. Pure. */
import type { Keys } from './key.js';
import {
  type EvaluateRaw,
  evaluateKeys,
  type FinetuneRaw,
  finetuneKeys,
  type LabelRaw,
  labelKeys,
} from './keys.js';
import { type Found, type Layer, Layers, missing, parseLayer, settingError } from './layers.js';
import { refuseLossSettings } from './loss.js';
import { refuseIdleSettings } from './method.js';
import {
  checkLoss,
  finder,
  type Loss,
  type ModelSettings,
  namedLoss,
  naturalLoss,
  resolveModelSettings,
  type TaskName,
  taskOf,
} from './model.js';
import { type DatasetPreset, presets } from './presets.js';

export type { EvaluateRaw, FinetuneRaw, LabelRaw } from './keys.js';

/** What the three have in common. */
export interface StepConfig {
  model: string;
  /** A built-in data set, or the format of the file. */
  dataset: string;
  data?: string;
  testData?: string;
  text?: string;
  label?: string;
  /** Whether CSV and TSV begin with names of columns. Absent: as the format has it. */
  header?: boolean;
  /** Bad rows are left out. Absent otherwise. */
  skipBadRows?: true;
  dataSeed: number;
  device: string;
  threads: number | null;
  microBatchTokens: number | 'auto';
  /** Beginnings that texts share are computed for each of them. Absent otherwise. */
  sharePrefixes?: false;
  deterministic: boolean;
  out: string;
}

export interface FinetuneConfig extends StepConfig {
  seed: number;
  /** Small training steps are launched as a whole. Absent otherwise. */
  cudaGraphs?: true;
  checkpointEvery: number;
  settings: ModelSettings;
}

export interface LabelConfig extends StepConfig {
  /** Only head, longest context and number format are of effect: nothing is trained. */
  settings: ModelSettings;
  /** Whether somebody named the head; else a head that the folder brings goes before `settings.head`. */
  headGiven: boolean;
  /** File to write a row per example to. */
  export?: string;
  /** Of `label`: rows are drawn as in the halves of this seed. Absent: as for tests. */
  seed?: number;
}

export type EvaluateConfig = LabelConfig;

type Known = Readonly<Record<string, DatasetPreset>>;

/**
 * Resolves `finetune`. A built-in data set's preset holds as it does in `train`: its settings for one
 * model alone concern that model.
 * @param task of the file that was looked into; without it, a loss that nobody named is the preset's or xent
 * @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings.
 */
export function resolveFinetuneConfig(
  input: FinetuneRaw | readonly Layer<FinetuneRaw>[],
  known: Known = presets,
  task?: TaskName,
): FinetuneConfig {
  const said = layersOf<FinetuneRaw>('finetune', finetuneKeys, input);
  const common = resolveCommon('finetune', said, known);
  const preset = known[common.dataset]?.settings ?? {};
  const settings = said.over({ origin: { kind: 'preset', command: 'finetune' }, values: preset });
  const side = common.model === preset.weak ? 'weak' : common.model === preset.strong ? 'strong' : undefined;
  const find = finder(settings, side);
  const named = find('loss');
  const asks = task ?? known[common.dataset]?.task;
  const loss: Loss = named === undefined ? naturalLoss(asks) : namedLoss(named);
  // lm reads whole texts and no labels: any rows will do. Preferences have two completions to learn.
  const anyRows = loss === 'lm' || (loss === 'completion' && asks === 'preference');
  if (named !== undefined && asks !== undefined && !anyRows) checkLoss(named, common.dataset, asks);
  refuseLossSettings(find, loss);
  const resolved = resolveModelSettings(find, loss, asks);
  refuseIdleSettings([{ find, settings: resolved }]);
  return {
    ...common,
    device: settings.value('device'),
    seed: settings.value('seed'),
    checkpointEvery: settings.value('checkpointEvery'),
    ...(settings.value('cudaGraphs') ? { cudaGraphs: true as const } : {}),
    settings: resolved,
  };
}

/** Resolves `label`. @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings. */
export function resolveLabelConfig(
  input: LabelRaw | readonly Layer<LabelRaw>[],
  known: Known = presets,
  task?: TaskName,
): LabelConfig {
  return resolveReading('label', labelKeys, input, known, task);
}

/** Resolves `evaluate`. @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings. */
export function resolveEvaluateConfig(
  input: EvaluateRaw | readonly Layer<EvaluateRaw>[],
  known: Known = presets,
  task?: TaskName,
): EvaluateConfig {
  return resolveReading('evaluate', evaluateKeys, input, known, task);
}

function resolveReading(
  command: 'label' | 'evaluate',
  keys: Keys,
  input: EvaluateRaw | readonly Layer<EvaluateRaw>[],
  known: Known,
  task: TaskName | undefined,
): LabelConfig {
  const said = layersOf<EvaluateRaw>(command, keys, input);
  const common = resolveCommon(command, said, known);
  const file = said.find('export');
  if (file !== undefined) checkExportName(file);
  const preset = known[common.dataset]?.settings ?? {};
  const settings = said.over({ origin: { kind: 'preset', command }, values: preset });
  const named = said.maybe('head');
  const asks = task ?? known[common.dataset]?.task ?? (named === 'lm' ? 'completion' : taskOf('xent', named));
  const find = finder(settings);
  const resolved = resolveModelSettings(find, naturalLoss(asks), asks);
  refuseIdleSettings([{ find, settings: resolved }]);
  const seed = command === 'label' ? (said as Layers<LabelRaw>).maybe('seed') : undefined;
  return {
    ...common,
    device: settings.value('device'),
    settings: resolved,
    headGiven: named !== undefined,
    ...(seed === undefined ? {} : { seed }),
    ...(file === undefined ? {} : { export: file.value }),
  };
}

/** @throws ERR_USAGE or ERR_CONFIG for a name that says no format */
export function checkExportName({ value, origin }: Found<string>): void {
  if (/\.(jsonl|parquet)$/i.test(value)) return;
  throw settingError(
    origin,
    `Expected a name that ends in .jsonl or .parquet for --export but received ${JSON.stringify(value)}.`,
    `Try: --export ${value.replace(/\.[^./]*$/, '')}.jsonl`,
  );
}

/** Settings of a call, or layers that were read before. */
export function layersOf<R extends object>(
  command: string,
  keys: Keys,
  input: R | readonly Layer<R>[],
): Layers<R> {
  const given = Array.isArray(input)
    ? (input as readonly Layer<R>[])
    : [parseLayer<R>(keys, input as Readonly<Record<string, unknown>>, { kind: 'call', command })];
  return new Layers<R>(given, keys);
}

/** What every command of one step may say. */
export type CommonRaw = Omit<EvaluateRaw, 'head' | 'export'>;

/** Model, data and machine. @throws ERR_USAGE or ERR_CONFIG where a model, or data that is needed, is missing */
export function resolveCommon(
  command: 'finetune' | 'label' | 'evaluate' | 'generate',
  said: Layers<CommonRaw>,
  known: Known,
  needsData = true,
): StepConfig {
  const fileKey = command === 'evaluate' ? 'testData' : 'data';
  const model = said.maybe('model');
  if (model === undefined)
    throw missing(said.origin, 'model', `for ${command}`, 'See: npx w2s-native models');
  const hasFile = said.maybe('data') !== undefined || said.maybe('testData') !== undefined;
  const dataset = said.maybe('dataset') ?? (hasFile ? 'columns' : undefined);
  if (needsData && (dataset === undefined || (dataset === 'columns' && !hasFile))) {
    throw missing(
      said.origin,
      fileKey,
      `for ${command}`,
      `Add --${command === 'evaluate' ? 'test-data' : 'data'} FILE, or --dataset ${Object.keys(known)[0] ?? 'NAME'}`,
    );
  }
  const config: StepConfig = {
    model,
    dataset: dataset ?? 'columns',
    dataSeed: said.value('dataSeed'),
    device: said.value('device'),
    threads: said.maybe('threads') ?? null,
    microBatchTokens: said.value('microBatchTokens'),
    deterministic: said.value('deterministic'),
    out: said.value('out'),
  };
  // `evaluate` reads every row of one file; it may be called either.
  const data = said.maybe('data');
  const testData = said.maybe('testData');
  const optional = {
    data: command === 'evaluate' ? undefined : data,
    testData: command === 'evaluate' ? (testData ?? data) : undefined,
    text: said.maybe('text'),
    label: said.maybe('label'),
  };
  const header = said.maybe('header');
  if (header !== undefined) config.header = header;
  if (said.value('skipBadRows')) config.skipBadRows = true;
  if (!said.value('sharePrefixes')) config.sharePrefixes = false;
  for (const [name, value] of Object.entries(optional)) {
    if (value !== undefined) config[name as keyof typeof optional] = value;
  }
  return config;
}
