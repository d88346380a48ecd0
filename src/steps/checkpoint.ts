/** A step's checkpoint: the trainer's state, and beside it where training stands and how it was being run. */

import type { NativeTrainer } from '../native/binding.js';
import type { MetricsLog, Store } from '../store/index.js';

/** Kept in the checkpoint, because both decide the last bits of what follows. */
export interface Machine {
  threads: number;
  microBatchTokens: number;
}

export interface Position extends Machine {
  /** The next optimizer step. */
  step: number;
  epoch: number;
  /** The objective of the step before. */
  lastLoss: number;
  folder: string;
}

export async function readPosition(store: Store, hash: string): Promise<Position | null> {
  const checkpoint = await store.readCheckpoint(hash);
  if (checkpoint === null) return null;
  const { step, folder, state } = checkpoint;
  const { epoch, threads, microBatchTokens, lastLoss } = state as unknown as Omit<
    Position,
    'step' | 'folder'
  >;
  return { step, folder, epoch, threads, microBatchTokens, lastLoss };
}

export async function savePosition(
  store: Store,
  hash: string,
  trainer: NativeTrainer,
  metrics: MetricsLog,
  position: Omit<Position, 'folder'>,
): Promise<void> {
  // Metrics first: a checkpoint whose steps have no lines would lose them for ever.
  metrics.flush();
  const { step, ...state } = position;
  await store.saveCheckpoint(hash, step, async (folder) => {
    await trainer.saveCheckpoint(folder);
    return { ...state };
  });
}
