/** Plans of analyses: experiments side by side, which share every step that is the same. Pure. */

import { PlanBuilder } from '../builder.js';
import type { Plan, StepHash } from '../plan.js';
import { planTrainSeed, type TrainInputs, type TrainRoles } from '../train.js';

/** One of the experiments that an analysis compares. */
export interface Arm<Roles> {
  name: string;
  seeds: readonly { seed: number; roles: Roles }[];
}

export interface ArmsPlan<Roles> extends Plan {
  arms: readonly Arm<Roles>[];
}

/** An experiment of `train`, by the name that its row gets. */
export interface NamedInputs {
  name: string;
  inputs: TrainInputs;
}

/** Roles of the supervisor, which all arms share. */
const SUPERVISION = ['weak', 'weakTest', 'labels', 'labelsGrade'];

/** Whole experiments of `train` side by side: several students, say. */
export function planTrainArms(arms: readonly NamedInputs[]): ArmsPlan<TrainRoles> {
  return planArms(
    arms.map(({ name }) => name),
    arms[0]?.inputs.settings.seeds ?? [],
    (builder, name, seed) => {
      const arm = arms.find((one) => one.name === name);
      if (!arm) throw new TypeError(`no arm ${name}`);
      return planTrainSeed(arms.length > 1 ? builder.named(name, SUPERVISION) : builder, arm.inputs, seed);
    },
  );
}

/** Arms by name, each planned for each seed; `plan` names the roles of what is an arm's own by `builder.named(name)`. */
export function planArms<Roles>(
  names: readonly string[],
  seeds: readonly number[],
  plan: (builder: PlanBuilder, name: string, seed: number) => Roles,
): ArmsPlan<Roles> {
  const builder = new PlanBuilder();
  const arms = names.map((name) => ({
    name,
    seeds: seeds.map((seed) => {
      return { seed, roles: plan(builder, name, seed) };
    }),
  }));
  return { ...builder.build(), arms };
}

/** Steps by arm and role, of the first seed. */
export function stepsOfArms<Roles extends object>({ arms }: ArmsPlan<Roles>): Record<string, StepHash> {
  return Object.fromEntries(
    arms.flatMap(({ name, seeds }) =>
      Object.entries(seeds[0]?.roles ?? {}).flatMap(([role, hash]) =>
        typeof hash === 'string' ? [[arms.length > 1 ? `${name} ${role}` : role, hash]] : [],
      ),
    ),
  );
}
