/**
 * Experiments that users define: a function from settings to a plan, made of the same pieces as the built-in ones.
 * What it evaluates is what the document reports. Pure.
 */

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { checkDefinitionName, marked } from '../config/definition.js';
import { isZodObject } from '../config/parseParams.js';
import type { SplitSpec, TaskKind } from '../data/types.js';
import { W2sError } from '../errors.js';
import { bindLoss, type LossDefinition } from '../tasks/loss.js';
import { bindRelabel, type RelabelDefinition } from '../tasks/relabel.js';
import { thrownBy } from '../tasks/userCode.js';
import { PlanBuilder } from './builder.js';
import { type Learned as LearnedSteps, type LearnerInputs, learnerOf, planLearner } from './learner.js';
import type { LabelSpec, ObjectiveSpec, Plan, RelabelMethod, StepHash, StepSpec } from './plan.js';
import { hiddenOf, methodOf, planRelabelling, readingsOf } from './relabelling.js';
import { customObjective, type Objectives, objectivesOf, plainObjective, readingOf } from './settings.js';
import {
  calibrationOn,
  evaluateSpec,
  gradeSpec,
  labelSpec,
  readsWithoutTraining,
  relabelSpec,
} from './specs.js';
import { experimentSplit } from './splits.js';
import { withEarlyStop } from './students.js';
import { planSupervision, type Splits } from './supervision.js';
import type { TrainInputs, TrainSettings } from './train.js';

/** What a model is to learn. */
export interface ExperimentLesson {
  /** Rows; those of the transfer half unless given. */
  data?: SplitSpec;
  labels: LabelSpec;
  /**
   * `asked`: the loss that `--loss` names; `plain`: that of the task; or one by its spec, or of your own, made by
   * `defineLoss`. Absent: `plain` for true labels, `asked` for all others.
   */
  loss?: 'asked' | 'plain' | ObjectiveSpec | LossDefinition<unknown, unknown>;
  /** Of a loss of your own. */
  lossParams?: Readonly<Record<string, unknown>>;
  /** A model whose weights are trained on, instead of the pre-trained ones. */
  from?: ExperimentLearned;
}

/** A model that has learnt. */
export interface ExperimentLearned {
  /** The step that it comes from. */
  readonly step: StepHash;
  /** Scores it, on the test set unless told otherwise; `role` (its own, unless given) is its line in the report. */
  evaluate(options?: { role?: string; data?: SplitSpec }): StepHash;
  /** Its labels for rows, those of the transfer half unless told otherwise. */
  label(role: string, data?: SplitSpec): LabelSpec;
}

/** A model before it has learnt anything. */
export interface ExperimentModel {
  /** Trains it as the settings say. */
  learn(role: string, lesson: ExperimentLesson): ExperimentLearned;
  /** Scores it as it is, where its head can be read so: `lm`, `likelihood`, `tokens`. */
  evaluate(role: string, data?: SplitSpec): StepHash;
  /** Its labels as it is, where its head can be read so. */
  label(role: string, data?: SplitSpec): LabelSpec;
}

/** All built-in methods but AdaBoost's, whose weights need grades beside the labels. */
export type BuiltInRelabel = Exclude<RelabelMethod, { name: 'adaboost' | 'custom' }>;

/** What an experiment is built from, for one seed. */
export interface ExperimentKit {
  seed: number;
  task: TaskKind;
  /** Class names by index; empty for completions. */
  classes: readonly string[];
  /** All settings, resolved. */
  settings: TrainSettings;
  /** The parts of the data: `weak`, `transfer`, `test`. */
  splits: Splits;
  /** The true labels of the rows that are learned from. */
  truth: LabelSpec;
  /** `--weak`, with its settings. */
  weak: ExperimentModel;
  /** `--strong`, with its settings. */
  strong: ExperimentModel;
  /**
   * Labels of the transfer half as `train` would have them: from `--weak` or `--weak-labels`, through `--relabel`
   * and `--filter`. Reports the lines `weak` (of a model, not of `--weak-labels`) and `labels`.
   */
  supervise(): LabelSpec;
  /**
   * Labels of the transfer half in, labels out: by a built-in method, by one of your own, made by `defineRelabel`, or
   * by what `--relabel` and `--filter` ask for (`asked`).
   */
  relabel(
    role: string,
    labels: LabelSpec | readonly LabelSpec[],
    method: BuiltInRelabel | 'asked' | RelabelDefinition<unknown>,
    params?: Readonly<Record<string, unknown>>,
  ): LabelSpec;
  /** Holds labels against the truth; `role` is their line in the report. */
  grade(role: string, labels: LabelSpec, data?: SplitSpec): StepHash;
  /** Any other step; what it needs must have been added before. */
  add(role: string, spec: StepSpec): StepHash;
}

/** An experiment of your own: its name, its parameters, and the plan. */
export interface ExperimentDefinition<Params = unknown> {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** One line about it. */
  about?: string;
  /** Schema of its own parameters; each is a flag. Absent: it has none. */
  params?: z.ZodType<Params>;
  /** Called once for each seed. What it evaluates is reported; nothing runs before it has returned. */
  plan(kit: ExperimentKit, params: Params): void;
}

/**
 * Declares an experiment: `defineExperiment({ name, params: z.object({…}), plan({ weak, strong, splits, truth }, params)
 * { … student.evaluate() } })`. Models named `weak`, `student` and `ceiling` are compared by PGR.
 * @throws ERR_ARGUMENT where name, params or plan are not of that shape
 */
export function defineExperiment<Params = Record<string, never>>(
  definition: ExperimentDefinition<Params>,
): ExperimentDefinition<Params> {
  checkDefinitionName('experiment', definition?.name);
  const { name, params, plan } = definition;
  const wrong =
    typeof plan !== 'function'
      ? 'a function for plan'
      : params !== undefined && !isZodObject(params)
        ? 'a zod object, z.object({ … }), for params'
        : undefined;
  if (wrong !== undefined) {
    throw new W2sError(
      'ERR_ARGUMENT',
      `Expected ${wrong} of experiment ${name} but received something else`,
      {
        hint: `Write: defineExperiment({ name: '${name}', plan({ weak, strong, splits, truth }) { … } })`,
      },
    );
  }
  return marked('experiment', definition);
}

/** What one seed's plan reports. */
export interface ExperimentRoles {
  seed: number;
  /** Evaluated models by role, in the order in which they were asked for. */
  models: Readonly<Record<string, EvaluatedModel>>;
  /** Graded labels by role. */
  labels: Readonly<Record<string, StepHash>>;
}

export interface EvaluatedModel {
  /** Which of the two models it is. */
  model: 'weak' | 'strong';
  /** The step that it was trained in; absent: none. */
  trained?: StepHash;
  test: StepHash;
  /** Names of rows: only models that were scored on the same can be compared. */
  rows: string;
}

export interface ExperimentPlan extends Plan {
  seeds: readonly ExperimentRoles[];
}

/**
 * Calls a definition's `plan` for every seed.
 * @param source sha256 of the code that the definition comes from: losses and relabellings in it are hashed with it
 * @throws ERR_CONFIG where it throws, names one role twice, evaluates nothing, or other things for other seeds
 */
export function planExperiment(
  definition: Pick<ExperimentDefinition<unknown>, 'name' | 'plan'>,
  params: unknown,
  inputs: TrainInputs,
  source = '',
): ExperimentPlan {
  const builder = new PlanBuilder();
  const seeds = inputs.settings.seeds.map((seed) => {
    const maker = new Maker({ name: definition.name, source }, builder, inputs, seed);
    try {
      definition.plan(maker.kit(), params);
    } catch (cause) {
      throw thrownBy(`a plan of experiment ${definition.name}`, cause);
    }
    return maker.roles();
  });
  requireSameRoles(definition.name, seeds);
  return { ...builder.build(), seeds };
}

function requireSameRoles(name: string, seeds: readonly ExperimentRoles[]): void {
  const rolesOf = ({ models, labels }: ExperimentRoles) =>
    [...Object.keys(models), ...Object.keys(labels)].sort().join(', ');
  const [first] = seeds;
  const other = seeds.find((seed) => first !== undefined && rolesOf(seed) !== rolesOf(first));
  if (first !== undefined && other !== undefined) {
    throw new W2sError(
      'ERR_CONFIG',
      `Expected experiment ${name} to report the same of every seed but received ${rolesOf(first)} of seed ${first.seed} and ${rolesOf(other)} of seed ${other.seed}`,
      { hint: 'Let roles not depend on the seed' },
    );
  }
  if (first === undefined || Object.keys(first.models).length > 0) return;
  throw new W2sError(
    'ERR_CONFIG',
    `Expected experiment ${name} to evaluate a model at least but received none`,
    {
      hint: "Call evaluate() on what a model has learnt: strong.learn('student', { labels }).evaluate()",
    },
  );
}

/** Builds one seed's kit, and takes down what it evaluates. */
class Maker {
  private readonly models: Record<string, EvaluatedModel> = {};
  private readonly labels: Record<string, StepHash> = {};
  private readonly byRole = new Map<string, StepHash>();
  private readonly splits: Splits;

  constructor(
    private readonly code: { name: string; source: string },
    private readonly builder: PlanBuilder,
    private readonly inputs: TrainInputs,
    private readonly seed: number,
  ) {
    const { settings, dataset } = inputs;
    const split = (part: 'weak' | 'transfer' | 'test') => experimentSplit(dataset.spec, part, seed, settings);
    this.splits = { weak: split('weak'), transfer: split('transfer'), test: split('test') };
  }

  roles(): ExperimentRoles {
    return { seed: this.seed, models: this.models, labels: this.labels };
  }

  kit(): ExperimentKit {
    const { settings, dataset } = this.inputs;
    return {
      seed: this.seed,
      task: dataset.task,
      classes: dataset.classes,
      settings,
      splits: this.splits,
      truth: { from: 'data' },
      weak: this.model('weak'),
      strong: this.model('strong'),
      supervise: () => this.supervise(),
      relabel: (role, labels, method, params) => this.relabel(role, labels, method, params),
      grade: (role, labels, data = this.splits.transfer) => this.grade(role, labels, data),
      add: (role, spec) => this.unique(role, this.builder.add(role, this.seed, spec)),
    };
  }

  private learner(side: 'weak' | 'strong'): LearnerInputs {
    return learnerOf(side, this.builder, this.inputs, this.seed);
  }

  private model(side: 'weak' | 'strong'): ExperimentModel {
    return {
      learn: (role, lesson) => this.learn(side, role, lesson),
      evaluate: (role, data = this.splits.test) => {
        const spec = evaluateSpec(...this.untrained(side, role, data));
        const test = this.unique(`${role}Test`, this.builder.add(`${role}Test`, this.seed, spec));
        return this.report(role, { model: side, test, rows: rowsOf(data) });
      },
      label: (role, data = this.splits.transfer) => {
        const spec = labelSpec(...this.untrained(side, role, data));
        return { from: 'step', step: this.unique(role, this.builder.add(role, this.seed, spec)) };
      },
    };
  }

  /** How a model is read that nothing was trained on. @throws ERR_USAGE where its head is fresh */
  private untrained(side: 'weak' | 'strong', role: string, data: SplitSpec) {
    const { settings, dataset, model, base } = this.learner(side);
    const reading = readingOf(model, dataset);
    if (!readsWithoutTraining(reading.head)) {
      throw new W2sError(
        'ERR_USAGE',
        `Expected a head that has answers without training for ${role} of experiment ${this.code.name} but received ${reading.head.kind}`,
        { hint: 'Use --head likelihood or --head tokens, or train it first: learn(…)' },
      );
    }
    return [settings, base, reading, data, calibrationOn(reading, this.splits.transfer)] as const;
  }

  private learn(side: 'weak' | 'strong', role: string, lesson: ExperimentLesson): ExperimentLearned {
    const { data = this.splits.transfer, from, labels } = lesson;
    const plain = this.learner(side);
    const inputs: LearnerInputs =
      from === undefined ? plain : { ...plain, base: { from: 'step', step: from.step } };
    const objectives = this.objectives(side, lesson);
    const { earlyStop } = this.inputs.settings;
    const stopping = side === 'strong' ? earlyStop : undefined;
    const whole = withEarlyStop({ data, labels, ...objectives }, stopping, inputs.model);
    return this.learned(side, role, planLearner(role, inputs, whole));
  }

  private learned(side: 'weak' | 'strong', role: string, steps: LearnedSteps): ExperimentLearned {
    const { transfer, test } = this.splits;
    const { settings } = this.inputs;
    // A prompt trains nothing: it has no step before it is read with.
    const { method } = side === 'weak' ? settings.forWeak : settings.forStrong;
    const own = method === 'prompt' ? {} : { trained: this.unique(role, steps.step) };
    return {
      get step() {
        return steps.step;
      },
      evaluate: ({ role: line = role, data = test } = {}) => {
        const hash = this.unique(`${line}Test`, steps.evaluate(`${line}Test`, data));
        return this.report(line, { model: side, ...own, test: hash, rows: rowsOf(data) });
      },
      label: (line, data = transfer) => ({
        from: 'step',
        step: this.unique(line, steps.label(line, data)),
      }),
    };
  }

  private objectives(side: 'weak' | 'strong', { labels, loss, lossParams }: ExperimentLesson): Objectives {
    const { settings, dataset } = this.inputs;
    const asked = loss ?? (labels.from === 'data' ? 'plain' : 'asked');
    if (asked === 'plain') return { objective: plainObjective(dataset) };
    if (asked === 'asked')
      return objectivesOf(side === 'weak' ? settings.forWeak : settings.forStrong, dataset);
    if ('loss' in asked) return { objective: asked };
    const bound = bindLoss(asked, lossParams, this.sourceOf(asked));
    const { name, source, params } = bound;
    return { objective: customObjective({ name, source, params }, dataset) };
  }

  private supervise(): LabelSpec {
    const { labels, roles } = planSupervision(this.inputs, this.splits, this.learner('strong'));
    const { weak, weakTest, labelsGrade } = roles;
    const trained = weak === undefined ? {} : { trained: weak };
    // Labels from a file may say nothing of the test set.
    if (this.inputs.weakLabels === null) {
      this.report('weak', { model: 'weak', ...trained, test: weakTest, rows: rowsOf(this.splits.test) });
    }
    this.labels.labels = labelsGrade;
    return labels;
  }

  private relabel(
    role: string,
    labels: LabelSpec | readonly LabelSpec[],
    method: BuiltInRelabel | 'asked' | RelabelDefinition<unknown>,
    params: Readonly<Record<string, unknown>> = {},
  ): LabelSpec {
    const given = Array.isArray(labels) ? (labels as readonly LabelSpec[]) : [labels as LabelSpec];
    const { settings, dataset } = this.inputs;
    const { transfer } = this.splits;
    const strong = this.learner('strong');
    const [only] = given;
    if (method === 'asked') {
      if (only === undefined || given.length > 1) {
        throw new TypeError(`Expected one source of labels for ${role} but received ${given.length}`);
      }
      return planRelabelling(settings, strong, this.splits, only);
    }
    const specOf = (named: RelabelMethod, reads: ReturnType<typeof readingsOf>) =>
      relabelSpec(dataset, named, transfer, given, this.seed, reads);
    const own = 'apply' in method ? bindRelabel(method, params, this.sourceOf(method)) : null;
    const spec =
      own === null
        ? specOf(method as BuiltInRelabel, hiddenOf(method as BuiltInRelabel, strong, this.splits))
        : specOf(methodOf(own), readingsOf(own, strong, this.splits));
    return { from: 'step', step: this.unique(role, this.builder.add(role, this.seed, spec)) };
  }

  private grade(role: string, labels: LabelSpec, data: SplitSpec): StepHash {
    const spec = gradeSpec(this.inputs.dataset, labels, data);
    const hash = this.unique(`${role}Grade`, this.builder.add(`${role}Grade`, this.seed, spec));
    this.labels[role] = hash;
    return hash;
  }

  private report(role: string, evaluated: EvaluatedModel): StepHash {
    this.models[role] = evaluated;
    return evaluated.test;
  }

  /** sha256 of a definition within this experiment: of its own functions, and of the code around them. */
  private sourceOf(definition: { name: string; apply: object; detached?: object }): string {
    const { name, apply, detached } = definition;
    const parts = [this.code.source, name, String(apply), String(detached ?? '')];
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  }

  /** A role stands for one step of a seed. */
  private unique(role: string, hash: StepHash): StepHash {
    const earlier = this.byRole.get(role);
    if (earlier !== undefined && earlier !== hash) {
      throw new W2sError(
        'ERR_CONFIG',
        `Expected a name of its own for each step of experiment ${this.code.name} but received "${role}" for two`,
        { hint: `Number them, such as: ${role}1, ${role}2` },
      );
    }
    this.byRole.set(role, hash);
    return hash;
  }
}

/** Equal for equal rows; the seed has no say in those of a test. */
const rowsOf = ({ part, seed, fold, instead }: SplitSpec): string =>
  JSON.stringify([part, part === 'test' ? 0 : seed, fold ?? null, instead ?? null]);
