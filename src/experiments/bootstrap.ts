/**
 * `bootstrap`: a chain of models M1 … Mn (Burns et al. 2023, section 4.3.1). M1 learns the truth of D0 and labels D1;
 * M2, from its pre-trained weights, learns these labels and labels D2; and so on to Mn, which learns D(n−1). Beside it
 * stand, with the same Mn: direct, where M1 labels D(n−1); union, where M1 labels D1 … D(n−1) and Mn learns them all;
 * and the ceiling, which learns the truth of D(n−1). Pure.
 */

import type { DatasetSpec, SplitSpec } from '../data/types.js';
import { PlanBuilder } from './builder.js';
import { type Learned, type LearnerInputs, planLearner } from './learner.js';
import type { LabelSpec, Plan, StepHash } from './plan.js';
import { type DataShape, type ModelSettings, objectivesOf, plainObjective } from './settings.js';
import { gradeSpec, type StepSettings } from './specs.js';
import { chainSplit, experimentSplit, type SplitSettings } from './splits.js';
import { type EarlyStopping, withEarlyStop } from './students.js';
import { planZeroShot } from './train.js';

/** What the plan needs of the configuration (`BootstrapConfig` of src/config/bootstrap.ts, structurally). */
export interface BootstrapPlanSettings extends SplitSettings, StepSettings {
  seeds: readonly number[];
  /** Of M1. */
  forWeak: ModelSettings;
  /** Of all others. */
  forStrong: ModelSettings;
  earlyStop?: EarlyStopping;
}

export interface BootstrapInputs {
  settings: BootstrapPlanSettings;
  /** Content hashes of the folders of M1 … Mn, two at least. */
  models: readonly string[];
  dataset: DataShape & { spec: DatasetSpec };
}

/** A model that has learnt, and how it does on the test set. */
export interface ModelRoles {
  step: StepHash;
  test: StepHash;
}

/** Labels that a model gives, and the same held against the truth. */
export interface LabelRoles {
  labels: StepHash;
  grade: StepHash;
}

/** The three ways from M1 to Mn. */
export const BOOTSTRAP_ARMS = ['chain', 'direct', 'union'] as const;
export type BootstrapArmName = (typeof BOOTSTRAP_ARMS)[number];

/** Steps of one seed. */
export interface BootstrapRoles {
  /** M1 … Mn of the chain. */
  models: readonly ModelRoles[];
  /** Labels of D1 … D(n−1), by M1 … M(n−1). */
  labels: readonly LabelRoles[];
  /** Mn, and what it learned from. */
  arms: Readonly<Record<BootstrapArmName, ModelRoles & LabelRoles>>;
  ceiling: ModelRoles;
  /** Mn before any training; absent where it has no answers then. */
  zeroShot?: StepHash;
}

export interface BootstrapPlan extends Plan {
  seeds: readonly { seed: number; roles: BootstrapRoles }[];
}

/** Config → plan. Throws ERR_USAGE where loss, head and task do not fit. */
export function planBootstrap(inputs: BootstrapInputs): BootstrapPlan {
  const builder = new PlanBuilder();
  const seeds = inputs.settings.seeds.map((seed) => ({
    seed,
    roles: new SeedPlan(builder, inputs, seed).roles(),
  }));
  return { ...builder.build(), seeds };
}

class SeedPlan {
  private readonly test: SplitSpec;

  constructor(
    private readonly builder: PlanBuilder,
    private readonly inputs: BootstrapInputs,
    private readonly seed: number,
  ) {
    this.test = experimentSplit(inputs.dataset.spec, 'test', seed, inputs.settings);
  }

  roles(): BootstrapRoles {
    const { models: folders, dataset } = this.inputs;
    const n = folders.length;
    const truth = {
      data: this.sets(0),
      labels: { from: 'data' },
      objective: plainObjective(dataset),
    } as const;
    const first = planLearner('M1', this.learner(0), truth);
    const models = [this.tested('M1', first)];
    const labels: LabelRoles[] = [];
    let teacher = first;
    for (let i = 1; i < n; i++) {
      const given = this.labelled(`M${i}`, teacher, this.sets(i));
      labels.push(given);
      teacher = this.student(`M${i + 1}`, i, this.sets(i), given);
      models.push(this.tested(`M${i + 1}`, teacher));
    }
    const [last, ofLast] = [models.at(-1), labels.at(-1)];
    if (!last || !ofLast) throw new TypeError('a chain of one');
    return {
      models,
      labels,
      arms: {
        chain: { ...last, ...ofLast },
        direct: this.arm('direct', first, this.sets(n - 1)),
        union: this.arm('union', first, this.sets(1, n - 1)),
      },
      ceiling: this.ceiling(),
      ...planZeroShot(this.learner(n - 1), {
        weak: this.sets(0),
        transfer: this.sets(n - 1),
        test: this.test,
      }),
    };
  }

  /** D(first) … D(last) together. */
  private sets(first: number, last = first): SplitSpec {
    const { dataset, settings, models } = this.inputs;
    return chainSplit(dataset.spec, { of: models.length, first, last }, this.seed, settings);
  }

  private learner(index: number): LearnerInputs {
    const { settings, dataset, models } = this.inputs;
    return {
      builder: this.builder,
      seed: this.seed,
      settings,
      dataset,
      model: index === 0 ? settings.forWeak : settings.forStrong,
      base: { from: 'folder', contentHash: models[index] ?? '' },
    };
  }

  private tested(role: string, model: Learned): ModelRoles {
    const test = model.evaluate(`${role}Test`, this.test);
    return { step: model.step, test };
  }

  private labelled(role: string, model: Learned, data: SplitSpec): LabelRoles {
    const labels = model.label(`${role}Labels`, data);
    const spec = gradeSpec(this.inputs.dataset, { from: 'step', step: labels }, data);
    return { labels, grade: this.builder.add(`${role}LabelsGrade`, this.seed, spec) };
  }

  private student(role: string, index: number, data: SplitSpec, { labels }: LabelRoles): Learned {
    return this.learn(role, index, data, { from: 'step', step: labels });
  }

  private learn(role: string, index: number, data: SplitSpec, labels: LabelSpec): Learned {
    const { settings, dataset } = this.inputs;
    const { forStrong, earlyStop } = settings;
    const objectives =
      labels.from === 'data' ? { objective: plainObjective(dataset) } : objectivesOf(forStrong, dataset);
    return planLearner(
      role,
      this.learner(index),
      withEarlyStop({ data, labels, ...objectives }, earlyStop, forStrong),
    );
  }

  /** M1 labels the rows, and Mn learns them. */
  private arm(role: string, first: Learned, data: SplitSpec): ModelRoles & LabelRoles {
    const given = this.labelled(role, first, data);
    const student = this.student(role, this.inputs.models.length - 1, data, given);
    return { ...this.tested(role, student), ...given };
  }

  private ceiling(): ModelRoles {
    const last = this.inputs.models.length - 1;
    return this.tested('ceiling', this.learn('ceiling', last, this.sets(last), { from: 'data' }));
  }
}

/** Every step of a seed by a name of its own, for documents: `M1`, `M1Test`, `M1Labels`, …, `directLabelsGrade`. */
export function namedSteps({
  models,
  labels,
  arms,
  ceiling,
  zeroShot,
}: BootstrapRoles): Record<string, StepHash> {
  const named: Record<string, StepHash> = {};
  const add = (role: string, model?: ModelRoles, given?: LabelRoles): void => {
    if (model) Object.assign(named, { [role]: model.step, [`${role}Test`]: model.test });
    if (given) Object.assign(named, { [`${role}Labels`]: given.labels, [`${role}LabelsGrade`]: given.grade });
  };
  models.forEach((model, i) => {
    add(`M${i + 1}`, model, labels[i]);
  });
  add('direct', arms.direct, arms.direct);
  add('union', arms.union, arms.union);
  add('ceiling', ceiling);
  if (zeroShot !== undefined) named.zeroShot = zeroShot;
  return named;
}
