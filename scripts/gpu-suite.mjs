// The GPU suite: one command for a machine that has an NVIDIA GPU, nvcc, CMake, a compiler and Python with PyTorch
// (and Transformers, for the peers), but no network. Node and node_modules are carried there.
//
//   scripts/gpu-suite [build] [tests] [bench] [peers]     all four unless some are named
//     --tokens FILE   token lists for the peers, written by `node bench/peers.mjs --data FOLDER --export FILE`; without
//                     it ids are drawn by seed in lists of SciQ's lengths (assets/bench), and the result says so
//     --only TEXT,…   only steps whose name contains one of these
//     --budget N      seconds in all (600; of a dry run 1,800): a step that has no time left is recorded as left out
//     --out FILE      bench/results/<date>-<machine>.json unless given
//     --python NAME   python3, or W2S_PYTHON, unless given;  W2S_NODE: the Node binary that scripts/gpu-suite starts
//     --dry-run       on the CPU, with models of a few thousand weights: do all steps start and end?
//     --list          the steps and their limits
//
// What has to be carried: the checkout with dist/ (npm run build), node_modules, and node. A step that fails or runs
// past its limit is recorded, and the suite goes on; it ends with status 1 if any did. The result file is made to be
// committed: each step has its commit, and what failed steps printed is kept, with words in place of folders.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { placesOf } from '../bench/peers/paths.mjs';
import {
  commitOf,
  machineOf,
  openResults,
  resultFile,
  stamped,
  writeResults,
} from '../bench/peers/results.mjs';
import { runStep } from './gpu-suite-run.mjs';
import { benchSteps, buildSteps, peerSteps, testSteps } from './gpu-suite-steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Seconds that a step of a dry run may take: it says whether steps run, not how fast, on whatever machine. */
const DRY_LIMIT = 600;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tokens: { type: 'string' },
    only: { type: 'string' },
    budget: { type: 'string' },
    out: { type: 'string' },
    python: { type: 'string', default: process.env.W2S_PYTHON ?? 'python3' },
    'dry-run': { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (options.help) showHelp();
else process.exitCode = await main();

async function main() {
  const dry = options['dry-run'];
  const device = dry ? 'cpu' : 'cuda';
  const torch = torchFolder();
  const scratch = mkdtempSync(join(tmpdir(), 'w2s-gpu-suite-'));
  const machine = machineOf(device, options.python);
  const file = resolve(options.out ?? (dry ? join(scratch, 'results.json') : resultFile(root, machine)));
  const request = { root, device, dry, file, scratch, python: options.python, torch, tokens: options.tokens };
  const steps = chosen({
    build: buildSteps(request),
    tests: testSteps(request),
    bench: benchSteps(request),
    peers: peerSteps(request),
  });
  if (options.list) {
    console.log(steps.map(({ name, limit }) => `${name}  (${limit} s at most)`).join('\n'));
    return 0;
  }
  const environment = {
    ...process.env,
    W2S_TEST_DEVICE: device,
    ...(torch.folder && !dry ? { W2S_LIBTORCH: torch.folder } : {}),
  };
  const places = placesOf({ scratch, torch: torch.folder });
  const suite = await runAll(steps, { environment, places }, (done) =>
    record(file, done, { root, machine, device }, places),
  );
  if (dry) rmSync(scratch, { recursive: true, force: true });
  const count = (status) => suite.filter((step) => step.status === status).length;
  console.log(
    `gpu-suite: ${count('ok')} ok, ${count('failed')} failed, ${count('left out')} left out; ${file}`,
  );
  return count('failed') > 0 ? 1 : 0;
}

/** PyTorch of that Python: its folder and version, or why there is none. */
function torchFolder() {
  const code =
    'import torch, os; print(os.path.dirname(torch.__file__)); print(torch.__version__); ' +
    'import transformers; print(transformers.__version__)';
  const { status, stdout, stderr } = spawnSync(options.python, ['-c', code], { encoding: 'utf8' });
  const [folder, version, transformers] = (stdout ?? '').trim().split('\n');
  if (status === 0) return { folder, version, transformers };
  return { folder, version, missing: (stderr ?? 'no such program').trim().split('\n').at(-1) };
}

/** The steps of the named parts, those that --only leaves. */
function chosen(parts) {
  const names = positionals.length > 0 ? positionals : Object.keys(parts);
  const unknown = names.find((name) => !(name in parts));
  if (unknown) throw new Error(`Expected build, tests, bench or peers but received ${unknown}.`);
  const only = options.only?.split(',') ?? [''];
  return names.flatMap((name) => parts[name]).filter(({ name }) => only.some((text) => name.includes(text)));
}

/** @param {(suite: object[]) => void} keep called after each step: what was measured stays if the machine goes away */
async function runAll(steps, { environment, places }, keep) {
  const commit = commitOf(root);
  const budget = Number(options.budget ?? (options['dry-run'] ? 1800 : 600));
  const began = performance.now();
  const suite = [];
  for (const step of steps) {
    const left = budget - (performance.now() - began) / 1000;
    const limit = options['dry-run'] ? DRY_LIMIT : step.limit;
    const place = { folder: root, environment, limit: Math.min(limit, left), places };
    const outcome = await runStep(step, place);
    suite.push(stamped(outcome, commit));
    const note = outcome.reason ? `: ${outcome.reason}` : '';
    console.log(`${outcome.status.padEnd(8)} ${outcome.name} (${outcome.seconds.toFixed(1)} s)${note}`);
    if (outcome.status === 'failed') console.log(outcome.tail);
    keep(suite);
  }
  return suite;
}

/** Puts what the steps did into the result file, beside the rows that the peers wrote there. */
function record(file, suite, head, places) {
  const results = openResults(file, head);
  const kept = (results.suite ?? []).filter(({ name }) => !suite.some((step) => step.name === name));
  writeResults(file, { ...results, suite: [...kept, ...suite] }, places);
}

function showHelp() {
  const lines = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n');
  const head = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('//')),
  );
  console.log(head.map((line) => line.slice(3)).join('\n'));
}
