// A process that ends in the middle of native work, in the way that its first argument names. Run by
// environments.test.ts, which looks at the exit code: a crash would show as a signal.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { loadBinding } from '../../../dist/native/index.js';

const folder = fileURLToPath(new URL('../../golden/llama-grouped/model', import.meta.url));
const length = 40;
const batch = {
  tokens: Int32Array.from({ length: 200 * length }, (_, i) => (i * 7) % 53),
  offsets: Int32Array.from({ length: 201 }, (_, i) => i * length),
};

async function openTrainer() {
  const binding = await loadBinding();
  const model = await binding.loadModel({ folder, device: 'cpu', dtype: 'f32', head: 'lm', threads: 2 });
  const settings = { optimizer: 'adamw', weightDecay: 0, clip: 1, microBatchTokens: length };
  return { model, trainer: binding.createTrainer(model, settings) };
}

async function trainForEver({ trainer, model }) {
  for (;;) {
    const pending = [trainer.forwardBackward(batch, { loss: 'lm' }), trainer.step({ lr: 1e-4, headLr: 1e-4 })];
    await Promise.all([...pending, model.score(batch, { microBatchTokens: length, onProgress: () => undefined })]);
  }
}

async function terminateWorkers() {
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(new URL(import.meta.url));
    await once(worker, 'message');
    await pause(round * 7);
    await worker.terminate();
  }
}

if (!isMainThread) {
  const handles = await openTrainer();
  parentPort.postMessage('training');
  await trainForEver(handles);
}

switch (process.argv[2]) {
  case 'exit':
    setTimeout(() => process.exit(7), 100);
    await trainForEver(await openTrainer());
    break;
  case 'throw':
    setTimeout(() => {
      throw new Error('not caught');
    }, 100);
    await trainForEver(await openTrainer());
    break;
  case 'reject': {
    const handles = await openTrainer();
    Promise.reject(new Error('not handled'));
    await trainForEver(handles);
    break;
  }
  case 'interrupt': // twice: the first is taken note of, the second ends the process
    process.once('SIGINT', () => {
      process.once('SIGINT', () => process.exit(130));
      process.kill(process.pid, 'SIGINT');
    });
    setTimeout(() => process.kill(process.pid, 'SIGINT'), 100);
    await trainForEver(await openTrainer());
    break;
  case 'terminate':
    await terminateWorkers();
    break;
  case 'terminate-and-exit': {
    const worker = new Worker(new URL(import.meta.url));
    await once(worker, 'message');
    process.exit(9);
    break;
  }
  case 'pending': {
    // Nobody waits for it: the process must stay until it is done, then end by itself.
    const { model } = await openTrainer();
    model.score(batch, { microBatchTokens: length }).then(({ targetOffsets }) => console.log(targetOffsets.length));
    break;
  }
  case 'idle':
    await openTrainer();
    break;
  case 'shutdown': {
    const { model } = await openTrainer();
    const binding = await loadBinding();
    const score = () => model.score(batch, { microBatchTokens: length }).catch((error) => error.code);
    const calls = [score(), score(), score()];
    binding.shutdown();
    binding.shutdown();
    console.log((await Promise.all([...calls, score()])).join(' '));
    break;
  }
}
