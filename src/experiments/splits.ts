/** Which rows a step reads. Pure. */

import type { ChainPart, DatasetSpec, FileRole, SplitPart, SplitSpec } from '../data/types.js';

export interface SplitSettings {
  dataSeed: number;
  trainSize: number | null;
  testSize: number | null;
}

/** One half or the test set of an experiment. */
export function experimentSplit(
  dataset: DatasetSpec,
  part: 'weak' | 'transfer' | 'test',
  seed: number,
  settings: SplitSettings,
): SplitSpec {
  const isTest = part === 'test';
  return {
    dataset: onlyFiles(dataset, filesBehind(dataset, part)),
    part,
    seed: isTest ? 0 : seed,
    dataSeed: settings.dataSeed,
    trainSize: isTest ? null : settings.trainSize,
    // Where test groups are drawn from the training file, their number decides what is left for the halves.
    testSize: isTest || dataset.files.test === undefined ? settings.testSize : null,
  };
}

/** Sets of a chain of models. Those of a chain of two are the halves of `train`, whose steps it shares. */
export function chainSplit(
  dataset: DatasetSpec,
  chain: ChainPart,
  seed: number,
  settings: SplitSettings,
): SplitSpec {
  if (chain.of === 2) return experimentSplit(dataset, chain.last === 0 ? 'weak' : 'transfer', seed, settings);
  return { ...experimentSplit(dataset, 'weak', seed, settings), part: 'chain', chain };
}

/**
 * Every row of a file, in order: what `finetune`, `label` and `evaluate` use.
 * @param trainingSeed absent: what chance adds is as for tests; else as in the halves of this seed
 */
export function wholeFile(
  dataset: DatasetSpec,
  role: 'train' | 'test',
  dataSeed: number,
  trainingSeed?: number,
): SplitSpec {
  const part: SplitPart = role === 'train' ? 'all-train' : 'all-test';
  return {
    dataset: onlyFiles(dataset, [role]),
    part,
    seed: trainingSeed ?? 0,
    dataSeed,
    trainSize: null,
    testSize: null,
    ...(trainingSeed === undefined ? {} : { draw: 'training' }),
  };
}

/**
 * The files that a part depends on: a changed transfer file must not rename the weak model's step. Halves
 * of the training file keep the test file in their spec, as its presence says that no test rows are drawn.
 */
function filesBehind(dataset: DatasetSpec, part: 'weak' | 'transfer' | 'test'): readonly FileRole[] {
  const { files } = dataset;
  if (part === 'weak' && files.weak !== undefined) return ['weak'];
  if (part === 'transfer' && files.transfer !== undefined) return ['transfer'];
  if (part === 'test' && files.test !== undefined) return ['test'];
  return ['train', 'test'];
}

function onlyFiles(dataset: DatasetSpec, roles: readonly FileRole[]): DatasetSpec {
  const files: DatasetSpec['files'] = {};
  for (const role of roles) {
    const sha256 = dataset.files[role];
    if (sha256 !== undefined) files[role] = sha256;
  }
  return { ...dataset, files };
}
