/** How long work holds the event loop, as a share of the work's own time: a machine's speed cancels out. */

export interface Hold {
  /** The longest the event loop was held, over the time that the work took. */
  share: number;
}

export async function holdOf(work: () => Promise<unknown>): Promise<Hold> {
  const startedAt = performance.now();
  let longest = 0;
  let last = startedAt;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await work();
  clearInterval(timer);
  const now = performance.now();
  return { share: Math.max(longest, now - last) / (now - startedAt) };
}
