/** The content-addressed store of steps (DESIGN 3.2). */

export type { AcquireOptions, LockTiming } from '../config/folderLock.js';
export type { Checkpoint } from './checkpoint.js';
export { writeAtomically } from './files.js';
export { MetricsLog, type StepMetrics } from './metricsLog.js';
export type { Prediction } from './predictions.js';
export type { RunRecord } from './runs.js';
export {
  openStore,
  type StepLock,
  type StepResult,
  type StepTiming,
  type StepVersions,
  Store,
  type StoreOptions,
} from './store.js';
