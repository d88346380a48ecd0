/** Short trainings on the batches that scripts/golden/training.py drew. */
import type { NativeObjective, OptimizerKind } from '../../src/native/binding.js';
import { openClassifier, openModel, trainer } from './fixtures.js';

export interface TrainingData {
  classes: number;
  head: number[];
  batches: { tokens: number[]; offsets: number[]; targets: number[] }[];
}

export interface TrainingSettings {
  objective: 'xent' | 'lm';
  optimizer: OptimizerKind;
  lr: number;
  headLr: number;
  weightDecay: number;
  clip: number;
  dtype?: 'f32' | 'bf16';
}

/** Losses before each update, and gradient norms before clipping. Batches are taken in turn. */
export async function train(folder: string, data: TrainingData, settings: TrainingSettings, steps: number) {
  const { objective, lr, headLr, optimizer, weightDecay, clip, dtype = 'f32' } = settings;
  const model =
    objective === 'lm'
      ? await openModel(folder, { dtype })
      : await openClassifier(folder, data.classes, Float32Array.from(data.head), dtype);
  const run = trainer(model, { optimizer, weightDecay, clip });
  const losses: number[] = [];
  const gradNorms: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { tokens, offsets, targets } = data.batches[step % data.batches.length]!;
    const batch = { tokens: Int32Array.from(tokens), offsets: Int32Array.from(offsets) };
    const loss: NativeObjective =
      objective === 'lm' ? { loss: 'lm' } : { loss: 'xent', targets: Float32Array.from(targets) };
    losses.push((await run.forwardBackward(batch, loss)).loss);
    gradNorms.push((await run.step({ lr, headLr })).gradNorm);
  }
  run.dispose();
  model.dispose();
  return { losses, gradNorms };
}
