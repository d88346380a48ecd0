/** Statistics of results (DESIGN 3.7): plain functions of numbers, the same for the same input. */
export {
  type Accuracy,
  accuracyWithInterval,
  type BootstrapOptions,
  DEFAULT_RESAMPLES,
  type GroupedItems,
  itemsOf,
} from './accuracy.js';
export {
  type AgreementItems,
  type AnswerPair,
  agreement,
  agreementItems,
  argmax,
  softmax,
} from './agreement.js';
export * from './analysisDocument.js';
export { auroc } from './auroc.js';
export { bestOfKl, expectedBest } from './bestOf.js';
export * from './bootstrapDocument.js';
export {
  type Calibration,
  type CalibrationBin,
  type Claim,
  calibration,
  calibrationError,
} from './calibration.js';
export {
  type CompareOptions,
  type Comparison,
  compareModels,
  type ModelOutcome,
  type Role,
  type ScoreSummary,
  type SeedOutcomes,
  type SeedSummary,
} from './compare.js';
export * from './document.js';
export * from './experimentDocument.js';
export { percentileInterval, wilson } from './intervals.js';
export { OverlapFinder, runsOf, wordsOf } from './ngrams.js';
export { combined, type Measure, type RatioItems, type ResampledMeasure, ratio, slope } from './ratio.js';
export * from './rewardDocument.js';
