/** Ten steps of every optimizer against PyTorch's own, through the whole engine. */
import { expect, it } from 'vitest';
import type { OptimizerKind } from '../../src/native/binding.js';
import { goldenCase, goldenDocument } from './fixtures.js';
import { type TrainingData, train } from './training.js';

interface Run {
  case: string;
  objective: 'xent' | 'lm';
  optimizer: OptimizerKind;
  lr: number;
  headLr: number;
  weightDecay: number;
  clip: number;
  losses: number[];
  gradNorms: number[];
}

const document = goldenDocument<{ data: Record<string, TrainingData>; runs: Run[] }>('training');

it.each(document.runs)('$case, $objective, $optimizer, lr $lr, decay $weightDecay', async (golden) => {
  const { folder } = goldenCase(golden.case);
  const found = await train(folder, document.data[golden.case]!, golden, golden.losses.length);
  golden.losses.forEach((loss, step) => {
    // Not less: Adam moves a weight whose gradient is hardly more than rounding by the whole rate, either way.
    expect(Math.abs(found.losses[step]! - loss) / loss, `loss of step ${step}`).toBeLessThan(5e-4);
  });
  golden.gradNorms.forEach((gradNorm, step) => {
    expect(Math.abs(found.gradNorms[step]! - gradNorm) / gradNorm, `norm of step ${step}`).toBeLessThan(1e-3);
  });
});
