// Ends a process in the middle of native work, in the way that its first argument names.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/**
 * In a worker of `script`: works until it is terminated. Else takes one of the ways; `exit` and `terminate` (as many
 * workers as `rounds`, one after another) are everybody's. `work` gets what `open` gives.
 */
export async function end({ script, open, work, rounds, ways }) {
  if (!isMainThread) {
    const handles = await open();
    parentPort.postMessage('working');
    return work(handles);
  }
  const common = {
    exit: async () => {
      setTimeout(() => process.exit(7), 100);
      await work(await open());
    },
    terminate: () => terminateWorkers(script, rounds),
  };
  await { ...common, ...ways }[process.argv[2]]();
}

/** A worker of a script, once it works. */
export async function workingWorker(script) {
  const worker = new Worker(new URL(script));
  await once(worker, 'message');
  return worker;
}

async function terminateWorkers(script, rounds) {
  for (let round = 0; round < rounds; round++) {
    const worker = await workingWorker(script);
    await pause(round * 7);
    await worker.terminate();
  }
}
