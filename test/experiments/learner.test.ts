/** Plans of probes and prompts: what depends on what, and what is shared. */
import { describe, expect, test } from 'vitest';
import type { EvaluateSpec, Plan, ProbeSpec, StepSpec } from '../../src/experiments/plan.js';
import type { ModelSettings } from '../../src/experiments/settings.js';
import { planTrain, type TrainInputs } from '../../src/experiments/train.js';
import { noYes, plainModel } from '../support/plans.js';

const model = plainModel;
const probed: ModelSettings = { ...model, method: 'probe', probeFit: 'lbfgs', probeL2: 0.01 };
const spec = noYes;

function plan(strong: ModelSettings, change: Partial<TrainInputs> = {}, weak: ModelSettings = model) {
  return planTrain({
    settings: {
      seeds: [0],
      dataSeed: 0,
      trainSize: null,
      testSize: null,
      deterministic: false,
      forWeak: weak,
      forStrong: strong,
    },
    weakModel: 'sha-weak',
    strongModel: 'sha-strong',
    dataset: { task: 'classification', classes: ['no', 'yes'], spec },
    weakLabels: null,
    ...change,
  });
}

const step = <S extends StepSpec>(
  { steps }: Plan,
  role: string,
): S & { hash: string; needs: readonly string[] } => {
  const found = steps.find((one) => one.role === role);
  if (!found) throw new Error(`no ${role}`);
  return { ...(found.spec as S), hash: found.hash, needs: found.needs };
};
const rolesOf = ({ steps }: Plan) => steps.map(({ role }) => role);

describe('a probe', () => {
  test('student and ceiling share hidden states, of the transfer half and of the test', () => {
    const planned = plan(probed);
    expect(rolesOf(planned)).toEqual([
      'weak',
      'weakTest',
      'labels',
      'labelsGrade',
      'studentFeatures',
      'student',
      'studentTestFeatures',
      'studentTest',
      'ceiling',
      'ceilingTest',
    ]);
    const student = step<ProbeSpec>(planned, 'student');
    const ceiling = step<ProbeSpec>(planned, 'ceiling');
    expect(student.features).toEqual(ceiling.features);
    expect(student.labels).toEqual({ from: 'step', step: step(planned, 'labels').hash });
    expect(ceiling.labels).toEqual({ from: 'data' });
    expect(ceiling.fit).toEqual({ method: 'lbfgs', l2: 0.01 });
    expect(step<EvaluateSpec>(planned, 'studentTest').model).toEqual({
      from: 'probe',
      probe: student.hash,
      features: { from: 'step', step: step(planned, 'studentTestFeatures').hash },
    });
  });

  test('after fine-tuning reads the hidden states of the tuned weights', () => {
    const planned = plan({ ...probed, method: 'finetune-then-probe' });
    const tuned = step(planned, 'studentFinetune');
    expect(step(planned, 'studentFeatures').needs).toEqual([tuned.hash]);
    expect(step(planned, 'ceilingFeatures').needs).toEqual([step(planned, 'ceilingFinetune').hash]);
    expect(step<ProbeSpec>(planned, 'student').labels).toEqual({
      from: 'step',
      step: step(planned, 'labels').hash,
    });
  });

  test('on tables that the user brings needs no other step but the labels', () => {
    const planned = plan(probed, { weakFeatures: 'sha-w', strongFeatures: 'sha-s' }, probed);
    expect(rolesOf(planned)).toEqual([
      'weak',
      'weakTest',
      'labels',
      'labelsGrade',
      'student',
      'studentTest',
      'ceiling',
      'ceilingTest',
    ]);
    expect(step<ProbeSpec>(planned, 'weak')).toMatchObject({
      features: { from: 'file', sha256: 'sha-w' },
      needs: [],
    });
    expect(step<ProbeSpec>(planned, 'student').needs).toEqual([step(planned, 'labels').hash]);
  });

  test('takes no other loss than cross-entropy', () => {
    const own: ModelSettings = {
      ...probed,
      loss: 'custom',
      customLoss: { name: 'mine', source: 'sha', params: {} },
    };
    expect(() => plan(own)).toThrow('beside --method probe but received mine');
  });
});

describe('a prompt', () => {
  const prompted: ModelSettings = {
    ...model,
    method: 'prompt',
    head: 'tokens',
    shots: 4,
    template: '{text}:',
  };

  test('trains nothing: the examples’ labels tell student and ceiling apart', () => {
    const planned = plan(prompted);
    expect(rolesOf(planned)).toEqual([
      'weak',
      'weakTest',
      'labels',
      'labelsGrade',
      'studentTest',
      'ceilingTest',
      'zeroShot',
    ]);
    const student = step<EvaluateSpec>(planned, 'studentTest');
    const ceiling = step<EvaluateSpec>(planned, 'ceilingTest');
    expect(student.reading.shots).toMatchObject({ count: 4, labels: { step: step(planned, 'labels').hash } });
    expect(ceiling.reading.shots).toEqual({ ...student.reading.shots, labels: { from: 'data' } });
    expect(student.needs).toEqual([step(planned, 'labels').hash]);
    expect(step<EvaluateSpec>(planned, 'zeroShot').reading.shots).toBeUndefined();
    expect(planned.seeds[0]?.roles).toMatchObject({ student: student.hash, ceiling: ceiling.hash });
  });

  test('without examples is the base model, for all three', () => {
    const planned = plan({ ...prompted, shots: 0 });
    const { roles } = planned.seeds[0] ?? {};
    expect(roles?.studentTest).toBe(roles?.ceilingTest);
    expect(roles?.studentTest).toBe(roles?.zeroShot);
  });

  test('names its answers, one for each class', () => {
    const named = plan({ ...prompted, answers: 'A, B' });
    expect(step<EvaluateSpec>(named, 'studentTest').reading.head).toEqual({
      kind: 'tokens',
      answers: ['A', 'B'],
      vocabulary: 'restricted',
    });
    expect(() => plan({ ...prompted, answers: 'A,B,C' })).toThrow(
      'Expected 2 words between commas for --answers',
    );
  });
});
