/** Weak supervisors trained on the truth: one, or several whose labels are combined. Pure. */

import { stream } from '../data/random.js';
import type { SplitSpec } from '../data/types.js';
import type { PlanBuilder } from './builder.js';
import { type Learned, type LearnerInputs, learnerOf, planLearner } from './learner.js';
import type { LabelSpec, RelabelMethod, StepHash } from './plan.js';
import { plainObjective } from './settings.js';
import { gradeSpec, relabelSpec } from './specs.js';
import type { Splits } from './supervision.js';
import type { TrainInputs } from './train.js';

/** A step of each supervisor: `weak`, `weak2`, …; the same of `weakTest` and `labels`. */
export type MemberRoles = { [role in `${'weak' | 'weakTest' | 'labels'}${number}`]: StepHash };

/** What labels the transfer half and is tested: PGR's lower end. */
export interface Supervisors {
  roles: MemberRoles & { weak: StepHash; weakTest: StepHash };
  /** Adds the steps that label the transfer half. */
  labels(): { labels: LabelSpec; step: StepHash; roles: MemberRoles };
}

/** Share of the weak half that AdaBoost's weights are measured on. */
const HELD_OUT = 0.1;

export function planSupervisors(
  builder: PlanBuilder,
  inputs: TrainInputs,
  splits: Splits,
  seed: number,
): Supervisors {
  const { ensemble = 1 } = inputs.settings;
  const models = inputs.weakModels ?? [inputs.weakModel];
  if (models.length * ensemble > 1) return planEnsemble(builder, inputs, splits, seed);
  const weak = planMember('weak', builder, inputs, splits.weak, {
    model: inputs.weakModel,
    seed,
    order: seed,
  });
  // Tested as soon as it is trained, like the other two.
  const weakTest = weak.evaluate('weakTest', splits.test);
  return {
    roles: { weak: weak.step, weakTest },
    labels: () => {
      const step = weak.label('labels', splits.transfer);
      return { labels: { from: 'step', step }, step, roles: {} };
    },
  };
}

/** A supervisor of one model; `order` is the seed of its shuffles and of what else chance adds to its training. */
function planMember(
  role: string,
  builder: PlanBuilder,
  inputs: TrainInputs,
  data: SplitSpec,
  { model, seed, order }: { model: string; seed: number; order: number },
): Learned {
  const learner: LearnerInputs = {
    ...learnerOf('weak', builder, inputs, seed),
    base: { from: 'folder', contentHash: model },
    ...(order === seed ? {} : { trainSeed: order }),
  };
  const objective = plainObjective(inputs.dataset);
  return planLearner(role, learner, { data, labels: { from: 'data' }, objective });
}

function planEnsemble(builder: PlanBuilder, inputs: TrainInputs, splits: Splits, seed: number): Supervisors {
  const { dataset, settings } = inputs;
  const { ensemble = 1, ensembleWeights = 'mean' } = settings;
  const models = inputs.weakModels ?? [inputs.weakModel];
  const isBoosted = ensembleWeights === 'adaboost';
  const fold = (take: 'rest' | 'held-out'): SplitSpec => ({
    ...splits.weak,
    fold: { share: HELD_OUT, take },
  });
  const members = models.flatMap((model, m) =>
    Array.from({ length: ensemble }, (_, copy) => {
      const i = m * ensemble + copy;
      const order = copy === 0 ? seed : orderOf(seed, copy);
      const learned = planMember(
        numbered('weak', i),
        builder,
        inputs,
        isBoosted ? fold('rest') : splits.weak,
        {
          model,
          seed,
          order,
        },
      );
      return {
        learned,
        test: learned.evaluate(`weakTest${i + 1}`, splits.test),
        graded: isBoosted ? learned.evaluate(`weakHeldOut${i + 1}`, fold('held-out')) : null,
      };
    }),
  );
  const graded = members.flatMap((member) => member.graded ?? []);
  const method: RelabelMethod = { name: dataset.task === 'completion' ? 'vote' : ensembleWeights };
  const combine = (
    role: string,
    data: SplitSpec,
    steps: readonly StepHash[],
  ): LabelSpec & { from: 'step' } => {
    const labels = steps.map((step): LabelSpec => ({ from: 'step', step }));
    const more = graded.length > 0 ? { graded } : {};
    return {
      from: 'step',
      step: builder.add(role, seed, relabelSpec(dataset, method, data, labels, seed, more)),
    };
  };
  const tests = members.map(({ test }) => test);
  const onTest = combine('weakTestLabels', splits.test, tests);
  const weakTest = builder.add('weakTest', seed, gradeSpec(dataset, onTest, splits.test));
  const steps = members.map(({ learned }) => learned.step);
  return {
    roles: { ...rolesOf('weakTest', tests), ...rolesOf('weak', steps), weak: steps[0] ?? '', weakTest },
    labels: () => {
      const all = members.map(({ learned }, i) => learned.label(`labels${i + 1}`, splits.transfer));
      const labels = combine('labels', splits.transfer, all);
      return { labels, step: labels.step, roles: rolesOf('labels', all) };
    },
  };
}

/** The first member trains as a supervisor alone would; no two members of any seeds train alike. */
function orderOf(seed: number, copy: number): number {
  return stream(seed, 'ensemble', copy).uint32();
}

function numbered(role: string, i: number): string {
  return i === 0 ? role : `${role}${i + 1}`;
}

/** `weakTest1`, `weakTest2`, …; of the role `weak`, whose first is plain, from `weak2` on. */
function rolesOf(role: 'weak' | 'weakTest' | 'labels', steps: readonly StepHash[]): MemberRoles {
  const named = steps.map(
    (step, i) => [role === 'weak' ? numbered(role, i) : `${role}${i + 1}`, step] as const,
  );
  return Object.fromEntries(named) as MemberRoles;
}
