/** Collects the steps of a plan: equal hashes once, each after what it needs. Pure. */

import { hashSpec } from './hash.js';
import type { Plan, PlanStep, StepHash, StepSpec } from './plan.js';

export class PlanBuilder {
  private readonly byHash = new Map<StepHash, PlanStep>();

  /** Adds a step, or finds the equal one that is there, and gives its hash. */
  add(role: string, seed: number, spec: StepSpec): StepHash {
    const hash = hashSpec(spec);
    if (!this.byHash.has(hash)) {
      const needs = dependencies(spec);
      for (const need of needs) {
        if (!this.byHash.has(need)) throw new Error(`step ${role} needs ${need}, which the plan lacks`);
      }
      this.byHash.set(hash, { role, seed, hash, spec, needs });
    }
    return hash;
  }

  build(): Plan {
    return { steps: [...this.byHash.values()] };
  }
}

/** Hashes of the steps that a spec names. */
export function dependencies(spec: StepSpec): StepHash[] {
  const needs = new Set<StepHash>();
  if (spec.kind !== 'grade' && spec.model.from === 'step') needs.add(spec.model.step);
  if ((spec.kind === 'finetune' || spec.kind === 'grade') && spec.labels.from === 'step') {
    needs.add(spec.labels.step);
  }
  return [...needs];
}
