/** Rows of embeddings that a batch does not touch: what AdamW owes them, against updates of the whole matrix. */
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/data/random.js';
import type { NativeModel, NativeTrainer, OptimizerKind } from '../../src/native/binding.js';
import { goldenCase, openModel, packOf, relativeError, trainer } from './fixtures.js';

const STEPS = 60;
const BATCH = 3;
const VOCABULARY = 40;
const cases = [
  { name: 'gpt2-odd', head: 'classifier' },
  { name: 'llama-grouped', head: 'classifier' },
  { name: 'qwen3-tied', head: 'tokens' },
] as const;

type Case = (typeof cases)[number];

function open({ name, head }: Case): Promise<NativeModel> {
  const answers = head === 'tokens' ? { headTokens: Int32Array.of(3, 5) } : { labels: 2 };
  return openModel(goldenCase(name).folder, { head, ...answers });
}

/** Few of the vocabulary's tokens in each batch; some come back after long, some never. */
function batchOf(step: number) {
  const random = stream(1, 'lazy rows', step);
  const window = 7 * Math.floor(step / 15);
  const sequences = Array.from({ length: BATCH }, () =>
    Array.from({ length: 2 + random.below(4) }, () => (window + random.below(9)) % VOCABULARY),
  );
  const targets = Float32Array.from({ length: 2 * BATCH }, (_, i) => (i + step) % 2);
  return { batch: packOf(sequences), objective: { loss: 'xent' as const, targets } };
}

interface Settings {
  optimizer?: OptimizerKind;
  weightDecay: number;
  clip?: number;
  /** Called between backward pass and update, and after the update. */
  before?: (run: NativeTrainer) => Promise<unknown>;
  after?: (model: NativeModel, step: number) => Promise<unknown>;
}

/** Parameters by name after some steps with a falling learning rate. */
async function trained(which: Case, { before, after, ...settings }: Settings) {
  const model = await open(which);
  const run = trainer(model, settings);
  for (let step = 0; step < STEPS; step++) {
    const { batch, objective } = batchOf(step);
    await run.forwardBackward(batch, objective);
    await before?.(run);
    await run.step({ lr: 2e-3 * (1 - step / STEPS), headLr: 1e-2 });
    await after?.(model, step);
  }
  const found = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) found.set(name, (await model.parameter(name)).values);
  run.dispose();
  model.dispose();
  return found;
}

/**
 * A bias of keys moves all scores of a query alike, so that its gradient is rounding alone, which Adam makes large: it
 * is whatever it is, and changes nothing.
 */
function expectClose(found: Map<string, Float32Array>, wanted: Map<string, Float32Array>): void {
  const biases = (values: Float32Array) => {
    const third = values.length / 3;
    return [...values.subarray(0, third), ...values.subarray(2 * third)];
  };
  for (const [name, values] of wanted) {
    const [a, b] = [found.get(name)!, values].map((v) => (name.endsWith('c_attn.bias') ? biases(v) : v));
    expect(relativeError(a!, b!), name).toBeLessThan(2e-6);
  }
}

const embedding = ({ name }: Case) =>
  name.startsWith('gpt2') ? 'transformer.wte.weight' : 'model.embed_tokens.weight';

describe.each(cases)('$name, $head', (which) => {
  it.each([
    { weightDecay: 0 },
    { weightDecay: 0.3 },
    { weightDecay: 0, clip: 0 },
    { weightDecay: 0, optimizer: 'adam' },
    { weightDecay: 0.1, optimizer: 'muon' },
  ] as const)('equals the update of all rows: %o', async (settings) => {
    // A gradient that somebody looked at is dense.
    const dense = await trained(which, { ...settings, before: (run) => run.gradient(embedding(which)) });
    const lazy = await trained(which, settings);
    expectClose(lazy, dense);
  });

  it('has the same bits whenever rows are brought up to date', async () => {
    const settings = { weightDecay: 0.3 };
    const atTheEnd = await trained(which, settings);
    const name = embedding(which);
    const often = await trained(which, { ...settings, after: (model) => model.parameter(name) });
    const sometimes = await trained(which, {
      ...settings,
      after: async (model, step) =>
        step % 13 === 5 && (await model.score(batchOf(3).batch, { microBatchTokens: 8 })),
    });
    expect(often).toEqual(atTheEnd);
    expect(sometimes).toEqual(atTheEnd);
  });
});

it('a parameter that is set in between stays what it was set to', async () => {
  const which = cases[1];
  const name = embedding(which);
  const ones = async (model: NativeModel, step: number) => {
    if (step !== 20) return;
    const { values } = await model.parameter(name);
    await model.setParameter(name, values.fill(1));
  };
  const dense = await trained(which, { weightDecay: 0, before: (run) => run.gradient(name), after: ones });
  const lazy = await trained(which, { weightDecay: 0, after: ones });
  expectClose(lazy, dense);
});
