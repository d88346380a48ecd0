/** Probes, and features of one's own, end to end on small worlds. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readFeatureTable } from '../../src/data/features.js';
import { orderedId } from '../../src/data/preference.js';
import { stream } from '../../src/data/random.js';
import { encodeSafetensors, readSafetensors } from '../../src/data/safetensors.js';
import { openModel, type TrainDocument, weakToStrong } from '../../src/index.js';
import { openStore } from '../../src/store/index.js';
import { probabilities } from '../../src/tasks/classification.js';
import { plannedSteps, predictionsOf, readRows, temporaryFolder } from '../support/results.js';
import { type TinyWorld, tinySettings, writeJsonl, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
/** One store for all: supervisor and labels are the same everywhere, and trained once. */
const out = join(folder, 'store');
let world: TinyWorld;
beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
});
afterAll(cleanUp);

/** Runs an experiment into the one store. */
const run = (settings: Parameters<typeof weakToStrong>[0]): Promise<TrainDocument> =>
  weakToStrong({ ...settings, out });

/** The gradient of mean cross-entropy plus (λ/2)‖W‖² by W and b: zero where a convex fit has ended. */
function gradientOf(
  features: Float32Array,
  targets: readonly (readonly number[])[],
  weight: Float32Array,
  bias: Float32Array,
  l2: number,
): number[] {
  const [n, k] = [targets.length, bias.length];
  const d = features.length / n;
  const gradient = [...weight].map((value) => l2 * value).concat(Array.from(bias, () => 0));
  for (let i = 0; i < n; i++) {
    const x = features.subarray(i * d, (i + 1) * d);
    const logits = Array.from(bias, (b, c) =>
      x.reduce((sum, v, j) => sum + v * (weight[c * d + j] as number), b),
    );
    probabilities(logits, k).forEach((p, c) => {
      const error = (p - (targets[i]?.[c] as number)) / n;
      x.forEach((v, j) => {
        gradient[c * d + j] = (gradient[c * d + j] as number) + error * v;
      });
      gradient[k * d + c] = (gradient[k * d + c] as number) + error;
    });
  }
  return gradient;
}

async function probeOf(out: string, hash: string) {
  const { tensors } = await readSafetensors(join(out, 'steps', hash, 'probe.safetensors'));
  const { weight, bias } = tensors;
  if (!weight || !bias) throw new Error('no probe');
  return { weight: weight.values, bias: bias.values };
}

describe('a probe on frozen hidden states', () => {
  let document: TrainDocument;
  beforeAll(async () => {
    document = await run({
      ...tinySettings(world, out),
      strongMethod: 'probe',
      probeFit: 'lbfgs',
      probeL2: 1e-3,
    });
  });

  test('keeps the last hidden state of every row, as the low level gives it', async () => {
    const steps = plannedSteps(out);
    const hash = steps.get('studentFeatures') ?? '';
    const table = await readFeatureTable(join(out, 'steps', hash, 'features.safetensors'));
    expect(table).toMatchObject({ dimension: 16 });
    expect([...table.ids].sort()).toEqual(
      readRows(world.transferData)
        .map(({ id }) => id)
        .sort(),
    );
    await using model = await openModel(world.strong, { device: 'cpu', threads: 1 });
    const texts = new Map(readRows(world.transferData).map((row) => [row.id, row.text ?? '']));
    const some = table.ids.slice(0, 5);
    const { ids, offsets } = await model.tokenizer.encode(
      some.map((id) => texts.get(id) ?? ''),
      { special: true },
    );
    const hidden = await model.hidden({ tokens: ids, offsets });
    hidden.forEach((value, i) => {
      expect(table.values[i]).toBeCloseTo(value, 5);
    });
  });

  test('student and ceiling end where the gradient is zero, on weak and on true labels', async () => {
    const steps = plannedSteps(out);
    const table = await readFeatureTable(
      join(out, 'steps', steps.get('studentFeatures') ?? '', 'features.safetensors'),
    );
    const weak = new Map(
      (await predictionsOf(out, document, 'labels')).map((line) => [line.id, line.logits]),
    );
    const truth = new Map(readRows(world.transferData).map((row) => [row.id, row.label as number]));
    const soft = table.ids.map((id) => [...probabilities(weak.get(id) ?? [], 2)]);
    const hard = table.ids.map((id) => [1 - (truth.get(id) ?? 0), truth.get(id) ?? 0]);
    for (const [role, targets] of [
      ['student', soft],
      ['ceiling', hard],
    ] as const) {
      const { weight, bias } = await probeOf(out, document.steps[role] ?? '');
      const gradient = gradientOf(table.values, targets, weight, bias, 1e-3);
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-4);
    }
  });

  test('is read as W x + b, and counts in seconds and accuracy', async () => {
    const steps = plannedSteps(out);
    const table = await readFeatureTable(
      join(out, 'steps', steps.get('studentTestFeatures') ?? '', 'features.safetensors'),
    );
    const { weight, bias } = await probeOf(out, document.steps.student ?? '');
    const [line] = await predictionsOf(out, document, 'studentTest');
    const row = table.ids.indexOf(line?.id ?? '');
    const x = table.values.subarray(row * 16, (row + 1) * 16);
    [0, 1].forEach((c) => {
      const logit = x.reduce((sum, v, j) => sum + v * (weight[c * 16 + j] as number), bias[c] as number);
      expect(line?.logits?.[c]).toBeCloseTo(logit, 5);
    });
    // Random weights, frozen: better than chance is what a linear map of them can do.
    expect(document.ceiling.accuracy).toBeGreaterThan(0.6);
    expect(document.student.seconds).toBeGreaterThan(0);
    // Frozen weights: nothing that is fine-tuned lies about.
    expect(existsSync(join(out, 'steps', document.steps.student ?? '', 'model'))).toBe(false);
  });

  test('by Adam comes near the same, and takes the same features from the store', async () => {
    const adam = await run({
      ...tinySettings(world, out),
      strongMethod: 'probe',
      probeEpochs: 60,
      probeLr: 1e-2,
    });
    expect(adam.ceiling.accuracy).toBeGreaterThan(document.ceiling.accuracy - 0.05);
    const probe = (await openStore(out).readResult(adam.steps.ceiling ?? '')) as Record<string, unknown>;
    // ⌈400 / 128⌉ steps an epoch.
    expect(probe).toMatchObject({ kind: 'probe', examples: 400, dimension: 16, iterations: 240 });
  });

  test('after fine-tuning reads the tuned model, whose head the probe does at least as well as', async () => {
    const plain = await run(tinySettings(world, out));
    const settings = {
      ...tinySettings(world, out),
      strongMethod: 'finetune-then-probe',
      probeFit: 'lbfgs',
    } as const;
    const probed = await run(settings);
    const steps = plannedSteps(out);
    // The fine-tuning is the very step of the plain experiment.
    expect(steps.get('ceilingFinetune')).toBe(plain.steps.ceiling);
    expect(probed.ceiling.accuracy).toBeGreaterThan(plain.ceiling.accuracy - 0.03);
  });
});

describe('a probe on preferences', () => {
  test('is fitted on the difference of the two completions, as a linear reward is', async () => {
    const random = stream(5, 'preferences');
    const rows = Array.from({ length: 300 }, (_, i) => {
      const [low, high] = [random.below(12), 12 + random.below(12)];
      return {
        id: `p${i}`,
        prompt: `w${random.below(24)} w${random.below(24)}`,
        chosen: `w${high}`,
        rejected: `w${low}`,
      };
    });
    const document = await run({
      dataset: 'pairs',
      data: writeJsonl(join(folder, 'pairs.jsonl'), rows),
      weak: world.weak,
      strong: world.strong,
      method: 'probe',
      probeFit: 'lbfgs',
      device: 'cpu',
      threads: 1,
      out,
    });
    expect(document.ceiling.accuracy).toBeGreaterThan(0.6);
    const hash = plannedSteps(out).get('studentFeatures') ?? '';
    const table = await readFeatureTable(join(out, 'steps', hash, 'features.safetensors'));
    const [id = ''] = table.ids;
    const orders = rows.flatMap((one) =>
      (['chosen', 'rejected'] as const).map((first) => ({ row: one, first, id: orderedId(one.id, first) })),
    );
    const found = orders.find((order) => order.id === id);
    if (!found) throw new Error(`no row for ${id}`);
    const { row, first } = found;
    await using model = await openModel(world.strong, { device: 'cpu', threads: 1 });
    const packed = await model.tokenizer.encode(
      [row.chosen, row.rejected].map((word) => `${row.prompt} ${word}`),
      { special: true },
    );
    const hidden = await model.hidden({ tokens: packed.ids, offsets: packed.offsets });
    const difference = Array.from({ length: 16 }, (_, d) => (hidden[d] ?? 0) - (hidden[16 + d] ?? 0));
    // Second less first: the chosen one's less the rejected one's where the rejected is shown first.
    const sign = first === 'rejected' ? 1 : -1;
    difference.forEach((value, d) => {
      expect(table.values[d]).toBeCloseTo(sign * value, 5);
    });
  });
});

describe('features that a user brings', () => {
  const count = 1500;
  const random = stream(7, 'latent');
  const latent = Array.from({ length: count }, () => Array.from({ length: 4 }, () => random.normal()));
  const sum = (z: readonly number[]) => z.reduce((total, value) => total + value, 0);
  const labels = latent.map((z) => (sum(z) > 0 ? 1 : 0));
  const ids = latent.map((_, i) => `image-${i}`);

  /** The supervisor sees the right projection through as much noise as there is signal; the strong model all. */
  const weak = latent.map((z) => [sum(z) + 2 * random.normal(), random.normal()]);
  const strong = latent.map((z) => [...z, random.normal(), random.normal()]);
  const tensor = (rows: readonly (readonly number[])[]) => ({
    shape: [rows.length, rows[0]?.length ?? 0],
    values: Float32Array.from(rows.flat()),
  });
  let settings: NonNullable<Parameters<typeof weakToStrong>[0]>;
  beforeAll(() => {
    const at = (name: string) => join(folder, name);
    const metadata = { ids: JSON.stringify(ids) };
    writeFileSync(
      at('strong.safetensors'),
      Buffer.concat([...encodeSafetensors({ features: tensor(strong) }, metadata)]),
    );
    settings = {
      data: writeJsonl(
        at('images.jsonl'),
        ids.map((id, i) => ({ id, label: labels[i] })),
      ),
      weakFeatures: writeJsonl(
        at('weak.jsonl'),
        ids.map((id, i) => ({ id, features: weak[i] })),
      ),
      strongFeatures: at('strong.safetensors'),
      testSize: 500,
      probeFit: 'lbfgs',
      device: 'cpu',
      threads: 1,
      out: at('images'),
    };
  });

  test('need neither models nor texts; the student recovers a part of the gap', async () => {
    const document = await weakToStrong({ ...settings, out: join(folder, 'images') });
    expect(document.weak).toMatchObject({ model: settings.weakFeatures, n: 500 });
    expect(document.student.model).toBe(settings.strongFeatures);
    // A correlation of √½ with the truth answers three of four: 1 − arccos(√½)/π.
    expect(Math.abs(document.weak.accuracy - 0.75)).toBeLessThan(0.06);
    expect(document.ceiling.accuracy).toBeGreaterThan(0.97);
    // Noise that is not in the strong features averages out: nearly the whole gap.
    expect(document.pgr.value).toBeGreaterThan(0.7);
    expect(document.pgr.value).toBeLessThanOrEqual(1.05);
    expect(document.zeroShot).toBeNull();
  });

  test('name the row that has none, and where', async () => {
    const short = writeJsonl(join(folder, 'short.jsonl'), [{ id: 'image-0', features: [1, 2] }]);
    await expect(weakToStrong({ ...settings, weakFeatures: short })).rejects.toThrow(
      /Expected features in .*short\.jsonl for id "image-\d+" \(.*images\.jsonl, line \d+\) but received none/,
    );
  });

  test('of several files of data, each must name its rows', async () => {
    const unnamed = writeJsonl(
      join(folder, 'unnamed.jsonl'),
      labels.slice(0, 10).map((label) => ({ label })),
    );
    await expect(weakToStrong({ ...settings, testSize: undefined, testData: unnamed })).rejects.toThrow(
      /Expected a column "id" in .*unnamed\.jsonl beside --weak-features/,
    );
  });
});
