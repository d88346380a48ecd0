/** Collects the steps of a plan: equal hashes once, each after what it needs. Pure. */

import { hashSpec } from './hash.js';
import type { FeatureSource, LabelSpec, Plan, PlanStep, StepHash, StepSpec } from './plan.js';

export class PlanBuilder {
  constructor(
    private readonly byHash = new Map<StepHash, PlanStep>(),
    private readonly nameOf = (role: string): string => role,
  ) {}

  /** The same collection, where roles that are added bear an arm's name: `student chess-s`; but for those of `shared`. */
  named(arm: string, shared: readonly string[] = []): PlanBuilder {
    return new PlanBuilder(this.byHash, (role) => (shared.includes(role) ? role : `${role} ${arm}`));
  }

  /** Adds a step, or finds the equal one that is there, and gives its hash. */
  add(role: string, seed: number, spec: StepSpec): StepHash {
    const hash = hashSpec(spec);
    if (!this.byHash.has(hash)) {
      const needs = dependencies(spec);
      for (const need of needs) {
        if (!this.byHash.has(need)) throw new Error(`step ${role} needs ${need}, which the plan lacks`);
      }
      this.byHash.set(hash, { role: this.nameOf(role), seed, hash, spec, needs });
    }
    return hash;
  }

  /** What a step was added as. */
  specOf(hash: StepHash): StepSpec | undefined {
    return this.byHash.get(hash)?.spec;
  }

  build(): Plan {
    return { steps: [...this.byHash.values()] };
  }
}

/** Hashes of the steps that a spec names, wherever it names them. */
export function dependencies(spec: StepSpec): StepHash[] {
  const needs = new Set<StepHash>();
  const label = (labels: LabelSpec) => {
    if (labels.from === 'step') needs.add(labels.step);
  };
  const feature = (source: FeatureSource) => {
    if (source.from === 'step') needs.add(source.step);
  };
  if ('model' in spec) {
    if (spec.model.from === 'step') needs.add(spec.model.step);
    if (spec.model.from === 'probe') {
      needs.add(spec.model.probe);
      feature(spec.model.features);
    }
  }
  if ('reading' in spec && spec.reading.shots) label(spec.reading.shots.labels);
  if (spec.kind === 'finetune' || spec.kind === 'grade' || spec.kind === 'probe') label(spec.labels);
  if (spec.kind === 'probe') feature(spec.features);
  if (spec.kind === 'rank') needs.add(spec.candidates);
  if (spec.kind === 'simulate') {
    needs.add(spec.like);
    if (spec.reference) needs.add(spec.reference);
  }
  if (spec.kind === 'relabel') {
    spec.labels.forEach(label);
    for (const step of spec.graded ?? []) needs.add(step);
    if (spec.features) feature(spec.features);
    if (spec.zeroShot) needs.add(spec.zeroShot);
  }
  return [...needs];
}
