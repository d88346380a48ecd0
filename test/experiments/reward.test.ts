import { describe, expect, test } from 'vitest';
import type { DatasetSpec } from '../../src/data/types.js';
import { planBestOf } from '../../src/experiments/bestOf.js';
import type {
  EvaluateSpec,
  FinetuneSpec,
  GenerateSpec,
  Plan,
  RankSpec,
  StepHash,
  StepSpec,
} from '../../src/experiments/plan.js';
import { planReward, type RewardInputs } from '../../src/experiments/reward.js';
import type { ModelSettings } from '../../src/experiments/settings.js';
import { planFinetune } from '../../src/experiments/single.js';
import { planTrain } from '../../src/experiments/train.js';
import { plainModel } from '../support/plans.js';

const model: ModelSettings = { ...plainModel, lr: 2e-4, headLr: 1e-3, head: 'scalar' };

const spec: DatasetSpec = {
  format: 'pairs',
  columns: {},
  classes: ['first', 'second'],
  files: { train: 'sha-train', test: 'sha-test' },
};

function inputs(change: Partial<RewardInputs> = {}, seeds: readonly number[] = [0]): RewardInputs {
  return {
    settings: {
      seeds,
      dataSeed: 0,
      trainSize: null,
      testSize: null,
      deterministic: false,
      forWeak: model,
      forStrong: model,
    },
    weakModel: 'sha-weak',
    strongModel: 'sha-strong',
    dataset: { task: 'preference', classes: ['first', 'second'], spec },
    weakLabels: null,
    ...change,
  };
}

const generative = { epochs: 3, lr: 5e-5 };
const specIn =
  <Spec extends StepSpec>(plan: Plan) =>
  (hash: StepHash | undefined): Spec =>
    plan.steps.find((step) => step.hash === hash)?.spec as Spec;

describe('reward', () => {
  test('without generative fine-tuning is train, step for step', () => {
    expect(planReward(inputs())).toEqual(planTrain(inputs()));
    const [step] = planReward(inputs()).steps;
    expect(step?.spec).toMatchObject({ reading: { task: 'preference', head: { kind: 'scalar' } } });
  });

  test('a likelihood head needs no calibration: of a pair the bias cancels', () => {
    const settings = { ...inputs().settings, forStrong: { ...model, head: 'likelihood' as const } };
    const plan = planReward(inputs({ settings }));
    const { zeroShot } = plan.seeds[0]?.roles ?? {};
    expect(specIn<EvaluateSpec>(plan)(zeroShot)).toMatchObject({
      calibration: null,
      reading: { head: { kind: 'likelihood' } },
    });
  });

  test('takes no head that has no reward', () => {
    const settings = { ...inputs().settings, forStrong: { ...model, head: 'unembedding' as const } };
    expect(() => planReward(inputs({ settings }))).toThrow(/scalar or likelihood for --head/);
  });
});

describe('generative fine-tuning', () => {
  const plan = planReward(inputs({ generative }, [0, 7]));
  const find = specIn<FinetuneSpec>(plan);

  test('learns the transfer half’s completions without a label, and never a test item', () => {
    for (const { seed, roles } of plan.seeds) {
      const spec = find(roles.generative);
      expect(spec).toMatchObject({
        model: { from: 'folder', contentHash: 'sha-strong' },
        reading: { task: 'preference', head: { kind: 'lm' } },
        labels: { from: 'none' },
        objective: { loss: 'completion' },
        optimisation: { epochs: 3, lr: 5e-5, headLr: 5e-5 },
        data: { part: 'transfer', seed },
      });
      expect(spec.data).toEqual(find(roles.student).data);
    }
    // Test rows are read by tests alone: no step that trains, and none that labels, names them.
    for (const { spec } of plan.steps) {
      if (spec.kind === 'evaluate') expect(spec.data.part).toBe('test');
      else expect('data' in spec && spec.data.part).not.toBe('test');
    }
  });

  test('student and ceiling differ from the plain ones by where they start, and by nothing else', () => {
    for (const { roles } of plan.seeds) {
      const from = { from: 'step', step: roles.generative };
      expect(find(roles.tunedStudent)).toEqual({ ...find(roles.student), model: from });
      expect(find(roles.tunedCeiling)).toEqual({ ...find(roles.ceiling), model: from });
      expect(find(roles.tunedStudent).labels).toEqual({ from: 'step', step: roles.labels });
      expect(find(roles.tunedCeiling).labels).toEqual({ from: 'data' });
      const test = specIn<EvaluateSpec>(plan);
      expect(test(roles.tunedStudentTest)).toEqual({
        ...test(roles.studentTest),
        model: { from: 'step', step: roles.tunedStudent },
      });
    }
  });

  test('leaves the supervisor and all plain steps as they are', () => {
    const plain = planReward(inputs({}, [0, 7]));
    const hashes = new Set(plan.steps.map(({ hash }) => hash));
    expect(plain.steps.every(({ hash }) => hashes.has(hash))).toBe(true);
    expect(plan.steps.length).toBe(plain.steps.length + 2 * 5);
    expect(find(plan.seeds[0]?.roles.weak).model).toEqual({ from: 'folder', contentHash: 'sha-weak' });
  });

  test('starts nothing that is not fine-tuned', () => {
    const frozen = {
      ...model,
      method: 'probe',
      probeFit: 'adam',
      probeEpochs: 1,
      probeLr: 1e-3,
      probeL2: 0,
    } as unknown as ModelSettings;
    const settings = { ...inputs().settings, forStrong: frozen };
    expect(() => planReward(inputs({ settings, generative }))).toThrow();
  });

  test('by finetune alone: --loss lm and completion are the same on preferences, and read no label', () => {
    const one = (loss: 'lm' | 'completion') =>
      planFinetune({
        model: 'sha',
        settings: { ...model, loss, head: 'lm' },
        dataset: inputs().dataset,
        dataSeed: 0,
        deterministic: false,
        seed: 0,
      }).steps[0]?.spec;
    expect(one('lm')).toEqual(one('completion'));
    expect(one('lm')).toMatchObject({ labels: { from: 'none' }, objective: { loss: 'completion' } });
  });
});

describe('best-of', () => {
  const bestOf = (reward: RewardInputs) =>
    planBestOf({ reward, policy: 'sha-policy', samples: 8, temperature: 0.7, topP: 1, sampleSeed: 3 });

  test('one pool for all seeds and models, each of which ranks it', () => {
    const plan = bestOf(inputs({}, [0, 1]));
    const pools = plan.steps.filter(({ spec }) => spec.kind === 'generate');
    expect(pools).toHaveLength(1);
    expect(pools[0]?.spec as GenerateSpec).toMatchObject({
      model: { from: 'folder', contentHash: 'sha-policy' },
      reading: { task: 'preference', head: { kind: 'lm' } },
      data: { part: 'test' },
      samples: 8,
      temperature: 0.7,
      seed: 3,
    });
    const ranks = specIn<RankSpec>(plan);
    for (const { roles } of plan.seeds) {
      for (const role of ['weak', 'student', 'ceiling'] as const) {
        expect(ranks(roles[`${role}Rank`])).toMatchObject({
          model: { from: 'step', step: roles[role] },
          candidates: pools[0]?.hash,
          reading: { head: { kind: 'scalar' } },
        });
      }
    }
  });

  test('the student and ceiling of generative fine-tuning choose, where there is any', () => {
    const plan = bestOf(inputs({ generative }));
    const ranks = specIn<RankSpec>(plan);
    const [{ roles } = { roles: undefined }] = plan.seeds;
    expect(ranks(roles?.studentRank).model).toEqual({ from: 'step', step: roles?.tunedStudent });
    expect(ranks(roles?.ceilingRank).model).toEqual({ from: 'step', step: roles?.tunedCeiling });
    expect(ranks(roles?.weakRank).model).toEqual({ from: 'step', step: roles?.weak });
  });

  test('labels from outside have no model that could choose', () => {
    const plan = bestOf(inputs({ weakLabels: 'sha-labels' }));
    expect(plan.seeds[0]?.roles.weakRank).toBeUndefined();
  });
});
