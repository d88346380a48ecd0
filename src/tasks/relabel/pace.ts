/** Long computations that let timers, signals and progress run in between (DESIGN 3.8). */

/** Longest time that a computation holds the event loop, in milliseconds. */
const SLICE_MS = 5;

/** Called after every pause; what it throws ends the computation. */
export type OnPause = () => void;

/** A function to call often: whenever a slice of time is over, it gives a pause to wait for, else undefined. */
export function pace(onPause: OnPause = () => {}): () => Promise<void> | undefined {
  let sliceEnds = performance.now() + SLICE_MS;
  const pause = async (): Promise<void> => {
    await new Promise((done) => setImmediate(done));
    onPause();
    sliceEnds = performance.now() + SLICE_MS;
  };
  return () => (performance.now() < sliceEnds ? undefined : pause());
}
