import { describe, expect, test } from 'vitest';
import type { SupervisionConfig } from '../../src/config/supervision.js';
import type { DatasetSpec } from '../../src/data/types.js';
import type { PlanStep, RelabelSpec, StepSpec } from '../../src/experiments/plan.js';
import type { DataShape, ModelSettings } from '../../src/experiments/settings.js';
import { planTrain, type TrainInputs } from '../../src/experiments/train.js';
import { plainModel } from '../support/plans.js';

const model = plainModel;

const spec: DatasetSpec = { format: 'columns', columns: {}, files: { train: 'sha-train', test: 'sha-test' } };

interface Change {
  supervision?: SupervisionConfig;
  strong?: Partial<ModelSettings>;
  shape?: Partial<DataShape>;
  inputs?: Partial<TrainInputs>;
  seeds?: number[];
}

function plan({ supervision, strong, shape, inputs, seeds = [0] }: Change = {}) {
  const { steps, seeds: planned } = planTrain({
    settings: {
      seeds,
      dataSeed: 0,
      trainSize: null,
      testSize: null,
      deterministic: false,
      forWeak: model,
      forStrong: { ...model, ...strong },
      ...supervision,
    },
    weakModel: 'sha-weak',
    strongModel: 'sha-strong',
    dataset: { task: 'classification', classes: ['no', 'yes'], spec, ...shape },
    weakLabels: null,
    ...inputs,
  });
  const find = (role: string, seed = 0): PlanStep | undefined =>
    steps.find((step) => step.role === role && step.seed === seed);
  const specOf = <S extends StepSpec>(role: string, seed = 0) => find(role, seed)?.spec as S;
  return { steps, roles: planned.map(({ roles }) => roles), find, specOf };
}

const plain = plan();
const hashes = (one: ReturnType<typeof plan>) => one.steps.map(({ hash }) => hash);

test('without any of it the plan is what it was', () => {
  const roles = plain.steps.map(({ role }) => role);
  expect(roles).toEqual([
    'weak',
    'weakTest',
    'labels',
    'labelsGrade',
    'student',
    'studentTest',
    'ceiling',
    'ceilingTest',
  ]);
  expect(plain.roles[0]).not.toHaveProperty('beforeGrade');
});

describe('filters', () => {
  const filtered = plan({ supervision: { filter: 'knn', filterKeep: 0.5, filterNeighbours: 20 } });

  test('the student learns what is kept; supervisor and ceiling are those of a plain run', () => {
    const spec = filtered.specOf<RelabelSpec>('filteredLabels');
    expect(spec.method).toEqual({ name: 'knn', keep: 0.5, neighbours: 20 });
    expect(spec.labels).toEqual([{ from: 'step', step: plain.find('labels')?.hash }]);
    expect(spec.features).toEqual({ from: 'step', step: filtered.find('transferFeatures')?.hash });
    const labels = { from: 'step', step: filtered.find('filteredLabels')?.hash };
    expect(filtered.specOf('student')).toMatchObject({ labels });
    const [roles] = filtered.roles;
    expect(roles?.labels).toBe(labels.step);
    // What there was before is graded by the very step of a plain run.
    expect(roles?.beforeGrade).toBe(plain.find('labelsGrade')?.hash);
    for (const role of ['weak', 'weakTest', 'ceiling', 'ceilingTest']) {
      expect(filtered.find(role)?.hash).toBe(plain.find(role)?.hash);
    }
  });

  test('hidden states are those of the strong base, without labels', () => {
    expect(filtered.specOf('transferFeatures')).toMatchObject({
      kind: 'features',
      model: { from: 'folder', contentHash: 'sha-strong' },
      data: { part: 'transfer' },
    });
  });

  test('a confident filter reads no hidden states', () => {
    const { steps } = plan({ supervision: { filter: 'confident', filterKeep: 0.5 } });
    expect(steps.some(({ spec: one }) => one.kind === 'features')).toBe(false);
  });

  test('a relabelling comes before the filter, and is given what it needs', () => {
    const relabel = { name: 'mine', source: 'abc', params: {}, needs: ['hidden', 'zeroShot'] } as const;
    const both = plan({
      supervision: { relabel, filter: 'confident', filterKeep: 0.5 },
      strong: { head: 'likelihood' },
    });
    expect(both.specOf('relabelled')).toMatchObject({
      method: { name: 'custom', relabel: 'mine', source: 'abc', params: {} },
      features: { from: 'step', step: both.find('transferFeatures')?.hash },
      zeroShot: both.find('zeroShotLabels')?.hash,
    });
    expect(both.specOf('filteredLabels')).toMatchObject({
      labels: [{ from: 'step', step: both.find('relabelled')?.hash }],
    });
  });

  test('labels from outside can be filtered', () => {
    const outside = plan({
      supervision: { filter: 'confident', filterKeep: 0.5 },
      inputs: { weakLabels: 'sha-labels' },
    });
    expect(outside.specOf<RelabelSpec>('filteredLabels').labels).toEqual([
      { from: 'file', sha256: 'sha-labels' },
    ]);
  });
});

describe('ensembles', () => {
  test('three orders of one model: the first is the supervisor of a plain run', () => {
    const three = plan({ supervision: { ensemble: 3, ensembleWeights: 'mean' }, seeds: [0, 1] });
    expect(three.find('weak')?.hash).toBe(plain.find('weak')?.hash);
    const seeds = [0, 1].flatMap((seed) =>
      ['weak', 'weak2', 'weak3'].map((role) => three.specOf<StepSpec & { seed: number }>(role, seed).seed),
    );
    expect(new Set(seeds).size).toBe(6);
    const [roles] = three.roles;
    expect(three.specOf<RelabelSpec>('labels')).toMatchObject({
      method: { name: 'mean' },
      labels: [1, 2, 3].map((i) => ({ from: 'step', step: roles?.[`labels${i}`] })),
    });
    expect(three.specOf('weakTest')).toMatchObject({
      kind: 'grade',
      labels: { from: 'step', step: three.find('weakTestLabels')?.hash },
      data: { part: 'test' },
    });
    expect(roles).not.toHaveProperty('beforeGrade');
  });

  test('AdaBoost: trained on nine tenths of the weak half, weighed on the rest', () => {
    const two = plan({
      supervision: { ensemble: 1, ensembleWeights: 'adaboost' },
      inputs: { weakModels: ['sha-a', 'sha-b'] },
    });
    expect(two.specOf('weak')).toMatchObject({
      model: { contentHash: 'sha-a' },
      data: { part: 'weak', fold: { share: 0.1, take: 'rest' } },
    });
    expect(two.specOf('weak2')).toMatchObject({ model: { contentHash: 'sha-b' }, seed: 0 });
    expect(two.specOf('weakHeldOut1')).toMatchObject({ data: { part: 'weak', fold: { take: 'held-out' } } });
    const graded = [1, 2].map((i) => two.find(`weakHeldOut${i}`)?.hash);
    expect(two.specOf<RelabelSpec>('labels').graded).toEqual(graded);
    expect(two.specOf<RelabelSpec>('weakTestLabels').graded).toEqual(graded);
  });

  test('completions are decided by vote', () => {
    const { specOf } = plan({
      supervision: { ensemble: 2, ensembleWeights: 'mean' },
      shape: { task: 'completion', classes: [] },
    });
    expect(specOf<RelabelSpec>('labels').method).toEqual({ name: 'vote' });
  });
});

describe('labels of the strong model itself', () => {
  const elicited = (supervisor: SupervisionConfig['supervisor'], shape: Partial<DataShape> = {}) =>
    plan({ supervision: supervisor ? { supervisor } : {}, strong: { head: 'tokens' }, shape });

  test('the supervisor is trained and tested, and labels nothing', () => {
    const own = elicited('zero-shot');
    expect(own.find('weakTest')?.hash).toBe(plain.find('weakTest')?.hash);
    expect(own.find('labels')).toBeUndefined();
    expect(own.specOf('zeroShotLabels')).toMatchObject({
      kind: 'label',
      model: { contentHash: 'sha-strong' },
      data: { part: 'transfer' },
    });
    expect(own.specOf('student')).toMatchObject({
      labels: { from: 'step', step: own.find('zeroShotLabels')?.hash },
    });
    expect(own.roles[0]).not.toHaveProperty('beforeGrade');
  });

  test('a likelihood is calibrated on the half, but for preferences, of which the bias cancels', () => {
    const own = (shape: Partial<DataShape>) =>
      plan({ supervision: { supervisor: 'zero-shot' }, strong: { head: 'likelihood' }, shape }).specOf(
        'zeroShotLabels',
      );
    expect(own({})).toMatchObject({ calibration: { part: 'transfer' } });
    const shape = { task: 'preference', classes: ['first', 'second'] } as const;
    expect(own(shape)).toMatchObject({ calibration: null });
  });

  test('pairs are read in both orders', () => {
    const pairs = elicited('consistent', { structure: 'pairs' });
    expect(pairs.specOf('mirroredLabels')).toMatchObject({ data: { part: 'transfer', instead: 'mirror' } });
    expect(pairs.specOf<RelabelSpec>('consistentLabels')).toMatchObject({
      method: { name: 'consistent' },
      labels: ['zeroShotLabels', 'mirroredLabels'].map((role) => ({
        from: 'step',
        step: pairs.find(role)?.hash,
      })),
    });
    expect(pairs.roles[0]?.beforeGrade).toBeDefined();
  });

  test('mutual starts from consistent answers where rows belong together', () => {
    const mutual = elicited('mutual', { structure: 'questions' });
    expect(mutual.specOf('siblingLabels')).toMatchObject({ data: { part: 'transfer', instead: 'siblings' } });
    expect(mutual.specOf<RelabelSpec>('mutualLabels')).toMatchObject({
      method: { name: 'mutual', oneRight: true },
      labels: [{ from: 'step', step: mutual.find('consistentLabels')?.hash }],
      features: { from: 'step', step: mutual.find('transferFeatures')?.hash },
    });
    expect(elicited('mutual').specOf<RelabelSpec>('mutualLabels').labels).toEqual([
      { from: 'step', step: elicited('mutual').find('zeroShotLabels')?.hash },
    ]);
  });

  test('a fresh head has no answer, and rows that stand alone no contradiction', () => {
    expect(() => plan({ supervision: { supervisor: 'zero-shot' } })).toThrow(/fresh head \(--head linear\)/);
    expect(() => elicited('consistent')).toThrow(/stand alone/);
  });
});

test('no step but those that learn the truth or grade reads true labels', () => {
  const all = plan({
    supervision: { ensemble: 2, ensembleWeights: 'adaboost', filter: 'logistic', filterKeep: 0.5 },
  });
  for (const { role, spec: one } of all.steps) {
    if (!('labels' in one) || Array.isArray(one.labels)) continue;
    const fromData = (one.labels as { from: string }).from === 'data';
    expect([role, fromData]).toEqual([role, /^(weak\d*|ceiling)$/.test(role)]);
  }
  expect(hashes(all)).toHaveLength(new Set(hashes(all)).size);
});
