/** bfloat16 with float32 masters follows the float32 losses of Transformers for fifty steps. */
import { expect, it } from 'vitest';
import { goldenCase, goldenDocument } from './fixtures.js';
import { type TrainingData, train } from './training.js';

interface Curve {
  case: string;
  objective: 'xent' | 'lm';
  lr: number;
  clip: number;
  losses: number[];
}

const document = goldenDocument<{ data: Record<string, TrainingData>; runs: Curve[] }>('curves');

it.each(document.runs)('$case, $objective', async (curve) => {
  const { folder } = goldenCase(curve.case);
  const data = document.data[curve.case]!;
  for (const [dtype, most] of [
    ['f32', 1e-3],
    ['bf16', 0.02],
  ] as const) {
    const settings = { ...curve, optimizer: 'adamw', headLr: curve.lr, weightDecay: 0, dtype } as const;
    const { losses } = await train(folder, data, settings, curve.losses.length);
    curve.losses.forEach((loss, step) => {
      expect(Math.abs(losses[step]! - loss) / loss, `${dtype}, step ${step}`).toBeLessThan(most);
    });
  }
});
