/**
 * w2s-native from Node, in three levels: whole experiments (`weakToStrong`, `bootstrap`, …), single steps (`finetune`,
 * `label`, `evaluate`, `generate`), and the engine itself (`openModel`, `createTrainer`).
 */

export type { AnalyseSettings } from './config/analyse.js';
export type { BootstrapSettings } from './config/bootstrap.js';
export type { GenerateRaw as GenerateSettings } from './config/generate.js';
export type { BestOfSettings, RewardSettings } from './config/reward.js';
export type { ExperimentIdentity, RunSettings } from './config/run.js';
export type {
  EvaluateRaw as EvaluateSettings,
  FinetuneRaw as FinetuneSettings,
  LabelRaw as LabelSettings,
  StepConfig,
} from './config/steps.js';
export type { TrainSettings } from './config/train.js';
export {
  type DatasetDefinition,
  type DatasetField,
  type DatasetRow,
  defineDataset,
} from './data/formats/userFormat.js';
export type { Tokenizer } from './data/tokenizer.js';
export type { EncodedTexts, EndToken } from './data/tokenizeWorker.js';
export type { FileRole, SplitPart, TooFew } from './data/types.js';
export { ERROR_EXIT_CODES, type ErrorCode, type ErrorDetails, isW2sError, W2sError } from './errors.js';
export {
  analyse,
  bestOf,
  bootstrap,
  evaluate,
  finetune,
  generate,
  label,
  reward,
  runExperiment,
  weakToStrong,
} from './execution/calls.js';
export type { OnEvent, RunEvent, RunOptions, StepEvent } from './execution/events.js';
export {
  createTrainer,
  type GenerateCallOptions,
  Model,
  type OpenModelOptions,
  openModel,
  type ScoreCallOptions,
  Trainer,
} from './execution/handles.js';
export type {
  Continuation,
  EvaluateDocument,
  GenerateDocument,
  StepDocument,
} from './execution/stepDocument.js';
export type { DatasetOption, LossOption, ModuleOptions, RelabelOption } from './execution/userModules.js';
export {
  defineExperiment,
  type ExperimentDefinition,
  type ExperimentKit,
  type ExperimentLearned,
  type ExperimentLesson,
  type ExperimentModel,
} from './experiments/define.js';
export type {
  AnalysisColumn,
  AnalysisCurve,
  AnalysisDocument,
  AnalysisName,
  AnalysisRow,
  AnalysisUnit,
} from './metrics/analysisDocument.js';
export type {
  BootstrapArm,
  BootstrapArms,
  BootstrapDocument,
  BootstrapSeed,
  ChainModel,
  GradedLabels,
} from './metrics/bootstrapDocument.js';
export type {
  Agreement,
  DocumentConfig,
  EnsembleScore,
  GapRecovered,
  Interval,
  ModelScore,
  RelabelScore,
  RoundScore,
  SeedScore,
  StoppedModel,
  TrainDocument,
  ZeroShotScore,
} from './metrics/document.js';
export type { ExperimentDocument, ExperimentSeed } from './metrics/experimentDocument.js';
export type { Measure } from './metrics/ratio.js';
export type {
  BestOfCurve,
  BestOfDocument,
  GenerativeScores,
  RewardDocument,
} from './metrics/rewardDocument.js';
export type {
  AnswerVocabulary,
  BackwardResult,
  Dtype,
  GenerateOptions,
  GenerateResult,
  HeadKind,
  LikelihoodCalibration,
  MicroBatchSearch,
  NativeCancelToken,
  NativeModel,
  NativeModelInfo,
  NativeObjective,
  NativeProfile,
  NativeTrainer,
  NativeTrainerOptions,
  OptimizerKind,
  PackedSequences,
  ProfilePart,
  ScoreOptions,
  ScoreResult,
  StepOptions,
} from './native/index.js';
export { writeReport } from './report/html/index.js';
export type { StepNote, StepProgress } from './steps/context.js';
export { defineLoss, type LossDefinition, type LossInput, type LossOutput } from './tasks/loss.js';
export {
  defineRelabel,
  type Hidden,
  type RelabelDefinition,
  type RelabelInput,
  type RelabelOutput,
  type RelabelRow,
} from './tasks/relabel.js';
