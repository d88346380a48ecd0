/** A step's checkpoint: the trainer's state, and beside it where training stands and how it was being run. */

import type { NativeTrainer } from '../native/binding.js';
import type { MetricsLog, Store } from '../store/index.js';
import type { EarlyStop, EarlyStopState } from './earlyStop.js';

/** Kept in the checkpoint, because all of it decides the last bits of what follows. */
export interface Machine {
  threads: number;
  microBatchTokens: number;
  sharePrefixes: boolean;
  cudaGraphs: boolean;
}

export interface Position extends Machine {
  /** The next optimizer step. */
  step: number;
  epoch: number;
  /** The objective of the step before. */
  lastLoss: number;
  /** Of a step that holds rows out. */
  earlyStop?: EarlyStopState;
  folder: string;
}

export async function readPosition(store: Store, hash: string): Promise<Position | null> {
  const checkpoint = await store.readCheckpoint(hash);
  if (checkpoint === null) return null;
  const { step, folder, state } = checkpoint;
  // Checkpoints of before have no `cudaGraphs`.
  const kept = state as unknown as Omit<Position, 'step' | 'folder' | 'cudaGraphs'>;
  return { cudaGraphs: false, ...kept, step, folder };
}

export async function savePosition(
  store: Store,
  hash: string,
  trainer: NativeTrainer,
  metrics: MetricsLog,
  position: Omit<Position, 'folder' | 'earlyStop'>,
  earlyStop: EarlyStop | null,
): Promise<void> {
  // Metrics first: a checkpoint whose steps have no lines would lose them for ever.
  metrics.flush();
  const { step, ...state } = position;
  await store.saveCheckpoint(hash, step, async (folder) => {
    await trainer.saveCheckpoint(folder);
    await earlyStop?.saveInto(folder);
    return { ...state, ...(earlyStop ? { earlyStop: earlyStop.state() } : {}) };
  });
}
