/** The hand-written pass against autograd through plain operators, and once against differences of the loss. */
import { afterAll, describe, expect, it } from 'vitest';
import { stream } from '../../src/data/random.js';
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
  packOf,
  relativeError,
  trainer,
} from './fixtures.js';
import { folderMaker, pack } from './modelFolder.js';

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

async function open(folder: string, { open, set }: Task, more: OpenOptions = {}): Promise<NativeModel> {
  const model = await openModel(folder, { ...open, ...more });
  if (set) await model.setParameter(...set);
  return model;
}

/** Loss, logits and all gradients of one optimizer batch. */
async function pass(folder: string, task: Task, more: OpenOptions, microBatchTokens: number) {
  const model = await open(folder, task, more);
  const run = trainer(model, { microBatchTokens });
  const { loss, logits } = await run.forwardBackward(task.batch, task.objective);
  const gradients = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) gradients.set(name, await run.gradient(name));
  run.dispose();
  model.dispose();
  return { loss, logits, gradients, all: norm([...gradients.values()].map(norm)) };
}

async function expectAsReference(folder: string, task: Task, dtype: 'f32' | 'bf16', tolerance: number) {
  const reference = await pass(folder, task, { reference: true, dtype }, 4096);
  expect(reference.all).toBeGreaterThan(0);
  for (const budget of [1, 30, 4096]) {
    const found = await pass(folder, task, { dtype }, budget);
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
    await expectAsReference(golden.folder, all[name]!, 'f32', 2e-5);
  });

  it.each(['classifier', 'lm'])('%s: the same in bfloat16, as far as it goes', async (name) => {
    await expectAsReference(golden.folder, all[name]!, 'bf16', 0.1);
  });

  it('has the same hidden states and scores', async () => {
    const task = all.lm!;
    const reference = await open(golden.folder, task, { reference: true });
    const model = await open(golden.folder, task);
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

/** Products of a few hundred rows by 128: large enough for every library that products are given to. */
describe('wide', () => {
  const folders = folderMaker();
  afterAll(() => folders.remove());
  const D = 128;
  const shapes = {
    llama: {
      'model.embed_tokens.weight': [53, D],
      ...Object.fromEntries(
        [0, 1].flatMap((layer) =>
          Object.entries({
            'input_layernorm.weight': [D],
            'self_attn.q_proj.weight': [D, D],
            'self_attn.k_proj.weight': [64, D],
            'self_attn.v_proj.weight': [64, D],
            'self_attn.o_proj.weight': [D, D],
            'post_attention_layernorm.weight': [D],
            'mlp.gate_proj.weight': [256, D],
            'mlp.up_proj.weight': [256, D],
            'mlp.down_proj.weight': [D, 256],
          }).map(([name, shape]) => [`model.layers.${layer}.${name}`, shape]),
        ),
      ),
      'model.norm.weight': [D],
    },
    gpt2: {
      'transformer.wte.weight': [53, D],
      'transformer.wpe.weight': [64, D],
      ...Object.fromEntries(
        [0, 1].flatMap((layer) =>
          Object.entries({
            'ln_1.weight': [D],
            'ln_1.bias': [D],
            'attn.c_attn.weight': [D, 3 * D],
            'attn.c_attn.bias': [3 * D],
            'attn.c_proj.weight': [D, D],
            'attn.c_proj.bias': [D],
            'ln_2.weight': [D],
            'ln_2.bias': [D],
            'mlp.c_fc.weight': [D, 4 * D],
            'mlp.c_fc.bias': [4 * D],
            'mlp.c_proj.weight': [4 * D, D],
            'mlp.c_proj.bias': [D],
          }).map(([name, shape]) => [`transformer.h.${layer}.${name}`, shape]),
        ),
      ),
      'transformer.ln_f.weight': [D],
      'transformer.ln_f.bias': [D],
    },
  };
  const configs = {
    llama: {
      model_type: 'llama',
      vocab_size: 53,
      hidden_size: D,
      intermediate_size: 256,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 32,
      max_position_embeddings: 64,
    },
    gpt2: { model_type: 'gpt2', vocab_size: 53, n_embd: D, n_head: 4, n_layer: 2, n_positions: 64 },
  };

  it.each(['llama', 'gpt2'] as const)('%s: gradients as by autograd', async (family) => {
    const random = stream(5, `wide-${family}`);
    const draw = (shape: readonly number[]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const scale = shape.length === 1 ? 0.3 : 0.1;
      return Float32Array.from({ length: count }, () => scale * random.normal());
    };
    const tensors = Object.entries(shapes[family] as Record<string, number[]>).map(([name, shape]) => {
      return [name, { dtype: 'F32', shape, bytes: Buffer.from(draw(shape).buffer) }] as const;
    });
    const folder = folders.make({
      'config.json': JSON.stringify(configs[family]),
      'model.safetensors': pack(Object.fromEntries(tensors)),
    });
    const texts = Array.from({ length: 24 }, (_, i) =>
      Array.from({ length: 17 + (i % 5) }, () => Math.floor(53 * random.uniform())),
    );
    const task: Task = {
      open: { head: 'classifier', labels: 2 },
      batch: packOf(texts),
      objective: { loss: 'xent', targets: Float32Array.from({ length: 48 }, (_, i) => ((i >> 1) + i) % 2) },
      set: ['score.weight', draw([2, D])],
    };
    await expectAsReference(folder, task, 'f32', 2e-5);
  });
});

it.each(['gpt2-odd', 'qwen3-bias'])('%s: gradients as differences of the loss', async (name) => {
  const golden = goldenCase(name);
  const task = tasks(golden).classifier!;
  const { gradients } = await pass(golden.folder, task, {}, 4096);
  const model = await open(golden.folder, task);
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
