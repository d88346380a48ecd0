/** What the training loop hands to the engine for each loss; the engine's part is tested in test/native. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { FinetuneSpec } from '../../src/experiments/plan.js';
import type { NativeObjective, NativeTrainer, PackedSequences } from '../../src/native/binding.js';
import { objectiveFor } from '../../src/steps/objective.js';
import { balancedLabels } from '../../src/tasks/balanced.js';
import { bindLoss, defineLoss } from '../../src/tasks/loss.js';

const batch: PackedSequences = { tokens: Int32Array.of(1, 2), offsets: Int32Array.of(0, 1, 2) };
const targets = Float32Array.of(0.2, 0.8, 0.1, 0.9);

/** A trainer that gives these logits, and keeps what it is asked. */
function recorder(logits: number[]) {
  const asked: (NativeObjective | Float32Array)[] = [];
  const trainer = {
    forward: async () => Float32Array.from(logits),
    backward: async (dLogits: Float32Array) => void asked.push(dLogits),
    forwardBackward: async (_: PackedSequences, objective: NativeObjective) => {
      asked.push(objective);
      return { loss: 1, logits: Float32Array.from(logits), exactMatches: 0 };
    },
  } as unknown as NativeTrainer;
  return { trainer, asked };
}

type Asked = Pick<FinetuneSpec, 'objective' | 'balanced'>;

async function run(
  spec: Asked,
  { pairOutputs, logits = [0, 1, 0, 1] }: { pairOutputs?: number; logits?: number[] },
) {
  const { trainer, asked } = recorder(logits);
  const result = await objectiveFor(spec, 2, pairOutputs)(trainer, batch, targets, 5, 100);
  return { result, asked: asked[0] };
}

describe('losses with kernels', () => {
  it.each<[FinetuneSpec['objective'], object]>([
    [{ loss: 'xent' }, {}],
    [
      { loss: 'product', alpha: 1, beta: 2 },
      { alpha: 1, beta: 2 },
    ],
    [{ loss: 'window', radius: 'median' }, { radius: 'median' }],
    [{ loss: 'adaptive-confidence', temperature: 0.5 }, { temperature: 0.5 }],
    [{ loss: 'entropy', alphaMax: 0.5, warmup: 0.1 }, { alpha: 0.25 }],
    [
      { loss: 'confidence', threshold: 0.7, alphaMax: 0.8, warmup: 0.1 },
      { threshold: 0.7, alpha: 0.4 },
    ],
  ])('%o', async (objective, parameters) => {
    const wanted = { loss: objective.loss, targets, ...parameters };
    expect((await run({ objective }, {})).asked).toEqual(wanted);
    // Through a likelihood head [0, z], of which z is the reward.
    const { asked, result } = await run({ objective }, { pairOutputs: 2, logits: [0, 3, 0, 4] });
    expect(asked).toEqual({ ...wanted, group: 2 });
    expect([...result.logits]).toEqual([3, 4]);
  });

  it('language modelling has neither targets nor pairs', async () => {
    for (const loss of ['lm', 'completion'] as const) {
      const { asked } = await run({ objective: { loss } }, { pairOutputs: 2 });
      expect(asked).toEqual({ loss: 'lm' });
    }
  });
});

describe('balanced labels', () => {
  it('replace the batch’s own, whatever the loss', async () => {
    const wanted = balancedLabels(targets, 2);
    const native = await run({ objective: { loss: 'xent' }, balanced: true }, {});
    expect(native.asked).toEqual({ loss: 'xent', targets: wanted });
    const seen: Float32Array[] = [];
    const loss = bindLoss(
      defineLoss({
        name: 'seen',
        params: z.object({}),
        apply: ({ targets: own, logits }) => {
          seen.push(own);
          return { loss: 0, dLogits: new Float32Array(logits.length) };
        },
      }),
    );
    const { name, source, params } = loss;
    await run({ objective: { loss: 'custom', name, source, params }, balanced: true }, {});
    expect(seen).toEqual([wanted]);
  });
});

it('a loss of one’s own sees the two rewards of a pair, and its gradient goes where they came from', async () => {
  const loss = bindLoss(
    defineLoss({
      name: 'first-reward',
      params: z.object({}),
      apply: ({ logits }) => ({ loss: logits[0] as number, dLogits: Float32Array.of(1, 2) }),
    }),
  );
  const { name, source, params } = loss;
  const objective = { loss: 'custom', name, source, params } as const;
  const { asked, result } = await run({ objective }, { pairOutputs: 2, logits: [0, 3, 0, 4] });
  expect(result.loss).toBe(3);
  expect(asked).toEqual(Float32Array.of(0, 1, 0, 2));
});
