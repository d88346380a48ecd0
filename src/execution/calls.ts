/** The package's calls: plain settings in, the JSON document of the command of the same name out. */

import {
  type AnalyseRaw,
  type AnalyseSettings,
  analyseKeys,
  resolveAnalyseConfig,
} from '../config/analyse.js';
import {
  allBootstrapKeys,
  type BootstrapRaw,
  type BootstrapSettings,
  resolveBootstrapConfig,
} from '../config/bootstrap.js';
import { type GenerateRaw, resolveGenerateConfig } from '../config/generate.js';
import type { Keys } from '../config/key.js';
import { evaluateKeys, finetuneKeys, labelKeys } from '../config/keys.js';
import { type Layer, parseLayer } from '../config/layers.js';
import { presets } from '../config/presets.js';
import {
  type BestOfRaw,
  type BestOfSettings,
  bestOfKeys,
  type RewardRaw,
  type RewardSettings,
  resolveBestOfConfig,
  resolveRewardConfig,
  rewardKeys,
} from '../config/reward.js';
import { allRunKeys, type RunRaw, type RunSettings, resolveRunConfig } from '../config/run.js';
import {
  type EvaluateRaw,
  type FinetuneRaw,
  type LabelRaw,
  resolveEvaluateConfig,
  resolveFinetuneConfig,
  resolveLabelConfig,
} from '../config/steps.js';
import { allTrainKeys, resolveTrainConfig, type TrainRaw, type TrainSettings } from '../config/train.js';
import { type DatasetRequest, resolveDataset } from '../data/index.js';
import type { TaskKind } from '../data/types.js';
import type { ExperimentDefinition } from '../experiments/define.js';
import type { AnalysisDocument, AnalysisName } from '../metrics/analysisDocument.js';
import type { BootstrapDocument } from '../metrics/bootstrapDocument.js';
import type { TrainDocument } from '../metrics/document.js';
import type { ExperimentDocument } from '../metrics/experimentDocument.js';
import type { BestOfDocument, RewardDocument } from '../metrics/rewardDocument.js';
import { runAnalysis } from './analyse/index.js';
import { runBestOf } from './bestOf.js';
import { runBootstrap } from './bootstrap.js';
import type { RunOptions } from './events.js';
import { openExperiment, runOpened } from './experiment.js';
import { runGenerate } from './generate.js';
import { runReward } from './reward.js';
import { runEvaluate, runFinetune, runLabel } from './single.js';
import type { EvaluateDocument, GenerateDocument, StepDocument } from './stepDocument.js';
import { runTrain } from './train.js';
import { type DatasetOption, type LossOption, type ModuleOptions, withUserModules } from './userModules.js';

/**
 * One weak-to-strong experiment. Settings are the flags of `train` in camelCase; without any, the built-in
 * default. Steps that the store (`out`) holds are not run again.
 *
 * @returns the document of `w2s-native train --json`
 * Rejects with a W2sError: ERR_CONFIG on bad settings, ERR_DATA, ERR_WEIGHTS, ERR_NOT_FINITE, …; with
 * ERR_ABORTED, after a checkpoint, when `signal` fires.
 */
export async function weakToStrong(
  settings: TrainSettings = {},
  options: RunOptions & ModuleOptions = {},
): Promise<TrainDocument> {
  const layers = await callLayers<TrainRaw>('train', allTrainKeys, settings, options);
  return runTrain(await withTask((task) => resolveTrainConfig(layers, presets, task)), options);
}

/**
 * A chain of models, each taught by the one before it. Settings are the flags of `bootstrap` in camelCase; without any,
 * the built-in default.
 *
 * @returns the document of `w2s-native bootstrap --json`
 * Rejects as `weakToStrong` does.
 */
export async function bootstrap(
  settings: BootstrapSettings = {},
  options: RunOptions & LossOption & DatasetOption = {},
): Promise<BootstrapDocument> {
  const layers = await callLayers<BootstrapRaw>('bootstrap', allBootstrapKeys, settings, options);
  return runBootstrap(await withTask((task) => resolveBootstrapConfig(layers, presets, task)), options);
}

/**
 * One question asked of experiments side by side. Settings are the flags of `analyse` in camelCase.
 *
 * @param analysis `agreement`, `calibration`, `errors`, `leakage`, `misfit`, `overfitting` or `saliency`
 * @returns the document of `w2s-native analyse agreement --json`
 * Rejects as `weakToStrong` does.
 */
export async function analyse(
  analysis: AnalysisName,
  settings: AnalyseSettings = {},
  options: RunOptions & ModuleOptions = {},
): Promise<AnalysisDocument> {
  const layers = await callLayers<AnalyseRaw>('analyse', analyseKeys, settings, options);
  const config = resolveAnalyseConfig(analysis, layers);
  if (Object.hasOwn(presets, config.train.dataset)) return runAnalysis(config, options);
  const { task } = await resolveDataset(config.train);
  return runAnalysis(resolveAnalyseConfig(analysis, layers, presets, task), options);
}

/**
 * An experiment of your own. Settings are the flags of `run` in camelCase, and `params` for the experiment's own.
 *
 * @param experiment made by `defineExperiment`, or the file of a module that exports one
 * @returns the document of `w2s-native run FILE --json`
 * Rejects as `weakToStrong` does; with ERR_CONFIG where the plan cannot be made.
 */
export async function runExperiment<Params>(
  experiment: string | ExperimentDefinition<Params>,
  settings: RunSettings = {},
  options: RunOptions & ModuleOptions = {},
): Promise<ExperimentDocument> {
  const layers = await callLayers<RunRaw>('run', allRunKeys, settings, options);
  const opened = await openExperiment(experiment as string | ExperimentDefinition<unknown>, layers);
  const config = await withTask((task) => resolveRunConfig(layers, opened.identity, presets, task));
  return runOpened(config, opened, options);
}

/**
 * Weak-to-strong on preferences. Settings are the flags of `reward` in camelCase; without any, the built-in default.
 *
 * @returns the document of `w2s-native reward --json`
 * Rejects as `weakToStrong` does.
 */
export async function reward(
  settings: RewardSettings = {},
  options: RunOptions & ModuleOptions = {},
): Promise<RewardDocument> {
  const layers = await callLayers<RewardRaw>('reward', rewardKeys, settings, options);
  return runReward(await withTask((task) => resolveRewardConfig(layers, presets, task)), options);
}

/**
 * What the reward models of such an experiment choose from n completions, and what that is worth. Settings are the
 * flags of `best-of` in camelCase; without any, the built-in default.
 *
 * @returns the document of `w2s-native best-of --json`
 * Rejects as `weakToStrong` does.
 */
export async function bestOf(
  settings: BestOfSettings = {},
  options: RunOptions & ModuleOptions = {},
): Promise<BestOfDocument> {
  const layers = await callLayers<BestOfRaw>('best-of', bestOfKeys, settings, options);
  return runBestOf(await withTask((task) => resolveBestOfConfig(layers, presets, task)), options);
}

/** Fine-tunes a model on every row of a file. @returns the document of `w2s-native finetune --json` */
export async function finetune(
  settings: FinetuneRaw,
  options: RunOptions & LossOption & DatasetOption = {},
): Promise<StepDocument> {
  const layers = await callLayers<FinetuneRaw>('finetune', finetuneKeys, settings, options);
  return runFinetune(await withTask((task) => resolveFinetuneConfig(layers, presets, task)), options);
}

/** Predicts every row of a file without reading its labels. @returns the document of `w2s-native label --json` */
export async function label(
  settings: LabelRaw,
  options: RunOptions & DatasetOption = {},
): Promise<StepDocument> {
  const layers = await callLayers<LabelRaw>('label', labelKeys, settings, options);
  return runLabel(await withTask((task) => resolveLabelConfig(layers, presets, task)), options);
}

/** Holds a model against the labels of a file. @returns the document of `w2s-native evaluate --json` */
export async function evaluate(
  settings: EvaluateRaw,
  options: RunOptions & DatasetOption = {},
): Promise<EvaluateDocument> {
  const layers = await callLayers<EvaluateRaw>('evaluate', evaluateKeys, settings, options);
  return runEvaluate(await withTask((task) => resolveEvaluateConfig(layers, presets, task)), options);
}

/** Lets a model continue prompts. @returns the document of `w2s-native generate --json` */
export async function generate(settings: GenerateRaw, options: RunOptions = {}): Promise<GenerateDocument> {
  return runGenerate(resolveGenerateConfig(settings), options);
}

/** The settings of a call as a layer, with the modules of the user's loaded that they or the options name. */
async function callLayers<R extends object>(
  command: string,
  keys: Keys,
  settings: object,
  options: ModuleOptions = {},
): Promise<readonly Layer<R>[]> {
  return withUserModules([parseLayer<R>(keys, { ...settings }, { kind: 'call', command })], options);
}

/** Resolves once to learn which files are meant, and again when they say what they are for. */
async function withTask<C extends DatasetRequest & { dataset: string }>(
  resolve: (task?: TaskKind) => C,
): Promise<C> {
  const config = resolve();
  if (Object.hasOwn(presets, config.dataset)) return config;
  return resolve((await resolveDataset(config)).task);
}
