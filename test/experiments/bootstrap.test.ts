import { describe, expect, test } from 'vitest';
import type { DatasetSpec } from '../../src/data/types.js';
import { type BootstrapInputs, namedSteps, planBootstrap } from '../../src/experiments/bootstrap.js';
import type { EvaluateSpec, FinetuneSpec, LabelStepSpec, PlanStep } from '../../src/experiments/plan.js';
import { planTrain } from '../../src/experiments/train.js';
import { plainModel } from '../support/plans.js';

const model = plainModel;

const spec: DatasetSpec = { format: 'columns', columns: {}, classes: ['no', 'yes'], files: { train: 'sha' } };
const dataset = { task: 'classification', classes: ['no', 'yes'], spec } as const;

function inputs(
  models: readonly string[],
  change: Partial<BootstrapInputs['settings']> = {},
): BootstrapInputs {
  const settings = {
    seeds: [0],
    dataSeed: 0,
    trainSize: 300,
    testSize: 50,
    deterministic: false,
    forWeak: { ...model, lr: 1e-3 },
    forStrong: { ...model, loss: 'confidence' as const },
    ...change,
  };
  return { settings, models, dataset };
}

const plan = (models: readonly string[], change: Partial<BootstrapInputs['settings']> = {}) => {
  const made = planBootstrap(inputs(models, change));
  const roles = made.seeds[0]?.roles;
  if (!roles) throw new Error('no seed');
  const at = (hash: string | undefined) => made.steps.find((step) => step.hash === hash) as PlanStep;
  const finetune = (hash: string | undefined) => at(hash).spec as FinetuneSpec;
  return { made, roles, at, finetune };
};

describe('a chain of three', () => {
  const { made, roles, at, finetune } = plan(['sha-1', 'sha-2', 'sha-3']);
  const [m1, m2, m3] = roles.models.map(({ step }) => finetune(step));

  test('has every model start from its pre-trained weights and learn from the one before', () => {
    expect([m1, m2, m3].map((one) => one?.model)).toEqual(
      ['sha-1', 'sha-2', 'sha-3'].map((contentHash) => ({ from: 'folder', contentHash })),
    );
    expect(m1?.labels).toEqual({ from: 'data' });
    expect(m2?.labels).toEqual({ from: 'step', step: roles.labels[0]?.labels });
    expect(m3?.labels).toEqual({ from: 'step', step: roles.labels[1]?.labels });
    const teachers = roles.labels.map(({ labels }) => (at(labels).spec as LabelStepSpec).model);
    expect(teachers).toEqual(roles.models.slice(0, 2).map(({ step }) => ({ from: 'step', step })));
  });

  test('takes a fresh set for each, and the labels of just that set', () => {
    const sets = [m1, m2, m3].map((one) => one?.data.chain);
    expect(sets).toEqual([0, 1, 2].map((k) => ({ of: 3, first: k, last: k })));
    roles.labels.forEach(({ labels }, i) => {
      expect((at(labels).spec as LabelStepSpec).data).toEqual([m2, m3][i]?.data);
    });
  });

  test('trains M1 and the ceiling on the truth by the plain loss, the others by the one asked for', () => {
    expect(m1?.objective).toEqual({ loss: 'xent' });
    expect(m1?.optimisation.lr).toBe(1e-3);
    expect(m2?.objective.loss).toBe('confidence');
    expect(finetune(roles.arms.union.step).objective.loss).toBe('confidence');
    const ceiling = finetune(roles.ceiling.step);
    expect(ceiling).toMatchObject({ labels: { from: 'data' }, objective: { loss: 'xent' }, data: m3?.data });
  });

  test('compares with labels of M1, on the last set and on all after the first', () => {
    const { direct, union } = roles.arms;
    const first = { from: 'step', step: roles.models[0]?.step };
    expect((at(direct.labels).spec as LabelStepSpec).model).toEqual(first);
    expect((at(union.labels).spec as LabelStepSpec).model).toEqual(first);
    expect(finetune(direct.step).data).toEqual(m3?.data);
    expect(finetune(union.step).data.chain).toEqual({ of: 3, first: 1, last: 2 });
    expect(finetune(union.step).model).toEqual(m3?.model);
  });

  test('tests every model on the same rows', () => {
    const tests = [...roles.models, ...Object.values(roles.arms), roles.ceiling].map(
      ({ test: hash }) => (at(hash).spec as EvaluateSpec).data,
    );
    for (const data of tests) expect(data).toMatchObject({ part: 'test', seed: 0, testSize: 50 });
  });

  test('names every step once', () => {
    expect(Object.keys(namedSteps(roles))).toEqual([
      ...[
        'M1',
        'M1Test',
        'M1Labels',
        'M1LabelsGrade',
        'M2',
        'M2Test',
        'M2Labels',
        'M2LabelsGrade',
        'M3',
        'M3Test',
      ],
      ...['direct', 'directTest', 'directLabels', 'directLabelsGrade'],
      ...['union', 'unionTest', 'unionLabels', 'unionLabelsGrade', 'ceiling', 'ceilingTest'],
    ]);
    const names = made.steps.map(({ role }) => role);
    expect(new Set(names).size).toBe(names.length);
    expect(made.steps).toHaveLength(20);
  });
});

describe('a chain of two', () => {
  const { made, roles } = plan(['sha-weak', 'sha-strong']);

  test('is direct and union at once: the same steps', () => {
    const { chain, direct, union } = roles.arms;
    expect(direct).toEqual(chain);
    expect(union).toEqual(chain);
  });

  test('shares every step with train', () => {
    const { settings } = inputs([]);
    const train = planTrain({
      settings,
      weakModel: 'sha-weak',
      strongModel: 'sha-strong',
      dataset,
      weakLabels: null,
    });
    expect(made.steps.map(({ hash }) => hash).sort()).toEqual(train.steps.map(({ hash }) => hash).sort());
  });
});

test('seeds share the test set and no training', () => {
  const { made } = plan(['a', 'b', 'c'], { seeds: [0, 1] });
  const [first, second] = made.seeds.map(({ roles }) => Object.values(namedSteps(roles)));
  expect(first?.filter((hash) => second?.includes(hash))).toEqual([]);
});

describe('early stopping', () => {
  const { roles, finetune } = plan(['a', 'b', 'c'], { earlyStop: 'labels' });

  test('holds the same tenth out from student and ceiling, and nothing from M1', () => {
    const student = finetune(roles.arms.direct.step);
    const ceiling = finetune(roles.ceiling.step);
    expect(student.data.fold).toEqual({ share: 0.1, take: 'rest' });
    expect(ceiling.data).toEqual(student.data);
    expect(student.earlyStop).toMatchObject({
      data: { ...student.data, fold: { share: 0.1, take: 'held-out' } },
      against: 'labels',
    });
    expect(ceiling.earlyStop).toEqual(student.earlyStop);
    expect(finetune(roles.models[0]?.step).earlyStop).toBeUndefined();
  });

  test('asks the truth as an oracle of students alone; the ceiling stays the same', () => {
    const oracle = plan(['a', 'b', 'c'], { earlyStop: 'oracle' });
    expect(oracle.finetune(oracle.roles.arms.direct.step).earlyStop?.against).toBe('truth');
    expect(oracle.roles.ceiling).toEqual(roles.ceiling);
  });
});
