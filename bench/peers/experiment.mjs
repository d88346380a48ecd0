// One whole `train`, from the command line, against the same experiment in experiment.py: the same rows, orders and
// settings. Wall time of both programs, which run alone and in turns, and the accuracies of all models.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { endOf, failure } from './failure.mjs';
import { Printed } from './printed.mjs';
import { median, ratioOf } from './turns.mjs';

/** Times that each side runs it; once with --quick. */
const ROUNDS = 3;
/** A built-in experiment, so that anybody can repeat it, with its own settings: these are said for the other side. */
const WHOLE = {
  sizes: ['--train-size', '3000', '--test-size', '2000'],
  epochs: ['--epochs', '2'],
};
const DATASET = ['--dataset', 'chess-check'];
const MODELS = { weak: 'chess-xs', strong: 'chess-m' };
const RATES = ['--lr', '2e-4', '--weak-lr', '5e-4'];

/**
 * @param {{ root: string, work: string, python: string, threads: string, device: string, quick?: boolean,
 *   say: (text: string) => void, rounds?: number, whole?: typeof WHOLE }} options
 */
export async function runExperiment(options) {
  const { root, work, device, quick = false, say, rounds = quick ? 1 : ROUNDS, whole = WHOLE } = options;
  const folder = join(work, 'experiment');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rows = join(folder, 'rows.json');
  const experiment = [...DATASET, ...whole.sizes, '--weak', MODELS.weak, '--strong', MODELS.strong];
  run([process.execPath, join(root, 'bench/peers/rows.mjs'), rows, ...experiment, ...whole.epochs]);
  // As experiment.py on that device.
  const dtype = device.startsWith('cuda') ? 'bf16' : 'f32';
  const settings = [...experiment, ...whole.epochs, '--dtype', dtype];
  const pairs = await inTurns(
    rounds,
    // A store of its own for each round: nothing is taken from the one before.
    (round) => timed(ourCommand(options, settings, join(folder, `store-${round}`))),
    () => timed(theirCommand(options, rows, whole.epochs)),
    say,
  );
  return { kind: 'experiment', dtype, models: MODELS, ...compared(pairs) };
}

function ourCommand({ root, threads, device }, settings, store) {
  const program = [process.execPath, join(root, 'bin', 'w2s-native.js'), 'train'];
  const machine = ['--threads', threads, '--device', device];
  const output = ['--json', '--no-report', '--out', store];
  return [...program, ...settings, ...RATES, '--head', 'linear', ...machine, ...output];
}

function theirCommand({ root, python, threads, device }, rows, epochs) {
  const models = Object.entries(MODELS).flatMap(([name, model]) => [
    `--${name}`,
    join(root, 'assets', 'models', model),
  ]);
  const script = join(root, 'bench/peers/experiment.py');
  const machine = ['--threads', threads, '--device', device];
  return [python, script, '--rows', rows, ...models, ...epochs, ...RATES, ...machine];
}

/**
 * Runs ours, theirs, ours, theirs, and so on: what else the machine does falls on both.
 * @template Ours, Theirs
 * @param {number} rounds @param {(round: number) => Promise<Ours>} ours @param {(round: number) => Promise<Theirs>} theirs
 * @param {(text: string) => void} say
 */
export async function inTurns(rounds, ours, theirs, say) {
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    const pair = { ours: await ours(round), theirs: await theirs(round) };
    const times = Object.entries(pair).map(([name, { seconds }]) => `${name} ${seconds.toFixed(1)} s`);
    say(`   round ${round + 1} of ${rounds}: ${times.join(', ')}`);
    pairs.push(pair);
  }
  return pairs;
}

/** Times of all rounds, accuracies of the last; met where theirs lay in our interval for each model, each time. */
export function compared(pairs) {
  const secondsOf = (side) => pairs.map((pair) => pair[side].seconds);
  const accuracies = pairs.map(accuraciesOf);
  const { ours, theirs } = accuracies.at(-1);
  const documents = pairs.map(({ theirs }) => theirs.document);
  const ratios = pairs.map((pair) => pair.theirs.seconds / pair.ours.seconds);
  return {
    ours: { seconds: median(secondsOf('ours')), rounds: pairs.length, accuracy: ours },
    theirs: {
      seconds: median(secondsOf('theirs')),
      rounds: pairs.length,
      ...ratioOf(ratios),
      cpuSeconds: median(documents.map(({ total }) => total.cpuSeconds)),
      phases: documents.at(-1).phases,
      accuracy: theirs,
    },
    met: accuracies.every(isWithin),
  };
}

/** Of each model, with our interval. */
function accuraciesOf({ ours, theirs }) {
  const each = (of) => Object.fromEntries(['weak', 'student', 'ceiling'].map((name) => [name, of(name)]));
  const own = each((name) => {
    const { accuracy, ci95 } = ours.document[name];
    return { accuracy, ci95 };
  });
  return { ours: own, theirs: each((name) => theirs.document[name]) };
}

const isWithin = ({ ours, theirs }) =>
  Object.entries(ours).every(([name, { ci95 }]) => theirs[name] >= ci95[0] && theirs[name] <= ci95[1]);

function run([program, ...args]) {
  const { status, signal, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw failure(`${basename(args[0])} ${endOf({ status, signal })}`, stderr);
}

/** Runs a program that prints one JSON document. */
async function timed([program, ...args]) {
  const began = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const errors = new Printed();
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => errors.add(text));
  const end = await new Promise((resolve, reject) =>
    child.on('close', (status, signal) => resolve({ status, signal })).on('error', reject),
  );
  const seconds = (performance.now() - began) / 1000;
  if (end.status !== 0) throw failure(`${basename(args[0])} ${endOf(end)}`, errors.text);
  return { seconds, document: JSON.parse(output) };
}
