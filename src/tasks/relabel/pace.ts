/** Long computations that let timers, signals and progress run in between (DESIGN 3.8). */

/** Longest time that a computation holds the event loop, in milliseconds. */
const SLICE_MS = 5;

/** A function to await often: it gives the event loop a turn whenever a slice of time is over. */
export function pace(): () => Promise<void> | undefined {
  let sliceEnds = performance.now() + SLICE_MS;
  return () => {
    if (performance.now() < sliceEnds) return undefined;
    return new Promise((done) => {
      setImmediate(() => {
        sliceEnds = performance.now() + SLICE_MS;
        done();
      });
    });
  };
}
