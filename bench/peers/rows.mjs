#!/usr/bin/env node
// Writes the token lists of an experiment, its labels, and the order in which each epoch visits them, so that a peer in
// another framework can train on the very same batches.
//
//   node bench/peers/rows.mjs ROWS.json --weak MODEL --strong MODEL --dataset sst2 --data train.tsv \
//     --test-data dev.tsv --train-size 1200 --test-size 800 [--seed 0] [--text COLUMN] [--label COLUMN] [--epochs 3]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encodeExamples, loadSplit, openTokenizer, resolveDataset } from '../../dist/data/index.js';
import { resolveModel } from '../../dist/models/index.js';
import { epochOrder } from '../../dist/steps/batches.js';

const text = /** @type {const} */ ({ type: 'string' });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    weak: text,
    strong: text,
    dataset: text,
    data: text,
    'test-data': text,
    text,
    label: text,
    'train-size': text,
    'test-size': text,
    seed: { type: 'string', default: '0' },
    epochs: { type: 'string', default: '3' },
  },
});
const [out] = positionals;
if (out === undefined) throw new Error('Expected the file to write, such as rows.json, as first argument.');
if (!values.weak || !values.strong) throw new Error('Expected --weak MODEL and --strong MODEL.');
const number = (/** @type {string | undefined} */ given) => (given === undefined ? null : Number(given));
const dataset = await resolveDataset({ ...values, testData: values['test-data'] });
const seed = Number(values.seed);
const models = { weak: await openTokens(values.weak), strong: await openTokens(values.strong) };

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
    tokens: { weak: await models.weak.lists(rows), strong: await models.strong.lists(rows) },
    labels: rows.map((row) => row.label?.indexOf(Math.max(...row.label))),
    orders: Array.from({ length: epochs }, (_, epoch) => [...epochOrder(seed, epoch, rows.length)]),
  };
}
for (const model of Object.values(models)) await model.tokenizer.dispose();
writeFileSync(out, JSON.stringify(parts));
console.log(
  Object.entries(parts)
    .map(([part, { labels }]) => `${part}: ${labels.length}`)
    .join(', '),
);

/** A model's tokenizer, giving rows as lists of ids, cut to its context. */
async function openTokens(name) {
  const { folder, contextLength } = await resolveModel(name);
  const tokenizer = await openTokenizer(folder);
  const lists = async (rows) => {
    const { sequences } = await encodeExamples(tokenizer, rows, { contextLength, task: dataset.task });
    const { tokens, offsets } = sequences;
    return Array.from({ length: offsets.length - 1 }, (_, i) => [
      ...tokens.subarray(offsets[i], offsets[i + 1]),
    ]);
  };
  return { tokenizer, lists };
}
