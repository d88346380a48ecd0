// A process that ends while a device owes results, in the way that its first argument names. Run by
// late-results.test.ts, which looks at the exit code: a crash would show as a signal.
import { fileURLToPath } from 'node:url';
import { loadBinding } from '../../../dist/native/index.js';
import { end } from './ending.mjs';

const folder = fileURLToPath(new URL('../../golden/llama-grouped/model', import.meta.url));
const batch = { tokens: Int32Array.from({ length: 40 }, (_, i) => i), offsets: Int32Array.of(0, 20, 40) };

async function openTrainer() {
  const binding = await loadBinding();
  const model = await binding.loadModel({ folder, device: 'cpu', dtype: 'f32', head: 'lm', threads: 1 });
  const settings = { optimizer: 'adamw', weightDecay: 0, clip: 1, microBatchTokens: 64, lateResults: true };
  return { binding, trainer: binding.createTrainer(model, settings) };
}

const calls = ({ trainer }) =>
  [0, 1].flatMap(() => [trainer.forwardBackward(batch, { loss: 'lm' }), trainer.step({ lr: 1e-4, headLr: 1e-4 })]);

async function trainForEver(handles) {
  for (;;) await Promise.all(calls(handles));
}

await end({
  script: import.meta.url,
  open: openTrainer,
  work: trainForEver,
  rounds: 3,
  ways: {
    pending: async () => {
      Promise.all(calls(await openTrainer())).then(() => console.log('came'));
    },
    shutdown: async () => {
      const handles = await openTrainer();
      const pending = calls(handles);
      await pending[0];
      handles.binding.shutdown();
      const outcomes = await Promise.allSettled(pending);
      const expected = outcomes.every(({ status, reason }) => status === 'fulfilled' || reason.code === 'ERR_ABORTED');
      console.log(expected ? 'settled' : outcomes);
    },
  },
});
