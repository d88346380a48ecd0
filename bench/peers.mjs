#!/usr/bin/env node
// Ours and theirs side by side: the same model folder, token lists, optimizer batches and learning rates, in turns.
//
//   npm run bench:peers -- --data FOLDER [--quick] [--rows train/gpt2,score] [--threads 2] [--device cuda]
//
// FOLDER holds SciQ's train.json and test.json (https://allenai.org/data/sciq, CC BY-NC 3.0; not part of this
// repository). --export FILE writes the token lists and nothing else, --tokens FILE takes them instead of --data. With
// neither, ids are drawn by seed in lists of SciQ's lengths (assets/bench/sciq-lengths.json), and the result says so.
// Python with PyTorch and Transformers is --python or W2S_PYTHON. Writes bench/results/<date>-<machine>.json (--out
// FILE) and the table of docs/performance.md; rows that are measured anew replace those of the same file, so a run can
// go on where one stopped. --table writes the table alone.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { shapeFolder } from '../dist/bench/shapes.js';
import { runExperiment } from './peers/experiment.mjs';
import { endOf, failure, keptOf, wholeStory } from './peers/failure.mjs';
import { gpt2Tokenizer } from './peers/gpt2.mjs';
import { drawnInputs, sciqInputs } from './peers/inputs.mjs';
import { writeJob } from './peers/job.mjs';
import { EXPERIMENT, GRAPHS, OURS, PRODUCTS_BAR, workloads } from './peers/plan.mjs';
import { tailOf } from './peers/printed.mjs';
import { addRow, machineOf, openResults, resultFile } from './peers/results.mjs';
import { writeTable } from './peers/table.mjs';
import { isOurs, largestRelative, ratios, Side, summary, takeTurns } from './peers/turns.mjs';

const here = join(dirname(fileURLToPath(import.meta.url)), 'peers');
const root = join(here, '..', '..');
/** Seconds that a peer may need for an answer: a compiler's first, on a slow machine. */
const PATIENCE = 900;
/** Seconds that ours with CUDA graphs may need: the row is not to be lost over them. */
const GRAPHS_PATIENCE = 60;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    tokens: { type: 'string' },
    export: { type: 'string' },
    rows: { type: 'string' },
    quick: { type: 'boolean', default: false },
    threads: { type: 'string', default: `${availableParallelism()}` },
    device: { type: 'string', default: 'cpu' },
    python: { type: 'string', default: process.env.W2S_PYTHON ?? 'python3' },
    out: { type: 'string' },
    work: { type: 'string', default: join(root, 'out', 'peers') },
    'dry-run': { type: 'boolean', default: false },
    'ours-alone': { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);
const device = options.device.startsWith('cuda') ? 'cuda' : 'cpu';
const work = resolve(options.work);
/** A shape that is in the repository, small enough for a test. */
const dryShape = options['dry-run'] ? 'tiny-s' : undefined;

await main();

async function main() {
  if (options.table) return writeTable(root);
  const rows = workloads({ device, quick: options.quick, memory: totalmem(), shape: dryShape });
  const wanted = options.rows?.split(',') ?? [''];
  const chosen = (id) => wanted.some((part) => id.includes(part));
  const list = rows.filter(({ id }) => chosen(id));
  const whole = !dryShape && !options['ours-alone'] && chosen(EXPERIMENT);
  if (options.list) return console.log([...rows.map(({ id }) => id), EXPERIMENT].join('\n'));
  if (list.length === 0 && !whole && !options.export) {
    throw new Error(
      `Expected a part of a row's name for --rows but received '${options.rows ?? ''}'. See them: npm run bench:peers -- --list`,
    );
  }
  mkdirSync(work, { recursive: true });
  const inputs = list.length > 0 || options.export ? await readInputs() : undefined;
  if (options.export) return writeFileSync(options.export, JSON.stringify(inputs));

  const machine = machineOf(device, options.python);
  const file = options.out ?? resultFile(root, machine);
  const results = openResults(file, { root, machine, device, threads: Number(options.threads) });
  if (inputs) results.inputs = { source: inputs.source, tokenizer: inputs.tokenizer };
  let failed = 0;
  const record = async (id, measure) => {
    say(`== ${id}`);
    try {
      addRow(file, results, { id, ...(await measure()) });
    } catch (error) {
      failed++;
      say(`${id} failed: ${wholeStory(error)}`);
      addRow(file, results, { id, ...keptOf(error) });
    }
  };
  for (const row of list) await record(row.id, () => measureRow(row, inputs));
  if (whole) await record(EXPERIMENT, () => runExperiment({ ...options, root, work, say }));
  if (!options.out) writeTable(root);
  say(`written: ${file}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function readInputs() {
  if (options.tokens) return JSON.parse(readFileSync(options.tokens, 'utf8'));
  if (dryShape) return drawnInputs({ rows: 256, questions: 8 });
  if (!options.data) return drawnInputs();
  return sciqInputs(resolve(options.data), await writeTokenizer(join(work, 'tokenizer')));
}

async function writeTokenizer(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(await gpt2Tokenizer()));
  return folder;
}

/** The folder of a shape: of the repository, or written once with seeded random weights. */
async function modelFolder(shape) {
  if (shape === dryShape) return join(root, 'assets', 'models', shape);
  const folder = await shapeFolder(shape);
  if (!existsSync(join(folder, 'tokenizer.json'))) await writeTokenizer(folder);
  return folder;
}

/** Where the time of a step goes, by the program's own `bench`. */
async function measureParts(row) {
  const model = [
    '--model',
    await modelFolder(row.shape),
    '--lengths',
    row.lists,
    '--seconds',
    `${row.seconds}`,
  ];
  const machine = ['--threads', options.threads, '--device', options.device, '--json'];
  const args = [join(root, 'bin', 'w2s-native.js'), 'bench', 'train', ...model, ...machine];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw failure(`bench ${endOf({ status, signal })}`, stderr);
  const { repetitions, msPerStep, tokensPerSecond, mfu, executedUtilisation, parts } =
    JSON.parse(stdout).runs[0];
  const products = parts.find(({ part }) => part === 'products').share;
  const measured = { parts, products, bar: PRODUCTS_BAR, met: products >= PRODUCTS_BAR };
  return {
    kind: row.kind,
    dtype: row.dtype,
    repetitions,
    msPerStep,
    tokensPerSecond,
    mfu,
    executedUtilisation,
    ...measured,
  };
}

async function measureRow(row, inputs) {
  if (row.kind === 'parts') return measureParts(row);
  const model = await modelFolder(row.shape);
  const job = writeJob({
    row,
    inputs,
    model,
    work,
    device: options.device,
    threads: Number(options.threads),
  });
  const sides = [];
  try {
    const own = (name) => [process.execPath, join(here, 'ours.mjs'), job.file(undefined, name)];
    sides.push(await Side.start(OURS, own(OURS), PATIENCE));
    if (row.graphs) {
      sides.push(await Side.start(GRAPHS, own(GRAPHS), GRAPHS_PATIENCE, { mayFail: true, say }));
    }
    for (const [name, peer] of Object.entries(options['ours-alone'] ? {} : row.peers)) {
      const command = [options.python, join(here, `${peer.script}.py`), job.file(peer, name)];
      sides.push(await Side.start(name, command, PATIENCE));
    }
    await takeTurns(sides, row.phases, (text) => say(`   ${text}`));
    for (const side of sides.filter(wentOnWithout)) {
      say(`   ${side.name} ran without torch.compile, which failed:\n${side.errors.text}`);
    }
    return describe(row, inputs, job, sides);
  } finally {
    for (const side of sides) await side.end();
  }
}

function describe(row, { source, tokenizer }, job, sides) {
  const [ours, graphs] = sides.filter(isOurs);
  const others = sides.filter((side) => !isOurs(side));
  const losses = () => Object.fromEntries(sides.map((side) => [side.name, lossesOf(side)]));
  return {
    kind: row.kind,
    dtype: row.dtype,
    ...job.size,
    inputs: { source, tokenizer },
    ...against(row, job, ours, others),
    ...(graphs ? { graphs: graphs.failed ? failedGraphs(graphs) : against(row, job, graphs, others) } : {}),
    ...(row.kind === 'train' ? { losses: losses() } : {}),
    ...(row.curve ? { curve: row.curve } : {}),
  };
}

function failedGraphs({ failed, tail }) {
  return { error: failed, ...(tail ? { tail } : {}) };
}

/** Whether a peer was to be compiled and was not: tuned.py says so, and why, and goes on. */
function wentOnWithout({ versions }) {
  return versions?.compiled === false;
}

/** One of our sides and the peers. */
function against(row, job, ours, others) {
  const own = summary(ours);
  const peers = others.map((side) => {
    const { bar, microBatch } = row.peers[side.name];
    const why = wentOnWithout(side) ? { tail: tailOf(side.errors.text) } : {};
    const measured = { ...summary(side), ...ratios(ours, side), microBatch, ...why };
    const verdict = bar === undefined ? {} : { bar, met: measured.ratio >= bar };
    return [side.name, { ...measured, ...equality(row, ours, side), ...verdict }];
  });
  return {
    ours: { ...own, tokensPerSecond: job.size.tokensAStep / own.secondsAStep },
    peers: Object.fromEntries(peers),
  };
}

function lossesOf(side) {
  return side.turns.flatMap(({ losses }) => losses);
}

/** How far the two sides' results are apart: of the losses, or of the logits against the largest of them. */
function equality(row, ours, side) {
  if (row.kind === 'train') {
    const { steps, largest } = largestRelative(lossesOf(ours), lossesOf(side));
    return { lossSteps: steps, lossDifference: largest };
  }
  const [mine, theirs] = [ours, side].map(({ turns }) => turns.at(-1).logits.flat());
  const scale = Math.max(...theirs.map(Math.abs));
  return { logitDifference: Math.max(...mine.map((value, i) => Math.abs(value - theirs[i]))) / scale };
}
