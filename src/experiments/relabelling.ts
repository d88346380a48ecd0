/** What happens between labels and student: a relabelling of the user's own, then a filter. Pure. */

import type { CustomRelabel, SupervisionConfig } from '../config/supervision.js';
import { frozenFeatures, zeroShotLabels } from './frozen.js';
import type { LearnerInputs } from './learner.js';
import type { LabelSpec, RelabelMethod, RelabelSpec } from './plan.js';
import { relabelSpec } from './specs.js';
import type { Splits } from './supervision.js';

/** The labels that the student learns from; the same ones where nothing is asked for. */
export function planRelabelling(
  { relabel, ...filter }: SupervisionConfig,
  strong: LearnerInputs,
  { transfer }: Splits,
  labels: LabelSpec,
): LabelSpec {
  const { builder, seed, dataset } = strong;
  let latest = labels;
  if (relabel) {
    const more = readingsOf(relabel, strong, { transfer });
    const spec = relabelSpec(dataset, methodOf(relabel), transfer, [latest], seed, more);
    latest = { from: 'step', step: builder.add('relabelled', seed, spec) };
  }
  const method = filterMethod(filter);
  if (method === null) return latest;
  const more = hiddenOf(method, strong, { transfer });
  const spec = relabelSpec(dataset, method, transfer, [latest], seed, more);
  return { from: 'step', step: builder.add('filteredLabels', seed, spec) };
}

/** Hidden states of the student, before any training, for the built-in methods that look at neighbours. */
export function hiddenOf(
  { name }: RelabelMethod,
  strong: LearnerInputs,
  { transfer }: Pick<Splits, 'transfer'>,
): Pick<RelabelSpec, 'features'> {
  const looks = name === 'knn' || name === 'logistic' || name === 'topological' || name === 'mutual';
  return looks ? { features: frozenFeatures(strong, transfer) } : {};
}

/** A relabelling of the user's own as a step names it. */
export function methodOf({ name, source, params }: CustomRelabel): RelabelMethod {
  return { name: 'custom', relabel: name, source, params };
}

/** What a relabelling reads beside the labels: passes of the student, before any training, over the transfer half. */
export function readingsOf(
  { name, needs }: Pick<CustomRelabel, 'name' | 'needs'>,
  strong: LearnerInputs,
  { transfer }: Pick<Splits, 'transfer'>,
): Pick<RelabelSpec, 'features' | 'zeroShot'> {
  return {
    ...(needs.includes('hidden') ? { features: frozenFeatures(strong, transfer) } : {}),
    ...(needs.includes('zeroShot')
      ? { zeroShot: zeroShotLabels(strong, transfer, transfer, `relabelling ${name}`) }
      : {}),
  };
}

function filterMethod({ filter, filterKeep, filterNeighbours }: SupervisionConfig): RelabelMethod | null {
  if (filter === undefined) return null;
  const keep = filterKeep ?? 1;
  const neighbours = filterNeighbours ?? 1;
  switch (filter) {
    case 'confident':
    case 'logistic':
      return { name: filter, keep };
    case 'knn':
      return { name: filter, keep, neighbours };
    case 'topological':
      return { name: filter, neighbours };
  }
}
