#!/usr/bin/env node
// How long reading and tokenising a large file hold the event loop (DESIGN 3.8: at most 20 ms).
//
//   node bench/event-loop.mjs --model FOLDER --data train.tsv [--dataset sst2] [--text COLUMN] [--rows 50000]
//
// A timer of 1 ms looks at the clock and, on Linux, at how long the main thread has computed since it last came: on a
// machine that others use too, only the second says what our own code did.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encodeExamples, loadSplit, openTokenizer, resolveDataset } from '../dist/data/index.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    dataset: { type: 'string' },
    text: { type: 'string' },
    rows: { type: 'string', default: '50000' },
  },
});
if (values.model === undefined || values.data === undefined) throw new Error('Expected --model and --data.');

/** Milliseconds that the main thread has computed; NaN where the system does not say. */
function computed() {
  try {
    const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** @type {{ phase: string, wall: number, cpu: number }[]} */
const pauses = [];
let phase = 'start';
let last = { wall: performance.now(), cpu: computed() };
const timer = setInterval(() => {
  const now = { wall: performance.now(), cpu: computed() };
  pauses.push({ phase, wall: now.wall - last.wall, cpu: now.cpu - last.cpu });
  last = now;
}, 1);

async function during(/** @type {string} */ name, /** @type {() => Promise<any>} */ work) {
  phase = name;
  const start = performance.now();
  const result = await work();
  const seen = pauses.filter((pause) => pause.phase === name);
  const largest = (/** @type {'wall' | 'cpu'} */ kind) => Math.max(0, ...seen.map((pause) => pause[kind]));
  const over = seen.filter(({ cpu }) => cpu > 20).length;
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${name}: ${seconds.toFixed(1)} s, longest pause ${largest('wall').toFixed(1)} ms of clock, ` +
      `${largest('cpu').toFixed(1)} ms of computing, ${over} of ${seen.length} over 20 ms`,
  );
  return result;
}

const { model, data, dataset, text } = values;
const found = await during('resolve', () => resolveDataset({ data, dataset, text }));
// Both halves of the training file, balanced, are the longest way through the splits.
const split = {
  dataset: found.spec,
  part: 'transfer',
  seed: 0,
  dataSeed: 0,
  trainSize: 2 * Number(values.rows),
  testSize: null,
};
const all = { ...split, part: 'all-train', trainSize: null };
const loaded = await during('read', () => loadSplit(all, found.task, found.locations, { labels: true }));
await during('split', () => loadSplit(split, found.task, found.locations, { labels: true }));
const tokenizer = await during('open the tokenizer', () => openTokenizer(model));
const rows = loaded.rows.slice(0, Number(values.rows));
const { sequences } = await during(`tokenise ${rows.length} rows`, () =>
  encodeExamples(tokenizer, rows, { contextLength: 2048, task: found.task }),
);
clearInterval(timer);
console.log(`${sequences.tokens.length} tokens`);
await tokenizer.dispose();
