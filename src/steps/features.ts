/**
 * `features`: the final hidden state of each row's last token, computed once and kept in the step's folder as
 * `features.safetensors`; and how probes and filters read it, or a table that the user brings.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, type FeatureTable, featuresOf, readFeatureTable } from '../data/index.js';
import { W2sError } from '../errors.js';
import type { FeatureSource, FeaturesSpec, StepHash, StepSpec } from '../experiments/plan.js';
import type { PackedSequences } from '../native/binding.js';
import { type Store, writeAtomically } from '../store/index.js';
import { countSequences } from './batches.js';
import type { StepContext } from './context.js';
import { encodeFor, openModel } from './openModel.js';
import type { FeaturesResult } from './results.js';
import { type Rows, unlabelledRows } from './rows.js';
import type { StepOutcome } from './run.js';
import { hiddenAll } from './score.js';

/** N rows of D numbers. */
export interface Features {
  /** Row by row, in the order of the rows that were asked for [N · D]. */
  values: Float32Array;
  /** D. */
  dimension: number;
}

/**
 * The features of `rows`, in their order. Of a preference they are the difference of its two completions'
 * hidden states, h(second) − h(first): a linear function of it is the difference of two linear rewards.
 * Throws ERR_DATA where the user's table lacks a row, and ERR_STORE where a finished step lost its file.
 */
export async function readFeatures(
  context: StepContext,
  source: FeatureSource,
  { rows, file }: Pick<Rows, 'rows' | 'file'>,
): Promise<Features> {
  const table =
    source.from === 'step' ? await ofStep(context, source.step) : await ofUser(context, source.sha256);
  return { values: featuresOf(table, rows, file), dimension: table.dimension };
}

const FILE = 'features.safetensors';

async function ofStep({ store }: StepContext, step: StepHash): Promise<FeatureTable> {
  const file = join(store.stepFolder(step), FILE);
  if (existsSync(file)) return readFeatureTable(file);
  throw new W2sError('ERR_STORE', `Expected hidden states in ${file} but received none`, {
    hint: `Do the step again: rm -r ${store.stepFolder(step)}`,
  });
}

/** The user's tables, read once a store: every step of a plan asks for the same few. */
const tables = new WeakMap<Store, Map<string, Promise<FeatureTable>>>();

async function ofUser({ store, locations }: StepContext, sha256: string): Promise<FeatureTable> {
  const file = locations[sha256];
  if (file !== undefined) {
    const known = tables.get(store) ?? new Map<string, Promise<FeatureTable>>();
    tables.set(store, known);
    const table = known.get(sha256) ?? readFeatureTable(file);
    known.set(sha256, table);
    return table;
  }
  throw new W2sError(
    'ERR_NOT_FOUND',
    'Expected the file of --weak-features or --strong-features but received no place where it lies',
  );
}

/**
 * Whether the user's table has features for all rows of a step that reads one: told before the first hour of
 * training. Throws ERR_DATA naming file, row and field.
 */
export async function checkFeatures(
  context: StepContext,
  spec: StepSpec,
  rows: Pick<Rows, 'rows' | 'file'>,
): Promise<void> {
  const source =
    'model' in spec && spec.model.from === 'probe'
      ? spec.model.features
      : 'features' in spec
        ? spec.features
        : undefined;
  if (source?.from === 'file') await readFeatures(context, source, rows);
}

export async function features(
  context: StepContext,
  spec: FeaturesSpec,
  hash: string,
): Promise<StepOutcome<FeaturesResult>> {
  const { task } = spec.reading;
  if (task === 'completion') {
    throw new W2sError(
      'ERR_USAGE',
      'Expected data with classes or preferences for hidden states but received completions: an answer of tokens has no one state to read',
      { hint: 'Use data with classes: --dataset chess-legal' },
    );
  }
  const rows = await unlabelledRows(context, spec.data, task);
  await using opened = await openModel(context, spec.model, spec.reading, spec);
  const { sequences, truncated } = await encodeFor(opened, spec.reading, rows);
  const { hiddenSize: dimension } = opened.model.info;
  const { values, totals } = await hiddenAll(context, opened.engine, opened.model, sequences, dimension);
  const count = rows.rows.length;
  const tensor = { shape: [count, dimension], values: perRow(values, dimension, sequences, count) };
  const ids = JSON.stringify(rows.rows.map(({ id }) => id));
  const file = join(context.store.stepFolder(hash), FILE);
  await writeAtomically(file, encodeSafetensors({ features: tensor }, { ids }));
  return { result: { kind: 'features', n: count, dimension, truncated }, timing: totals };
}

/** One vector a row: its sequence's, or the second completion's less the first's. */
function perRow(
  values: Float32Array,
  dimension: number,
  sequences: PackedSequences,
  count: number,
): Float32Array {
  if (countSequences(sequences) === count) return values;
  const differences = new Float32Array(count * dimension);
  for (let i = 0; i < count; i++) {
    const [first, second] = [2 * i * dimension, (2 * i + 1) * dimension];
    for (let d = 0; d < dimension; d++) {
      differences[i * dimension + d] = (values[second + d] as number) - (values[first + d] as number);
    }
  }
  return differences;
}
