/**
 * w2s-native from Node, in three levels: whole experiments (`weakToStrong`), single steps (`finetune`,
 * `label`, `evaluate`), and the engine itself (`openModel`, `createTrainer`).
 */

export type {
  EvaluateRaw as EvaluateSettings,
  FinetuneRaw as FinetuneSettings,
  LabelRaw as LabelSettings,
} from './config/steps.js';
export type { TrainRaw as TrainSettings } from './config/train.js';
export { type ErrorCode, isW2sError, W2sError } from './errors.js';
export { evaluate, finetune, type LossOption, label, weakToStrong } from './execution/calls.js';
export type { RunEvent, RunOptions } from './execution/events.js';
export {
  createTrainer,
  Model,
  type OpenModelOptions,
  openModel,
  type ScoreCallOptions,
  Trainer,
} from './execution/handles.js';
export type { EvaluateDocument, StepDocument } from './execution/stepDocument.js';
export type {
  Agreement,
  GapRecovered,
  Interval,
  ModelScore,
  SeedScore,
  TrainDocument,
  ZeroShotScore,
} from './metrics/document.js';
export type {
  BackwardResult,
  Dtype,
  HeadKind,
  NativeModelInfo,
  NativeObjective,
  NativeTrainerOptions,
  PackedSequences,
  ScoreResult,
  StepOptions,
} from './native/index.js';
export { defineLoss, type LossDefinition, type LossInput, type LossOutput } from './tasks/loss.js';
