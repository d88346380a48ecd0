/** Experiments that users define: the plan is made of the same steps as that of `train`, and mistakes are named. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveTrainConfig, type TrainSettings } from '../../src/config/train.js';
import {
  defineExperiment,
  type ExperimentKit,
  type ExperimentPlan,
  planExperiment,
} from '../../src/experiments/define.js';
import { planTrain, type TrainInputs } from '../../src/experiments/train.js';
import { boundLoss, defineLoss } from '../../src/tasks/loss.js';
import { defineRelabel } from '../../src/tasks/relabel.js';

function inputs(settings: Partial<TrainSettings> = {}): TrainInputs {
  const config = resolveTrainConfig({ dataset: 'chess-check', seed: [0, 1], trainSize: 100, ...settings });
  const spec = {
    format: 'chess-check',
    columns: {},
    classes: ['no check', 'check'],
    files: { train: 'a'.repeat(64), test: 'b'.repeat(64) },
  };
  return {
    settings: config,
    weakModel: 'weak-hash',
    strongModel: 'strong-hash',
    dataset: { task: 'classification', classes: ['no check', 'check'], spec },
    weakLabels: null,
  };
}

const plan = (make: (kit: ExperimentKit) => void, settings: Partial<TrainSettings> = {}): ExperimentPlan =>
  planExperiment({ name: 'mine', plan: make }, {}, inputs(settings));

const roles = ({ steps }: ExperimentPlan, seed = 0): Record<string, string> =>
  Object.fromEntries(steps.filter((step) => step.seed === seed).map(({ role, hash }) => [role, hash]));

function asTrain({ weak, strong, splits, truth, grade }: ExperimentKit): void {
  const supervisor = weak.learn('weak', { data: splits.weak, labels: truth });
  supervisor.evaluate();
  const labels = supervisor.label('labels');
  grade('labels', labels);
  strong.learn('student', { labels }).evaluate();
  strong.learn('ceiling', { labels: truth }).evaluate();
}

describe('a plan', () => {
  it.each([
    [{}],
    [{ loss: 'confidence' as const }],
    [{ earlyStop: 'labels' as const }],
    [{ method: 'probe' as const }],
  ])('of the pieces of train is that of train, with %j', (settings) => {
    const own = plan(asTrain, settings);
    const train = planTrain(inputs(settings));
    const of = (seed: number) => train.seeds[seed]?.roles;
    for (const seed of [0, 1]) {
      const { weak, labels, student, ceiling, studentTest, ceilingTest, weakTest, labelsGrade } =
        of(seed) ?? {};
      expect(roles(own, seed)).toMatchObject({
        ...{ weak, labels, student, ceiling, studentTest, ceilingTest, weakTest, labelsGrade },
      });
    }
  });

  it('takes its labels through all that train has, where it asks for that', () => {
    const settings = { filter: 'confident' as const, ensemble: 2 };
    const own = plan(({ supervise, strong }) => {
      strong.learn('student', { labels: supervise() }).evaluate();
    }, settings);
    const { student } = planTrain(inputs(settings)).seeds[0]?.roles ?? {};
    expect(roles(own).student).toBe(student);
    expect(Object.keys(own.seeds[0]?.models ?? {})).toEqual(['weak', 'student']);
    expect(Object.keys(own.seeds[0]?.labels ?? {})).toEqual(['labels']);
  });

  it('reports no supervisor where labels come from a file', () => {
    const make = ({ supervise, strong }: ExperimentKit) => {
      strong.learn('student', { labels: supervise() }).evaluate();
    };
    const given = { ...inputs(), weakLabels: 'c'.repeat(64) };
    const own = planExperiment({ name: 'mine', plan: make }, {}, given);
    expect(Object.keys(own.seeds[0]!.models)).toEqual(['student']);
    expect(Object.keys(own.seeds[0]!.labels)).toEqual(['labels']);
  });

  it('takes the asked loss for labels, and the plain one for the truth, unless told otherwise', () => {
    const own = plan(
      ({ strong, truth, weak, splits }) => {
        const labels = weak.learn('weak', { data: splits.weak, labels: truth }).label('labels');
        strong.learn('asked', { labels }).evaluate();
        strong.learn('plain', { labels, loss: 'plain' }).evaluate();
        strong.learn('truth', { labels: truth }).evaluate();
        strong.learn('own', { labels, loss: { loss: 'reverse-kl' } }).evaluate();
      },
      { loss: 'confidence' },
    );
    const objective = (role: string) => {
      const spec = own.steps.find((step) => step.role === role && step.seed === 0)?.spec;
      return spec?.kind === 'finetune' ? spec.objective.loss : undefined;
    };
    expect(['asked', 'plain', 'truth', 'own'].map(objective)).toEqual([
      'confidence',
      'xent',
      'xent',
      'reverse-kl',
    ]);
  });

  it('trains on from what was trained', () => {
    const own = plan(({ strong, truth, splits }) => {
      const first = strong.learn('first', { data: splits.weak, labels: truth });
      strong.learn('second', { labels: truth, from: first }).evaluate();
    });
    const { first } = roles(own);
    expect(own.steps.find(({ role }) => role === 'second')?.needs).toEqual([first]);
  });

  it('evaluates under other names and on other rows', () => {
    const own = plan(({ strong, truth, splits }) => {
      const student = strong.learn('student', { labels: truth });
      student.evaluate();
      student.evaluate({ role: 'onTransfer', data: splits.transfer });
    });
    const { models } = own.seeds[0]!;
    expect(Object.keys(models)).toEqual(['student', 'onTransfer']);
    expect(models.student?.rows).not.toBe(models.onTransfer?.rows);
    expect(models.student?.trained).toBe(models.onTransfer?.trained);
  });
});

describe('code within an experiment', () => {
  const objectiveOf = ({ steps }: ExperimentPlan, role: string) => {
    const spec = steps.find((step) => step.role === role && step.seed === 0)?.spec;
    return spec?.kind === 'finetune' && spec.objective.loss === 'custom' ? spec.objective : undefined;
  };
  const loss = defineLoss({
    name: 'mine',
    params: z.object({ beta: z.number().default(1) }),
    apply: ({ logits }) => ({ loss: 0, dLogits: logits }),
  });
  const own = (source: string, beta?: number) =>
    planExperiment(
      {
        name: 'mine',
        plan({ strong, truth }) {
          const lossParams = beta === undefined ? {} : { lossParams: { beta } };
          strong.learn('student', { labels: truth, loss, ...lossParams }).evaluate();
        },
      },
      {},
      inputs(),
      source,
    );

  it('is a loss, hashed with the file around it, and known to the steps', () => {
    const objective = objectiveOf(own('a'), 'student');
    expect(objective).toMatchObject({ loss: 'custom', name: 'mine', params: { beta: 1 } });
    expect(boundLoss(objective!).name).toBe('mine');
    expect(objectiveOf(own('b'), 'student')?.source).not.toBe(objective?.source);
    expect(objectiveOf(own('a', 2), 'student')).toEqual({ ...objective, params: { beta: 2 } });
    expect(() => own('a', 'much' as never)).toThrow(
      /Expected valid parameters for loss mine but received, for beta: /,
    );
  });

  it('is a relabelling, with what it reads', () => {
    const flip = defineRelabel({
      name: 'flip',
      needs: ['hidden'],
      apply: ({ labels }) => ({ labels: labels.map((p) => 1 - p) }),
    });
    const { steps } = plan(({ strong, supervise, relabel }) => {
      strong.learn('student', { labels: relabel('flipped', supervise(), flip) }).evaluate();
    });
    const flipped = steps.find(({ role, seed }) => role === 'flipped' && seed === 0);
    expect(flipped?.spec).toMatchObject({
      method: { name: 'custom', relabel: 'flip' },
      features: { from: 'step' },
    });
    const student = steps.find(({ role, seed }) => role === 'student' && seed === 0);
    expect(student?.needs).toContain(flipped?.hash);
  });

  it.each([
    [{ name: 'confident', keep: 0.5 } as const, false],
    [{ name: 'knn', keep: 0.5, neighbours: 5 } as const, true],
    [{ name: 'logistic', keep: 0.5 } as const, true],
    [{ name: 'topological', neighbours: 5 } as const, true],
    [{ name: 'mutual', neighbours: 5, rounds: 2 } as const, true],
  ])('is a built-in relabelling, %j, with the hidden states that it looks at', (method, looks) => {
    const { steps } = plan(({ strong, supervise, relabel }) => {
      strong.learn('student', { labels: relabel('filtered', supervise(), method) }).evaluate();
    });
    const filtered = steps.find(({ role, seed }) => role === 'filtered' && seed === 0);
    expect(filtered?.spec.kind === 'relabel' && filtered.spec.features?.from).toBe(
      looks ? 'step' : undefined,
    );
  });
});

describe('what is refused', () => {
  it('a plan that evaluates nothing', () => {
    expect(() => plan(() => {})).toThrow(/Expected experiment mine to evaluate a model at least/);
  });

  it('one name for two steps', () => {
    expect(() =>
      plan(({ strong, truth, splits }) => {
        strong.learn('a', { labels: truth }).evaluate();
        strong.learn('a', { data: splits.weak, labels: truth }).evaluate();
      }),
    ).toThrow(/Expected a name of its own for each step of experiment mine but received "a" for two/);
  });

  it('other roles for another seed', () => {
    expect(() =>
      plan(({ strong, truth, seed }) => {
        strong.learn(`a${seed}`, { labels: truth }).evaluate();
      }),
    ).toThrow(/received a0 of seed 0 and a1 of seed 1/);
  });

  it('a function that throws, its error in cause', () => {
    const boom = () => {
      throw new TypeError('boom');
    };
    expect(() => plan(boom)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG',
        message: 'Expected a plan of experiment mine but its function threw: boom',
        cause: expect.any(TypeError) as TypeError,
      }),
    );
  });

  it('a fresh head without training', () => {
    expect(() => plan(({ strong }) => void strong.evaluate('zeroShot'))).toThrow(
      /Expected a head that has answers without training for zeroShot of experiment mine but received classifier/,
    );
  });

  it('a definition of a wrong shape', () => {
    expect(() => defineExperiment({ name: 'x' } as never)).toThrow(/a function for plan of experiment x/);
    expect(() => defineExperiment({ name: 'X!', plan() {} })).toThrow('"X!"');
  });
});
