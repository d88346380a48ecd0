/** What every step is given: where things lie on this machine, and whom to tell. Nothing of it is hashed. */

import type { FileLocations, FileRole, TooFew } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { NativeBinding } from '../native/binding.js';
import type { Store } from '../store/index.js';

export interface StepContext {
  store: Store;
  /** The addon and the device, loaded on the first step that needs them. */
  engine(): Promise<Engine>;
  /** sha256 → path, of data files and of supervision from outside. */
  locations: FileLocations;
  /** Content hash → folder, of the models that the plan starts from. */
  modelFolders: Readonly<Record<string, string>>;
  /** Most tokens in a micro-batch; `auto`: tokensAtOnce. */
  microBatchTokens: number | 'auto';
  /** What several sequences of a micro-batch begin with is computed once. */
  sharePrefixes: boolean;
  /** Small training steps are launched as a whole. */
  cudaGraphs: boolean;
  /** Seconds between checkpoints; 0: after every step. */
  checkpointEvery: number;
  signal: AbortSignal;
  onProgress(progress: StepProgress): void;
  /** Told of every part that a step reads. */
  onData(part: ReadPart): void;
  /** Told of what went otherwise than was asked for, and of what was chosen. */
  onNote(note: StepNote): void;
}

/** A part of the data as it was read, and what was not as asked for. */
export interface ReadPart {
  file: string;
  /** Of the file that the part comes from. */
  role: FileRole;
  /** Bad rows of the whole file that were left out. */
  skipped: number;
  firstProblem?: string;
  tooFew?: TooFew;
}

/** What a step has to say while it runs, beside its progress. */
export interface StepNote {
  level: 'note' | 'warning';
  message: string;
  hint?: string;
}

export interface Engine {
  binding: NativeBinding;
  /** `cpu` or `cuda:<index>`, never `auto`. */
  device: string;
  threads: number;
}

/** How far a step is. */
export interface StepProgress {
  unit: 'steps' | 'examples';
  done: number;
  total: number;
  loss?: number;
  /** Of the batches since the start, against the labels that the step learns from. */
  accuracy?: number;
  examplesPerSecond?: number;
  tokensPerSecond?: number;
}

/** Throws ERR_ABORTED once the signal is set. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new W2sError('ERR_ABORTED', 'The run was interrupted; what is done is kept.', {
    hint: 'Go on where it stopped: run the same command again',
  });
}
