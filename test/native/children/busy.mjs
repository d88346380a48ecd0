// A process that ends in the middle of native work, in the way that its first argument names. Run by
// environments.test.ts, which looks at the exit code: a crash would show as a signal.
import { fileURLToPath } from 'node:url';
import { loadBinding } from '../../../dist/native/index.js';
import { end, workingWorker } from './ending.mjs';

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

await end({
  script: import.meta.url,
  open: openTrainer,
  work: trainForEver,
  rounds: 5,
  ways: {
    throw: async () => {
      setTimeout(() => {
        throw new Error('not caught');
      }, 100);
      await trainForEver(await openTrainer());
    },
    reject: async () => {
      const handles = await openTrainer();
      Promise.reject(new Error('not handled'));
      await trainForEver(handles);
    },
    // Twice: the first is taken note of, the second ends the process.
    interrupt: async () => {
      process.once('SIGINT', () => {
        process.once('SIGINT', () => process.exit(130));
        process.kill(process.pid, 'SIGINT');
      });
      setTimeout(() => process.kill(process.pid, 'SIGINT'), 100);
      await trainForEver(await openTrainer());
    },
    'terminate-and-exit': async () => {
      await workingWorker(import.meta.url);
      process.exit(9);
    },
    // Nobody waits for it: the process must stay until it is done, then end by itself.
    pending: async () => {
      const { model } = await openTrainer();
      model.score(batch, { microBatchTokens: length }).then(({ targetOffsets }) => console.log(targetOffsets.length));
    },
    idle: openTrainer,
    shutdown: async () => {
      const { model } = await openTrainer();
      const binding = await loadBinding();
      const score = () => model.score(batch, { microBatchTokens: length }).catch((error) => error.code);
      const calls = [score(), score(), score()];
      binding.shutdown();
      binding.shutdown();
      console.log((await Promise.all([...calls, score()])).join(' '));
    },
  },
});
