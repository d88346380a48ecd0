import { describe, expect, test } from 'vitest';
import { canonicalJson, hashSpec } from '../../src/experiments/hash.js';
import type { FinetuneSpec } from '../../src/experiments/plan.js';
import type { ModelSettings } from '../../src/experiments/settings.js';
import { planEvaluate, planFinetune } from '../../src/experiments/single.js';
import { planTrain, type TrainInputs } from '../../src/experiments/train.js';
import { noYes, plainModel } from '../support/plans.js';

const model = plainModel;

const spec = noYes;

function inputs(
  change: { strong?: Partial<ModelSettings>; seeds?: number[]; inputs?: Partial<TrainInputs> } = {},
) {
  return {
    settings: {
      seeds: change.seeds ?? [0],
      dataSeed: 0,
      trainSize: null,
      testSize: null,
      deterministic: false,
      forWeak: model,
      forStrong: { ...model, ...change.strong },
    },
    weakModel: 'sha-weak',
    strongModel: 'sha-strong',
    dataset: { task: 'classification', classes: ['no', 'yes'], spec },
    weakLabels: null,
    ...change.inputs,
  } satisfies TrainInputs;
}

const completion = { task: 'completion', classes: [], spec: { ...spec, classes: [] } } as const;

describe('the hash of a step', () => {
  test('lets another length of answers change who writes them, not who learns them', () => {
    const of = (maxNewTokens: number) =>
      planTrain(inputs({ strong: { loss: 'completion', maxNewTokens }, inputs: { dataset: completion } }));
    const [short, long] = [of(2), of(9)].map(({ seeds }) => seeds[0]?.roles);
    expect(short?.ceiling).toBe(long?.ceiling);
    expect(short?.ceilingTest).not.toBe(long?.ceilingTest);
    expect(() => planTrain(inputs({ strong: { maxNewTokens: 2 } }))).toThrow(
      'completions for --max-new-tokens',
    );
  });

  test('does not depend on the order of keys, nor on what is undefined', () => {
    expect(canonicalJson({ b: [1, { d: 2, c: undefined }], a: null })).toBe('{"a":null,"b":[1,{"d":2}]}');
  });

  test('refuses numbers that JSON would turn into null', () => {
    expect(() => canonicalJson({ lr: Number.NaN })).toThrow('finite');
  });

  test('stays what it is: a changed hash forgets every store', () => {
    const { steps } = planTrain(inputs());
    expect(hashSpec(steps[0]?.spec as FinetuneSpec)).toBe(steps[0]?.hash);
    expect(steps[0]?.hash).toMatchSnapshot();
  });

  test('covers neither device, threads nor micro-batch', () => {
    expect(canonicalJson(planTrain(inputs()).steps.map((step) => step.spec))).not.toMatch(
      /device|threads|microBatch|checkpoint|out/,
    );
  });
});

describe('the plan of train', () => {
  test('each step comes after what it needs', () => {
    const done = new Set<string>();
    for (const step of planTrain(inputs({ seeds: [0, 1] })).steps) {
      expect(step.needs.every((need) => done.has(need))).toBe(true);
      done.add(step.hash);
    }
  });

  test('the student learns from the labels step, the ceiling from the data, else they are the same', () => {
    const { steps } = planTrain(inputs());
    const specOf = (role: string) => steps.find((step) => step.role === role)?.spec as FinetuneSpec;
    const labels = steps.find((step) => step.role === 'labels');
    expect(specOf('student').labels).toEqual({ from: 'step', step: labels?.hash });
    expect({ ...specOf('student'), labels: null }).toEqual({ ...specOf('ceiling'), labels: null });
    expect(specOf('ceiling').labels).toEqual({ from: 'data' });
  });

  test('confidence concerns the student alone', () => {
    const plain = planTrain(inputs());
    const confident = planTrain(inputs({ strong: { loss: 'confidence' } }));
    const differing = confident.steps.filter(({ hash }) => !plain.steps.some((step) => step.hash === hash));
    expect(differing.map(({ role }) => role)).toEqual(['student', 'studentTest']);
  });

  test('test sets are the same for every seed; what is equal appears once', () => {
    const one = planTrain(inputs({ inputs: { dataset: completion } }));
    const two = planTrain(inputs({ seeds: [0, 1], inputs: { dataset: completion } }));
    expect(two.steps).toHaveLength(2 * one.steps.length - 1);
    expect(two.seeds[0]?.roles.zeroShot).toBe(two.seeds[1]?.roles.zeroShot);
  });

  test('a base model is scored before training where it has an answer then', () => {
    const roles = (change: Parameters<typeof inputs>[0]) => planTrain(inputs(change)).seeds[0]?.roles;
    expect(roles({})?.zeroShot).toBeUndefined();
    expect(roles({ strong: { head: 'likelihood' } })?.zeroShot).toBeDefined();
    expect(roles({ inputs: { dataset: completion } })?.zeroShot).toBeDefined();
  });

  test('a changed transfer file leaves the weak model its name', () => {
    const files = (transfer: string) => ({
      dataset: {
        ...inputs().dataset,
        spec: { ...spec, files: { weak: 'w', transfer, test: 't' } },
      },
    });
    const [a, b] = ['t1', 't2'].map((name) => planTrain(inputs({ inputs: files(name) })).seeds[0]?.roles);
    expect(a?.weak).toBe(b?.weak);
    expect(a?.weakTest).toBe(b?.weakTest);
    expect(a?.labels).not.toBe(b?.labels);
  });

  test('labels from outside need no weak model', () => {
    const { steps, seeds } = planTrain(inputs({ inputs: { weakLabels: 'sha-labels' } }));
    expect(steps.map(({ role }) => role).slice(0, 3)).toEqual(['labelsGrade', 'weakTest', 'student']);
    expect(seeds[0]?.roles.weak).toBeUndefined();
  });
});

describe('what does not fit is refused as a usage error', () => {
  const three = {
    ...inputs().dataset,
    classes: ['a', 'b', 'c'],
    spec: { ...spec, classes: ['a', 'b', 'c'] },
  };
  const cases: [string, Parameters<typeof inputs>[0], RegExp][] = [
    [
      'confidence on completions',
      { strong: { loss: 'confidence' }, inputs: { dataset: completion } },
      /completion/,
    ],
    [
      'confidence on three classes',
      { strong: { loss: 'confidence' }, inputs: { dataset: three } },
      /exactly two/,
    ],
    [
      'likelihood on three classes',
      { strong: { head: 'likelihood' }, inputs: { dataset: three } },
      /two classes/,
    ],
    ['completion loss on classes', { strong: { loss: 'completion' } }, /xent or confidence/],
    ['lm head on classes', { strong: { head: 'lm' } }, /--head/],
    [
      'likelihood on completions',
      { strong: { head: 'likelihood' }, inputs: { dataset: completion } },
      /--head/,
    ],
  ];
  test.each(cases)('%s', (_name, change, message) => {
    expect(() => planTrain(inputs(change))).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });
});

describe('single steps', () => {
  const single = { model: 'sha', dataset: inputs().dataset, dataSeed: 0, deterministic: false };

  test('finetune uses every row of the training file', () => {
    const { steps } = planFinetune({ ...single, settings: model, seed: 3 });
    expect(steps).toHaveLength(1);
    expect(steps[0]?.spec.data).toMatchObject({
      part: 'all-train',
      trainSize: null,
      dataset: { files: { train: 'sha-train' } },
    });
  });

  test('lm reads any text, without labels', () => {
    const { steps } = planFinetune({ ...single, settings: { ...model, loss: 'lm' }, seed: 0 });
    const spec = steps[0]?.spec as FinetuneSpec;
    expect(spec.reading.head).toEqual({ kind: 'lm' });
  });

  test('evaluate reads the test file alone', () => {
    const { steps } = planEvaluate({ ...single, settings: model });
    expect(steps[0]?.spec.data.dataset.files).toEqual({ test: 'sha-test' });
  });
});
