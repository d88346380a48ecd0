/** Held-out rows choose the weights that are kept: by hand, and end to end on the tiny world. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { resolveTrainConfig } from '../../src/config/train.js';
import { stepContext } from '../../src/execution/context.js';
import { runPlan } from '../../src/execution/runner.js';
import { prepareTrain } from '../../src/execution/train.js';
import { PlanBuilder } from '../../src/experiments/builder.js';
import type { FinetuneSpec, LabelStepSpec } from '../../src/experiments/plan.js';
import { type RunEvent, weakToStrong } from '../../src/index.js';
import { bestPoint, checkedSteps, rightAnswers } from '../../src/steps/earlyStop.js';
import type { FinetuneResult } from '../../src/steps/results.js';
import { openStore } from '../../src/store/index.js';
import { allResults, predictionsOf, temporaryFolder } from '../support/results.js';
import { type TinyWorld, tinySettings, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

describe('when held-out rows are scored', () => {
  const steps = (total: number, perEpoch: number, checks: number) =>
    [...checkedSteps(total, perEpoch, checks)].sort((a, b) => a - b);

  test('at equal distances, the end included', () => {
    expect(steps(20, 20, 4)).toEqual([5, 10, 15, 20]);
    expect(steps(10, 10, 3)).toEqual([4, 7, 10]);
  });
  test('at the end of every epoch', () => expect(steps(9, 3, 1)).toEqual([3, 6, 9]));
  test('never before the first step, nor twice', () => expect(steps(2, 1, 10)).toEqual([1, 2]));
});

describe('the step that is kept', () => {
  const curve = [
    { step: 1, labels: 0.5, truth: 0.7 },
    { step: 2, labels: 0.8, truth: 0.6 },
    { step: 3, labels: 0.8, truth: 0.7 },
  ];
  test('is the earliest of the best', () => expect(bestPoint(curve, 'labels')?.step).toBe(2));
  test('is chosen by the truth in an oracle alone', () => expect(bestPoint(curve, 'truth')?.step).toBe(1));
  test('is none where nothing was scored', () => expect(bestPoint([], 'labels')).toBeUndefined());
});

test('labels are hardened; a tie of two rewards counts half', () => {
  const targets = Float32Array.of(0.4, 0.6, 0.9, 0.1, 0.2, 0.8);
  const logits = Float32Array.of(2, 1, 3, 3);
  expect(rightAnswers(logits, targets, { classes: 2, first: 1, paired: false })).toBe(1);
  expect(rightAnswers(logits, targets, { classes: 2, first: 1, paired: true })).toBe(1.5);
});

describe('on the tiny world', () => {
  const { folder, cleanUp } = temporaryFolder();
  let world: TinyWorld;
  beforeAll(() => {
    world = writeTinyWorld(join(folder, 'world'));
  });
  afterAll(cleanUp);

  test('the restored weights are those of a run that stopped there', async () => {
    const out = join(folder, 'stopped');
    const config = resolveTrainConfig({ ...tinySettings(world, out), schedule: 'constant' });
    const { plan, found } = await prepareTrain(config);
    const ceiling = plan.steps.find(({ role }) => role === 'ceiling')?.spec as FinetuneSpec;
    const data = { ...ceiling.data, fold: { share: 0.1, take: 'rest' } } as const;
    const heldOut = { ...ceiling.data, fold: { share: 0.1, take: 'held-out' } } as const;
    const builder = new PlanBuilder();
    // 360 rows in batches of 16: 23 steps an epoch. Long training on little: the best step is no later than the end.
    const long = builder.add('long', 0, {
      ...ceiling,
      data,
      earlyStop: { data: heldOut, against: 'labels', checks: 1 },
      optimisation: { ...ceiling.optimisation, epochs: 4 },
    });
    const lengths = [1, 2, 3, 4].map((epochs) =>
      builder.add(`short${epochs}`, 0, {
        ...ceiling,
        data,
        optimisation: { ...ceiling.optimisation, epochs },
      }),
    );
    const context = stepContext(config, found, {});
    await runPlan(builder.build(), { context, onEvent: () => {}, keepModels: false });
    const store = openStore(out);
    const kept = (await store.readResult(long)) as unknown as FinetuneResult;
    expect(kept.earlyStop?.curve.map(({ step }) => step)).toEqual([23, 46, 69, 92]);
    const epoch = (kept.earlyStop?.step ?? 0) / 23;
    const weights = await Promise.all(
      lengths.map(async (hash) => ((await store.readResult(hash)) as unknown as FinetuneResult).weights),
    );
    expect(weights[epoch - 1]).toBe(kept.weights);
    expect(existsSync(join(store.stepFolder(long), 'best'))).toBe(false);
  });

  const early = (out: string, change: object = {}) => ({
    ...tinySettings(world, join(folder, out)),
    earlyStop: 'labels' as const,
    keepModels: true,
    ...change,
  });

  test('student and ceiling learn nine tenths, and are read at the step that held-out labels chose', async () => {
    const document = await weakToStrong(early('labels'));
    const [seed] = document.perSeed;
    const student = seed?.earlyStop?.student;
    expect(student).toMatchObject({ steps: 69, against: 'labels' });
    expect(student?.curve).toHaveLength(15);
    expect(student?.curve.every((point) => point.truth === undefined)).toBe(true);
    expect(student?.step).toBe(bestPoint(student?.curve ?? [], 'labels')?.step);
    const store = openStore(join(folder, 'labels'));
    for (const role of ['student', 'ceiling']) {
      const result = (await store.readResult(document.steps[role] ?? '')) as unknown as FinetuneResult;
      expect(result.examples).toBe(360);
    }
    // The labels step speaks of the held-out rows too.
    expect(document.labels.n).toBe(400);
  });

  test('the curve is the accuracy against the hardened labels', async () => {
    const document = await weakToStrong(early('labels'));
    const out = join(folder, 'labels');
    const config = resolveTrainConfig(early('labels'));
    const { plan, found } = await prepareTrain(config);
    const student = plan.steps.find(({ role }) => role === 'student');
    const labels = plan.steps.find(({ role }) => role === 'labels')?.spec as LabelStepSpec;
    const spec = student?.spec as FinetuneSpec;
    const builder = new PlanBuilder(new Map(plan.steps.map((step) => [step.hash, step])));
    const hash = builder.add('recount', 0, {
      ...labels,
      model: { from: 'step', step: student?.hash ?? '' },
      data: spec.earlyStop?.data ?? spec.data,
    });
    await runPlan(builder.build(), {
      context: stepContext(config, found, {}),
      onEvent: () => {},
      keepModels: true,
    });
    const own = (await openStore(out).readPredictions(hash)) ?? [];
    const given = new Map((await predictionsOf(out, document, 'labels')).map((line) => [line.id, line]));
    const side = (logits: readonly number[] = []) => ((logits[1] ?? 0) > (logits[0] ?? 0) ? 1 : 0);
    const alike = own.filter(({ id, logits }) => side(logits) === side(given.get(id)?.logits)).length;
    const kept = document.perSeed[0]?.earlyStop?.student;
    expect(own).toHaveLength(40);
    expect(kept?.curve.find(({ step }) => step === kept.step)?.labels).toBeCloseTo(alike / 40, 12);
  });

  test('an oracle looks at the truth of the held-out rows; the ceiling is shared', async () => {
    const labels = await weakToStrong(early('labels'));
    const oracle = await weakToStrong(early('labels', { earlyStop: 'oracle' }));
    const curve = oracle.perSeed[0]?.earlyStop?.student.curve ?? [];
    expect(curve.every(({ truth }) => truth !== undefined)).toBe(true);
    expect(curve.map(({ step, labels: one }) => [step, one])).toEqual(
      labels.perSeed[0]?.earlyStop?.student.curve.map(({ step, labels: one }) => [step, one]),
    );
    expect(oracle.steps.ceiling).toBe(labels.steps.ceiling);
    expect(oracle.steps.student).not.toBe(labels.steps.student);
  });

  test('interrupted where rows are scored, and elsewhere, it ends with the identical results', async () => {
    const out = join(folder, 'interrupted');
    // Steps 5 and 10 are scored, 12 is not.
    for (const at of [5, 10, 12, 37]) {
      const controller = new AbortController();
      const onEvent = (event: RunEvent) => {
        if (event.type === 'progress' && event.role === 'student' && event.done === at) controller.abort();
      };
      const ended = weakToStrong(early('interrupted'), { signal: controller.signal, onEvent });
      await expect(ended).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    }
    await weakToStrong(early('interrupted'));
    expect(allResults(join(folder, 'labels'))).toMatchObject(allResults(out));
    for (const hash of readdirSync(join(out, 'steps'))) {
      expect(existsSync(join(out, 'steps', hash, 'best'))).toBe(false);
    }
  });

  test('with a probe it is refused', async () => {
    await expect(weakToStrong(early('probe', { method: 'probe' }))).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringContaining('early stopping'),
    });
  });
});
