// One whole `train`, from the command line, against the same experiment in experiment.py: the same rows, orders and
// settings. Wall time of both programs as they run alone, one after the other, and the accuracies of all models.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { failure } from './failure.mjs';

/** A built-in experiment, so that anybody can repeat it, with its own settings: these are said for the other side. */
const DATASET = ['--dataset', 'chess-check', '--train-size', '3000', '--test-size', '2000'];
const MODELS = { weak: 'chess-xs', strong: 'chess-m' };
const EPOCHS = ['--epochs', '2'];
const RATES = ['--lr', '2e-4', '--weak-lr', '5e-4'];

/**
 * @param {{ root: string, work: string, python: string, threads: string, device: string, say: (text: string) => void }} options
 */
export async function runExperiment({ root, work, python, threads, device, say }) {
  const folder = join(work, 'experiment');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rows = join(folder, 'rows.json');
  const experiment = [...DATASET, '--weak', MODELS.weak, '--strong', MODELS.strong, ...EPOCHS];
  run(process.execPath, [join(root, 'bench/peers/rows.mjs'), rows, ...experiment]);

  // As experiment.py on that device.
  const dtype = device.startsWith('cuda') ? 'bf16' : 'f32';
  const machine = ['--threads', threads, '--device', device];
  const settings = [...experiment, ...RATES, '--head', 'linear', '--dtype', dtype, ...machine];
  const output = ['--json', '--no-report', '--out', join(folder, 'store')];
  const program = join(root, 'bin', 'w2s-native.js');
  const ours = await timed(process.execPath, [program, 'train', ...settings, ...output]);
  say(`   ours ${ours.seconds.toFixed(1)} s`);
  const assets = join(root, 'assets', 'models');
  const folders = ['--weak', join(assets, MODELS.weak), '--strong', join(assets, MODELS.strong)];
  const script = join(root, 'bench/peers/experiment.py');
  const same = ['--rows', rows, ...folders, ...EPOCHS, ...RATES, ...machine];
  const theirs = await timed(python, [script, ...same]);
  say(`   theirs ${theirs.seconds.toFixed(1)} s`);
  return { dtype, ...compared(ours, theirs) };
}

/** Accuracies side by side; met where theirs lies in our interval for each model. */
function compared(ours, theirs) {
  const accuracy = Object.fromEntries(
    ['weak', 'student', 'ceiling'].map((name) => [name, scoreOf(ours.document, name)]),
  );
  const peer = Object.fromEntries(Object.keys(accuracy).map((name) => [name, theirs.document[name]]));
  const met = Object.entries(accuracy).every(
    ([name, { ci95 }]) => peer[name] >= ci95[0] && peer[name] <= ci95[1],
  );
  return {
    kind: 'experiment',
    models: MODELS,
    ours: { seconds: ours.seconds, accuracy },
    theirs: {
      seconds: theirs.seconds,
      cpuSeconds: theirs.document.total.cpuSeconds,
      phases: theirs.document.phases,
      accuracy: peer,
    },
    met,
  };
}

function scoreOf(document, name) {
  const { accuracy, ci95 } = document[name];
  return { accuracy, ci95 };
}

function run(program, args) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw failure(`${basename(args[0])} ended with ${status}`, stderr.slice(-4000));
}

/** Runs a program that prints one JSON document. */
async function timed(program, args) {
  const began = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (errors = (errors + text).slice(-4000)));
  const status = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw failure(`${basename(args[0])} ended with ${status}`, errors);
  return { seconds, document: JSON.parse(output) };
}
