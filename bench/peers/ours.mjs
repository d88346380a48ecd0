#!/usr/bin/env node
// Our side of bench/peers: the same job, the same lines in and out as common.py, through the package's low level.
//
//   node bench/peers/ours.mjs JOB.json
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createTrainer, openModel } from '../../dist/index.js';
import { loadAddon } from '../../dist/native/load.js';
import { gather, gatherRows } from '../../dist/steps/batches.js';

/** Steps handed to the engine before the first of them is waited for: more than one keeps a GPU from waiting. */
const IN_FLIGHT = 2;

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const lists = JSON.parse(readFileSync(job.sequences, 'utf8'));
const sequences = { tokens: Int32Array.from(lists.tokens), offsets: Int32Array.from(lists.offsets) };
const model = await openModel(job.model, {
  head: 'classifier',
  labels: job.classes,
  device: job.device,
  dtype: job.dtype,
  threads: job.threads,
});

/** Trains `count` optimizer steps from step `first` on. */
function training() {
  const trainer = createTrainer(model, { clip: job.clip, cudaGraphs: job.cuda_graphs ?? false });
  const targets = Float32Array.from(job.targets.flat());
  const step = async (k) => {
    const indices = job.batches[k];
    const objective = {
      loss: /** @type {const} */ ('xent'),
      targets: gatherRows(targets, job.classes, indices),
    };
    const [{ loss }] = await Promise.all([
      trainer.forwardBackward(gather(sequences, indices), objective),
      trainer.step({ lr: job.rates[k], headLr: job.rates[k] }),
    ]);
    return loss;
  };
  return async (first, count) => {
    const running = [];
    const losses = [];
    for (let k = first; k < first + count; k++) {
      running.push(step(k));
      if (running.length >= IN_FLIGHT) losses.push(await running.shift());
    }
    losses.push(...(await Promise.all(running)));
    return { losses, ...(job.cuda_graphs ? { replays: trainer.native.replays } : {}) };
  };
}

/** Scores all sequences `count` times. */
async function scoring() {
  if (job.head) {
    const head = model.native.parameterNames().find((name) => name.includes('score'));
    await model.native.setParameter(head, Float32Array.from(job.head.flat()));
  }
  return async (_first, count) => {
    let logits = new Float32Array();
    for (let pass = 0; pass < count; pass++) ({ logits } = await model.score(sequences));
    const rows = Array.from({ length: logits.length / job.classes }, (_, row) => [
      ...logits.subarray(row * job.classes, (row + 1) * job.classes),
    ]);
    return { logits: rows };
  };
}

const answer = (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`);
const cpuSeconds = ({ user, system }) => (user + system) / 1e6;

/** Bytes: of tensors on the GPU where one is used, else of the process. */
async function peakMemory() {
  if (!job.device.startsWith('cuda')) return process.resourceUsage().maxRSS * 1024;
  // A number beside what is measured: no row is lost over it.
  const memory = await binding.deviceMemory(job.device, false).catch(() => null);
  return memory?.peak ?? null;
}

const work = job.batches ? training() : await scoring();
const { binding } = await loadAddon();
const { builtFor, cpuCapability } = binding.buildInfo();
answer({ ready: true, versions: { node: process.versions.node, libtorch: builtFor, cpuCapability } });
let first = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line);
  const began = performance.now();
  const used = process.cpuUsage();
  const result = await work(first, count);
  const seconds = (performance.now() - began) / 1000;
  const cpu = cpuSeconds(process.cpuUsage(used));
  answer({ seconds, cpuSeconds: cpu, peakMemory: await peakMemory(), ...result });
  first += count;
}
await model.dispose();
