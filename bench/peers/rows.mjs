#!/usr/bin/env node
// Writes the rows of an experiment, and the order in which each epoch visits them, so that a peer in another framework
// can train on the very same batches.
//
//   node bench/peers/rows.mjs ROWS.json --dataset sst2 --data train.tsv --test-data dev.tsv --train-size 1200 \
//     --test-size 800 [--seed 0] [--text COLUMN] [--label COLUMN] [--epochs 3]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadSplit, resolveDataset } from '../../dist/data/index.js';
import { epochOrder } from '../../dist/steps/batches.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dataset: { type: 'string' },
    data: { type: 'string' },
    'test-data': { type: 'string' },
    text: { type: 'string' },
    label: { type: 'string' },
    'train-size': { type: 'string' },
    'test-size': { type: 'string' },
    seed: { type: 'string', default: '0' },
    epochs: { type: 'string', default: '3' },
  },
});
const [out] = positionals;
if (out === undefined) throw new Error('Expected the file to write, such as rows.json, as first argument.');
const number = (/** @type {string | undefined} */ text) => (text === undefined ? null : Number(text));
const request = { ...values, testData: values['test-data'] };
const dataset = await resolveDataset(request);
const seed = Number(values.seed);

const parts = {};
for (const part of /** @type {const} */ (['weak', 'transfer', 'test'])) {
  const spec = {
    dataset: dataset.spec,
    part,
    seed,
    dataSeed: 0,
    trainSize: number(values['train-size']),
    testSize: number(values['test-size']),
  };
  const { rows } = await loadSplit(spec, dataset.task, dataset.locations, { labels: true });
  const epochs = part === 'test' ? 0 : Number(values.epochs);
  parts[part] = {
    texts: rows.map((row) => row.text ?? `${row.prompt ?? ''}${row.completions?.[0] ?? ''}`),
    labels: rows.map((row) => row.label?.indexOf(Math.max(...row.label))),
    orders: Array.from({ length: epochs }, (_, epoch) => [...epochOrder(seed, epoch, rows.length)]),
  };
}
writeFileSync(out, JSON.stringify(parts));
console.log(
  Object.entries(parts)
    .map(([part, { texts }]) => `${part}: ${texts.length}`)
    .join(', '),
);
