/** From what was typed to a resolved configuration: the data's task is looked up where no preset knows it. */

import {
  type GenerateConfig,
  type GenerateRaw,
  generateKeys,
  resolveGenerateConfig,
} from '../config/generate.js';
import {
  type EvaluateRaw,
  evaluateKeys,
  type FinetuneRaw,
  finetuneKeys,
  type LabelRaw,
  labelKeys,
} from '../config/keys.js';
import type { Layer } from '../config/layers.js';
import { presets } from '../config/presets.js';
import {
  type EvaluateConfig,
  type FinetuneConfig,
  type LabelConfig,
  resolveEvaluateConfig,
  resolveFinetuneConfig,
  resolveLabelConfig,
} from '../config/steps.js';
import { allTrainKeys, resolveTrainConfig, type TrainConfig, type TrainRaw } from '../config/train.js';
import type { DatasetRequest } from '../data/index.js';
import type { TaskKind } from '../data/types.js';
import type { Argv, CommandContext } from './command.js';
import { layersFrom, stepLayersFrom } from './flags.js';
import { checkWritable } from './writable.js';

export async function trainConfig(argv: Argv): Promise<TrainConfig> {
  const layers = await layersFrom<TrainRaw>('train', allTrainKeys, argv);
  return withTask(layers, (task) => resolveTrainConfig(layers, presets, task));
}

export async function finetuneConfig(argv: Argv, context: CommandContext): Promise<FinetuneConfig> {
  const layers = await stepLayersFrom<FinetuneRaw>('finetune', finetuneKeys, argv, context);
  return withTask(layers, (task) => resolveFinetuneConfig(layers, presets, task));
}

export async function labelConfig(argv: Argv, context: CommandContext): Promise<LabelConfig> {
  const layers = await stepLayersFrom<LabelRaw>('label', labelKeys, argv, context);
  return withTask(layers, (task) => resolveLabelConfig(layers, presets, task));
}

export async function evaluateConfig(argv: Argv, context: CommandContext): Promise<EvaluateConfig> {
  const layers = await stepLayersFrom<EvaluateRaw>('evaluate', evaluateKeys, argv, context);
  return withTask(layers, (task) => resolveEvaluateConfig(layers, presets, task));
}

export async function generateConfig(argv: Argv, context: CommandContext): Promise<GenerateConfig> {
  const layers = await stepLayersFrom<GenerateRaw>('generate', generateKeys, argv, context);
  await checkDatasetName(layers);
  return resolveGenerateConfig(layers);
}

/** Resolves once to learn which files are meant, and again when they say what they are for. */
export async function withTask<C extends DatasetRequest & { dataset: string }>(
  layers: readonly Layer<{ dataset?: string | undefined }>[],
  resolve: (task?: TaskKind) => C,
): Promise<C> {
  await checkDatasetName(layers);
  const config = resolve();
  if (Object.hasOwn(presets, config.dataset)) return config;
  const { resolveDataset } = await import('../data/index.js');
  return resolve((await resolveDataset(config)).task);
}

/** A misspelt name is what is wrong, not that models for it are missing. */
async function checkDatasetName(layers: readonly Layer<{ dataset?: string | undefined }>[]): Promise<void> {
  const name = layers.map(({ values }) => values.dataset).find((value) => value !== undefined);
  if (name === undefined || Object.hasOwn(presets, name)) return;
  const { findFormat } = await import('../data/formats/index.js');
  await findFormat(name);
}

/** Says so when a model is read by a linear head that neither the folder nor training brought: it knows nothing. */
export async function noteFreshHead(config: LabelConfig, { stderr }: CommandContext): Promise<void> {
  if (config.settings.head !== 'linear' && config.settings.head !== 'scalar') return;
  const { resolveModel } = await import('../models/index.js');
  const { classifier, likelihood } = await resolveModel(config.model);
  if (classifier || (likelihood && !config.headGiven)) return;
  const { resolveDataset } = await import('../data/index.js');
  if ((await resolveDataset(config)).task === 'completion') return;
  stderr.write(
    `Note: ${config.model} brings no classification head; a fresh one is all zeros and gives every class the same score. ` +
      'Train one: npx w2s-native finetune; or read the language model: --head unembedding\n',
  );
}

/**
 * Whether an export can be written where it is asked for, before anything is computed.
 * @throws ERR_USAGE
 */
export async function checkExportFolder({ export: file }: { export?: string }): Promise<void> {
  if (file !== undefined) await checkWritable('--export', file, 'scores.jsonl');
}
