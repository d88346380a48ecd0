/** The hand-written pass against autograd through plain operators, and once against differences of the loss. */
import { describe, expect, it } from 'vitest';
import type { NativeModel, NativeObjective, PackedSequences } from '../../src/native/binding.js';
import type { OpenOptions } from './fixtures.js';
import {
  completions,
  expectedOf,
  floats,
  type Golden,
  goldenCase,
  goldenCases,
  norm,
  openModel,
  packed,
  relativeError,
  trainer,
} from './fixtures.js';

/**
 * ‖g − g*‖ / (‖g*‖ + 0.01 · ‖all g*‖): some gradients are zero but for rounding, such as that of the last norm's bias
 * where pairs are compared.
 */
function gradientError(found: Float32Array, reference: Float32Array, all: number): number {
  return norm(reference.map((value, i) => found[i]! - value)) / (norm(reference) + 0.01 * all);
}

interface Task {
  open: OpenOptions;
  batch: PackedSequences;
  objective: NativeObjective;
  /** Values of the head's parameters, which start from zero. */
  set?: [string, Float32Array];
}

const SOFT = Float32Array.from([0.1, 0.9, 0.6, 0.4, 0.3, 0.7, 0.8, 0.2, 0.45, 0.55, 0.25, 0.75]);

function tasks(golden: Golden): Record<string, Task> {
  const expected = expectedOf(golden);
  const head = floats(expected, 'cls.head');
  const [labels, width] = expected.get('cls.head')!.shape as [number, number];
  const batch = packed(expected, 'cls');
  const answers = { head: 'tokens', labels: 2, headTokens: Int32Array.of(7, 3) } as const;
  const soft: NativeObjective = { loss: 'xent', targets: SOFT };
  return {
    classifier: {
      open: { head: 'classifier', labels },
      batch,
      objective: { loss: 'xent', targets: floats(expected, 'cls.targets') },
      set: ['score.weight', head],
    },
    scalar: {
      open: { head: 'scalar' },
      batch,
      objective: { loss: 'xent', targets: Float32Array.of(1, 0, 0, 1, 0.5, 0.5), group: 2 },
      set: ['score.weight', head.slice(0, width)],
    },
    likelihood: {
      open: { head: 'likelihood' },
      batch: completions(expected),
      objective: { loss: 'xent', targets: SOFT.slice(0, 10) },
    },
    restricted: { open: { ...answers, vocabulary: 'restricted' }, batch, objective: soft },
    full: { open: { ...answers, vocabulary: 'full' }, batch, objective: soft },
    lm: { open: { head: 'lm' }, batch: completions(expected), objective: { loss: 'lm' } },
  };
}

async function open(golden: Golden, { open, set }: Task, more: OpenOptions = {}): Promise<NativeModel> {
  const model = await openModel(golden.folder, { ...open, ...more });
  if (set) await model.setParameter(...set);
  return model;
}

/** Loss, logits and all gradients of one optimizer batch. */
async function pass(golden: Golden, task: Task, more: OpenOptions, microBatchTokens: number) {
  const model = await open(golden, task, more);
  const run = trainer(model, { microBatchTokens });
  const { loss, logits } = await run.forwardBackward(task.batch, task.objective);
  const gradients = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) gradients.set(name, await run.gradient(name));
  run.dispose();
  model.dispose();
  return { loss, logits, gradients, all: norm([...gradients.values()].map(norm)) };
}

async function expectAsReference(golden: Golden, task: Task, dtype: 'f32' | 'bf16', tolerance: number) {
  const reference = await pass(golden, task, { reference: true, dtype }, 4096);
  expect(reference.all).toBeGreaterThan(0);
  for (const budget of [1, 30, 4096]) {
    const found = await pass(golden, task, { dtype }, budget);
    expect(Math.abs(found.loss - reference.loss) / reference.loss).toBeLessThan(tolerance);
    if (reference.logits.length > 0)
      expect(relativeError(found.logits, reference.logits)).toBeLessThan(tolerance);
    for (const [name, values] of reference.gradients) {
      const error = gradientError(found.gradients.get(name)!, values, reference.all);
      expect(error, `${name} at ${budget}`).toBeLessThan(tolerance);
    }
  }
}

describe.each(goldenCases)('$name', (golden) => {
  const all = tasks(golden);

  it.each(Object.keys(all))('%s: gradients as by autograd', async (name) => {
    await expectAsReference(golden, all[name]!, 'f32', 2e-5);
  });

  it.each(['classifier', 'lm'])('%s: the same in bfloat16, as far as it goes', async (name) => {
    await expectAsReference(golden, all[name]!, 'bf16', 0.1);
  });

  it('has the same hidden states and scores', async () => {
    const task = all.lm!;
    const reference = await open(golden, task, { reference: true });
    const model = await open(golden, task);
    for (const microBatchTokens of [1, 30, 4096]) {
      const options = { microBatchTokens };
      const [hidden, found] = [
        await reference.hidden(task.batch, options),
        await model.hidden(task.batch, options),
      ];
      expect(relativeError(found, hidden)).toBeLessThan(1e-5);
      const scores = (await model.score(task.batch, options)).logProbabilities;
      const expected = (await reference.score(task.batch, options)).logProbabilities;
      expect(relativeError(scores, expected)).toBeLessThan(1e-5);
    }
    reference.dispose();
    model.dispose();
  });
});

it.each(['gpt2-odd', 'qwen3-bias'])('%s: gradients as differences of the loss', async (name) => {
  const golden = goldenCase(name);
  const task = tasks(golden).classifier!;
  const { gradients } = await pass(golden, task, {}, 4096);
  const model = await open(golden, task);
  const run = trainer(model);
  const loss = async () => (await run.forwardBackward(task.batch, task.objective)).loss;
  for (const [parameter, gradient] of gradients) {
    // Along the gradient, where the difference is largest: d loss / d step = ‖g‖.
    const length = norm(gradient);
    if (length < 1e-3) continue;
    const { values } = await model.parameter(parameter);
    const step = 1e-2;
    const at = async (sign: number) => {
      await model.setParameter(
        parameter,
        values.map((value, i) => value + (sign * step * gradient[i]!) / length),
      );
      return loss();
    };
    const slope = ((await at(1)) - (await at(-1))) / (2 * step);
    await model.setParameter(parameter, values);
    expect(Math.abs(slope - length) / length, parameter).toBeLessThan(0.02);
  }
  run.dispose();
  model.dispose();
});
