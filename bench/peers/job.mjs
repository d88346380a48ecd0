// The files that the sides of a row read: one job each, differing in how it is computed alone, and one list of tokens.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from '../../dist/data/index.js';
import { epochOrder } from '../../dist/steps/batches.js';
import { scheduleFactor } from '../../dist/steps/schedule.js';
import { firstSequences } from './inputs.mjs';
import { GRAPHS } from './plan.mjs';

const BATCH = 32;
const CLASSES = 2;
/** High enough that fifty steps change a freshly drawn model. */
const RATE = 5e-5;
/** Spread of the head that scores: the logits of a head of zeros would say nothing. */
const HEAD_SPREAD = 0.05;

/**
 * @param {{ row: import('./plan.mjs').Workload, inputs: import('./inputs.mjs').Inputs, model: string, work: string,
 *   device: string, threads: number }} request
 * @returns {{ file: (peer?: import('./plan.mjs').Peer, name?: string) => string, size: object }}
 */
export function writeJob({ row, inputs, model, work, device, threads }) {
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
  const shape = {
    vocabulary: config.vocab_size,
    context: config.max_position_embeddings ?? config.n_positions,
  };
  const base = { model, device, dtype: row.dtype, threads, classes: CLASSES };
  const made =
    row.kind === 'train' ? trainingJob(row, inputs, shape) : scoringJob(row, inputs, shape, config);
  const stem = join(work, row.id.replaceAll('/', '-'));
  writeFileSync(`${stem}.tokens.json`, JSON.stringify(made.sequences));
  const file = (peer, name = 'ours') => {
    const path = `${stem}.${name}.json`;
    const { microBatch, compile = false, flatten = false } = peer ?? {};
    const own = peer ? { micro_batch: microBatch, compile, flatten } : { cuda_graphs: name === GRAPHS };
    const job = { ...base, ...made.job, ...own, pad: made.sequences.pad, sequences: `${stem}.tokens.json` };
    writeFileSync(path, JSON.stringify(job));
    return path;
  };
  return { file, size: made.size };
}

function trainingJob(row, inputs, shape) {
  const steps = row.phases.reduce((sum, phase) => sum + phase.rounds * phase.steps, 0);
  const all = inputs.train[row.lists];
  const count = Math.min(steps * BATCH, all.labels.length);
  const sequences = firstSequences(all, count, shape);
  const perEpoch = Math.floor(count / BATCH);
  const order = [...epochOrder(0, 0, count)];
  const batches = Array.from({ length: steps }, (_, k) => {
    const start = (k % perEpoch) * BATCH;
    return order.slice(start, start + BATCH);
  });
  const schedule = { schedule: /** @type {const} */ ('cosine'), warmupSteps: 0 };
  const rates = batches.map((_, k) => RATE * scheduleFactor(k, steps, schedule));
  const tokensOf = (index) => sequences.offsets[index + 1] - sequences.offsets[index];
  const tokens = batches.flat().reduce((sum, index) => sum + tokensOf(index), 0);
  return {
    sequences,
    job: { batches, rates, clip: 1, targets: softLabels(all.labels.slice(0, count)) },
    size: { sequencesAStep: BATCH, tokensAStep: tokens / steps },
  };
}

/** Labels as a supervisor gives them: 55 to 100 % sure of what is written in the row. */
function softLabels(labels) {
  const random = stream(0, 'peers', 'soft');
  return labels.map((label) => {
    const sure = 0.55 + 0.45 * random.uniform();
    return label === 1 ? [1 - sure, sure] : [sure, 1 - sure];
  });
}

function scoringJob(row, inputs, shape, config) {
  const all = inputs.score[row.lists];
  const count = Math.min(4 * (row.questions ?? 1), all.offsets.length - 1);
  const sequences = firstSequences(all, count, shape);
  const random = stream(0, 'peers', 'head');
  const width = config.hidden_size ?? config.n_embd;
  const head = Array.from({ length: CLASSES }, () =>
    Array.from({ length: width }, () => HEAD_SPREAD * random.normal()),
  );
  return { sequences, job: { head }, size: { sequencesAStep: count, tokensAStep: sequences.tokens.length } };
}
