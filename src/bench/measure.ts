/** Repetitions of one kind of work, timed. */
import { W2sError } from '../errors.js';
import type { Size, Started } from './work.js';

/** How long to measure. */
export interface Length {
  /** Repetitions; null: as many as `seconds` allows. */
  steps: number | null;
  seconds: number;
  signal: AbortSignal;
}

/** One repetition that was measured. */
export interface Repetition {
  seconds: number;
  size: Size;
}

export interface Timed {
  repetitions: readonly Repetition[];
  /** Processor time of all of them, all threads together. */
  cpuSeconds: number;
}

/** Fewer say nothing of their spread. */
const FEWEST = 3;

/**
 * Runs `start(first)`, `start(first + 1)`, …, with two in flight as training has it, so that nothing waits for
 * JavaScript; a repetition's time is that from the end of the one before it. Throws ERR_ABORTED, and what the work throws.
 */
export async function timed(
  first: number,
  start: (k: number) => Started,
  { steps, seconds, signal }: Length,
): Promise<Timed> {
  const repetitions: Repetition[] = [];
  let k = first;
  const launch = (): Started => {
    throwIfStopped(signal);
    const launched = start(k++);
    // It may fail while the one before it is waited for, which then fails as well.
    launched.done.catch(() => {});
    return launched;
  };
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const enough = (): boolean => {
    const count = repetitions.length + 1;
    if (steps !== null) return count >= steps;
    return count >= FEWEST && performance.now() - startedAt >= seconds * 1000;
  };
  let last = startedAt;
  for (let current: Started | undefined = launch(); current !== undefined; ) {
    const next: Started | undefined = enough() ? undefined : launch();
    await current.done;
    const now = performance.now();
    repetitions.push({ seconds: (now - last) / 1000, size: current.size });
    last = now;
    current = next;
  }
  const cpu = process.cpuUsage(cpuBefore);
  return { repetitions, cpuSeconds: (cpu.user + cpu.system) / 1e6 };
}

/** Runs repetitions that are not counted: libraries choose and compile, memory is taken. */
export async function warmUp(
  count: number,
  start: (k: number) => Started,
  signal: AbortSignal,
): Promise<void> {
  for (let k = 0; k < count; k++) {
    throwIfStopped(signal);
    await start(k).done;
  }
}

/** Throws ERR_ABORTED once the signal is set. */
export function throwIfStopped(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new W2sError('ERR_ABORTED', 'The measurement was interrupted.', { hint: 'npx w2s-native bench' });
}
