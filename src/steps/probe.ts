/**
 * `probe`: a linear classifier on features, softmax(W x + b), fitted by cross-entropy against the labels of its
 * spec; kept in the step's folder as `probe.safetensors`, with `weight` [K, D] and `bias` [K].
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, readSafetensors } from '../data/index.js';
import { W2sError } from '../errors.js';
import type { ModelSpec, ProbeSpec, StepHash } from '../experiments/plan.js';
import { writeAtomically } from '../store/index.js';
import { type LinearModel, linearLogits } from '../tasks/linear.js';
import { epochOrder } from './batches.js';
import { type StepContext, throwIfAborted } from './context.js';
import { readFeatures } from './features.js';
import { fitLinear, LBFGS, type LinearFitTask } from './fitter.js';
import type { ProbeResult } from './results.js';
import { lessonRows, type Rows } from './rows.js';
import type { StepOutcome } from './run.js';
import type { ScoringTotals } from './score.js';
import { weighedTargets } from './weights.js';

const FILE = 'probe.safetensors';

export async function probe(
  context: StepContext,
  spec: ProbeSpec,
  hash: string,
): Promise<StepOutcome<ProbeResult>> {
  const startedAt = performance.now();
  const rows = await lessonRows(context, spec, spec.task);
  const features = await readFeatures(context, spec.features, rows);
  const fit = await fitLinear(context, {
    features: features.values,
    dimension: features.dimension,
    targets: weighedTargets(rows.rows, spec.classes),
    classes: spec.classes,
    l2: spec.fit.l2,
    ...fitting(spec, rows.rows.length),
  });
  const tensors = {
    weight: { shape: [spec.classes, features.dimension], values: fit.weight },
    bias: { shape: [spec.classes], values: fit.bias },
  };
  await writeAtomically(join(context.store.stepFolder(hash), FILE), encodeSafetensors(tensors, {}));
  const examples = rows.rows.length;
  const { loss, iterations } = fit;
  return {
    result: { kind: 'probe', examples, dimension: features.dimension, loss, iterations },
    timing: { seconds: (performance.now() - startedAt) / 1000, tokens: 0, examples },
  };
}

function fitting({ fit, seed }: ProbeSpec, n: number): Fitting {
  if (fit.method === 'lbfgs') return LBFGS;
  const { lr, epochs, batchSize } = fit;
  const order = new Uint32Array(epochs * n);
  // The order of a fine-tuning with this seed: student and ceiling see the same rows in it.
  for (let epoch = 0; epoch < epochs; epoch++) order.set(epochOrder(seed, epoch, n), epoch * n);
  return { method: 'adam', lr, epochs, batchSize, order };
}

type Fitting = LinearFitTask extends infer Task
  ? Task extends LinearFitTask
    ? Omit<Task, 'features' | 'dimension' | 'targets' | 'classes' | 'l2'>
    : never
  : never;

/** A finished probe's logits of rows, W x + b [N · K]; the addon is not needed. */
export async function probeLogits(
  context: StepContext,
  model: Extract<ModelSpec, { from: 'probe' }>,
  rows: Rows,
): Promise<{ logits: Float32Array; classes: number; totals: ScoringTotals }> {
  const startedAt = performance.now();
  const fitted = await weightsOf(context, model.probe);
  const { values, dimension } = await readFeatures(context, model.features, rows);
  const classes = fitted.bias.length;
  if (fitted.weight.length !== classes * dimension) {
    throw new W2sError(
      'ERR_DATA',
      `Expected features of dimension ${fitted.weight.length / classes}, as the probe was fitted on, but received ${dimension}`,
      { hint: 'Give one table with the features of all rows' },
    );
  }
  const logits = Float32Array.from(await linearLogits(fitted, values, () => throwIfAborted(context.signal)));
  const seconds = (performance.now() - startedAt) / 1000;
  return { logits, classes, totals: { seconds, tokens: 0, examples: rows.rows.length } };
}

async function weightsOf({ store }: StepContext, step: StepHash): Promise<LinearModel> {
  const file = join(store.stepFolder(step), FILE);
  const tensors = existsSync(file) ? (await readSafetensors(file)).tensors : {};
  const { weight, bias } = tensors;
  if (weight && bias) return { weight: weight.values, bias: bias.values };
  throw new W2sError('ERR_STORE', `Expected a probe's weights in ${file} but received none`, {
    hint: `Do the step again: rm -r ${store.stepFolder(step)}`,
  });
}
