/** Losses in plans: every parameter that determines a result is in the step's spec. */
import { describe, expect, it } from 'vitest';
import { resolveTrainConfig } from '../../src/config/train.js';
import type { FinetuneSpec, ObjectiveSpec } from '../../src/experiments/plan.js';
import { objectivesOf } from '../../src/experiments/settings.js';
import { planTrain } from '../../src/experiments/train.js';

const own = { weak: 'a', strong: 'b', data: 'rows.jsonl' } as const;
const dataset = {
  task: 'classification' as const,
  classes: ['no', 'yes'],
  spec: { format: 'columns', columns: {}, classes: ['no', 'yes'], files: { train: 'x', test: 'y' } },
};
const three = { ...dataset, classes: ['a', 'b', 'c'] };
const pairs = { ...dataset, task: 'preference' as const, classes: ['first', 'second'] };

function plan(settings: Parameters<typeof resolveTrainConfig>[0]) {
  const config = resolveTrainConfig({ ...own, ...settings });
  const inputs = { settings: config, weakModel: 'w', strongModel: 's', dataset, weakLabels: null };
  const { steps } = planTrain(inputs);
  const finetune = (role: string) => steps.find((step) => step.role === role)!;
  const spec = (role: string) => finetune(role).spec as FinetuneSpec;
  return { student: spec('student'), ceiling: spec('ceiling'), weak: spec('weak'), finetune };
}

describe('the student’s objective', () => {
  it.each<[object, ObjectiveSpec]>([
    [
      { loss: 'product', lossBeta: 2 },
      { loss: 'product', alpha: 1, beta: 2 },
    ],
    [{ loss: 'reverse-kl' }, { loss: 'reverse-kl' }],
    [{ loss: 'window' }, { loss: 'window', radius: 0.25 }],
    [
      { loss: 'window', windowRadius: 'median' },
      { loss: 'window', radius: 'median' },
    ],
    [{ loss: 'entropy' }, { loss: 'entropy', alphaMax: 0.5, warmup: 0.1 }],
    [{ loss: 'adaptive-confidence' }, { loss: 'adaptive-confidence', temperature: 1 }],
    [
      { loss: 'confidence', threshold: 0.6 },
      { loss: 'confidence', threshold: 0.6, alphaMax: 0.75, warmup: 0.2 },
    ],
  ])('%o', (settings, objective) => {
    const { student, ceiling, weak } = plan(settings);
    expect(student.objective).toEqual(objective);
    for (const spec of [ceiling, weak]) expect(spec.objective).toEqual({ loss: 'xent' });
  });

  it('is another step for another parameter, and the same one for kl', () => {
    const hash = (settings: object) => plan(settings).finetune('student').hash;
    const hashes = [
      hash({}),
      hash({ balanced: true }),
      hash({ loss: 'window' }),
      hash({ loss: 'window', windowRadius: 0.3 }),
      hash({ loss: 'product' }),
      hash({ loss: 'product', lossAlpha: 2 }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hash({ loss: 'kl' })).toBe(hashes[0]);
  });

  it('has balanced labels for the student alone', () => {
    const { student, ceiling, weak } = plan({ balanced: true });
    expect(student.balanced).toBe(true);
    for (const spec of [ceiling, weak]) expect(spec).not.toHaveProperty('balanced');
    expect(plan({}).student).not.toHaveProperty('balanced');
  });
});

describe('tasks', () => {
  const settings = (raw: object) => resolveTrainConfig({ ...own, ...raw }).forStrong;

  it('serves preferences and any number of classes but where two are needed', () => {
    expect(objectivesOf(settings({ loss: 'confidence' }), pairs).objective.loss).toBe('confidence');
    expect(objectivesOf(settings({ loss: 'window', balanced: true }), pairs)).toEqual({
      objective: { loss: 'window', radius: 0.25 },
      balanced: true,
    });
    expect(objectivesOf(settings({ loss: 'entropy' }), three).objective.loss).toBe('entropy');
    expect(() => objectivesOf(settings({ loss: 'confidence' }), three)).toThrow('two classes');
    expect(() => objectivesOf(settings({ balanced: true }), three)).toThrow('two classes for --balanced');
  });

  it('refuses a loss of classes on completions', () => {
    const completions = { ...dataset, task: 'completion' as const, classes: [] };
    for (const loss of ['product', 'window', 'reverse-kl', 'entropy', 'adaptive-confidence'] as const)
      expect(() => objectivesOf(settings({ loss }), completions)).toThrow(`for --loss ${loss}`);
  });

  it('refuses anything but cross-entropy beside a probe', () => {
    expect(() => plan({ strongMethod: 'probe', balanced: true })).toThrow('--balanced');
  });
});
