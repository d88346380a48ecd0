/**
 * Pre-trains one model of the chess ladder on engine games, with this package's own engine.
 *
 *   node scripts/chess-world/pretrain.mjs --size chess-m --games a.tsv,b.tsv --steps 6000 --out FOLDER
 *
 * Next-token loss on whole games, Muon on matrices and AdamW on the rest; a warm-up, then a constant rate,
 * then a linear way down to zero over the last `--decay` of the steps. `--work` holds the checkpoint: the
 * same call goes on after a kill. The folder gets bf16 weights, the tokenizer and measured.json.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadBinding } from '../../dist/native/index.js';
import { readGames } from './files.mjs';
import { writeInitialModel, writeTokenizer } from './init-model.mjs';
import { measure } from './measure.mjs';
import { packGames } from './pack.mjs';
import { shuffled, stream } from './random.mjs';

const options = {
  size: { type: 'string' },
  games: { type: 'string' },
  limit: { type: 'string' },
  out: { type: 'string' },
  work: { type: 'string' },
  steps: { type: 'string' },
  batch: { type: 'string', default: '64' },
  lr: { type: 'string', default: '0.02' },
  'head-lr': { type: 'string', default: '0.003' },
  warmup: { type: 'string', default: '100' },
  decay: { type: 'string', default: '0.6' },
  threads: { type: 'string', default: '1' },
  device: { type: 'string', default: 'cpu' },
  'checkpoint-every': { type: 'string', default: '180' },
  validation: { type: 'string', default: '1000' },
  seed: { type: 'string', default: 'pretrain' },
};

const microBatchTokens = 4096;

/** Share of the full learning rate at step k of n. */
export function rateAt(k, n, warmup, decay) {
  return Math.min(1, (k + 1) / warmup, (n - k) / (decay * n));
}

/** The games of step k: each epoch is a fresh shuffle, cut into whole batches. */
function* batches(games, size, seed, firstStep) {
  const perEpoch = Math.floor(games.length / size);
  let order = null;
  for (let step = firstStep; ; step++) {
    const epoch = Math.floor(step / perEpoch);
    const at = step % perEpoch;
    if (order === null || at === 0) order = shuffled(stream(seed, 'order', epoch), games);
    yield order.slice(at * size, (at + 1) * size);
  }
}

/** Where a killed run left off: { step, seconds, loss } or zeros. */
async function resume(trainer, work) {
  const file = join(work, 'state.json');
  if (!existsSync(file)) return { step: 0, seconds: 0, loss: null };
  const state = JSON.parse(readFileSync(file, 'utf8'));
  await trainer.loadCheckpoint(join(work, `step-${state.step}`));
  return state;
}

/** Writes a checkpoint beside the old one, then points to it, then removes the old one. */
async function checkpoint(trainer, work, state, previous) {
  const folder = join(work, `step-${state.step}`);
  mkdirSync(folder, { recursive: true });
  await trainer.saveCheckpoint(folder);
  writeFileSync(join(work, 'state.next.json'), JSON.stringify(state));
  renameSync(join(work, 'state.next.json'), join(work, 'state.json'));
  if (previous !== state.step) rmSync(join(work, `step-${previous}`), { recursive: true, force: true });
}

async function train(trainer, games, settings) {
  const { steps, batch, warmup, decay, work, seed } = settings;
  let state = await resume(trainer, work);
  const before = state.seconds;
  const start = Date.now();
  let saved = { at: start, step: state.step };
  for (const chosen of batches(games, batch, seed, state.step)) {
    if (state.step >= steps) break;
    const packed = packGames(chosen);
    const { loss } = await trainer.forwardBackward(packed, { loss: 'lm' });
    const rate = rateAt(state.step, steps, warmup, decay);
    await trainer.step({ lr: settings.lr * rate, headLr: settings.headLr * rate });
    const smooth = state.loss === null ? loss : 0.98 * state.loss + 0.02 * loss;
    state = { step: state.step + 1, seconds: before + (Date.now() - start) / 1000, loss: smooth };
    if (state.step % 50 === 0) {
      const tokens = Math.round((state.step * batch * 40.7) / state.seconds);
      console.error(
        `step ${state.step}/${steps} loss ${smooth.toFixed(4)} ${state.seconds.toFixed(0)} s ${tokens} tok/s`,
      );
    }
    if (Date.now() - saved.at > settings.checkpointEvery * 1000 || state.step === steps) {
      await checkpoint(trainer, work, state, saved.step);
      saved = { at: Date.now(), step: state.step };
    }
  }
  return state;
}

async function main() {
  const { values } = parseArgs({ options });
  const numbers = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]));
  const work = values.work ?? `${values.out}.work`;
  const start = join(work, 'start');
  mkdirSync(work, { recursive: true });
  writeInitialModel(start, values.size, `${values.seed}`);
  const all = readGames(values.games.split(',')).slice(0, values.limit ? numbers.limit : undefined);
  const held = all.slice(0, numbers.validation);
  const games = all.slice(numbers.validation);
  console.error(`${values.size}: ${games.length} games, ${held.length} held out`);

  const binding = await loadBinding();
  const model = await binding.loadModel({
    folder: start,
    device: values.device,
    dtype: 'f32',
    head: 'lm',
    threads: numbers.threads,
  });
  const trainer = binding.createTrainer(model, {
    optimizer: 'muon',
    weightDecay: 0,
    clip: 1,
    microBatchTokens,
  });
  const state = await train(trainer, games, {
    steps: numbers.steps,
    batch: numbers.batch,
    lr: numbers.lr,
    headLr: numbers['head-lr'],
    warmup: numbers.warmup,
    decay: numbers.decay,
    checkpointEvery: numbers['checkpoint-every'],
    seed: values.seed,
    work,
  });
  await trainer.checkFinite();
  mkdirSync(values.out, { recursive: true });
  await model.save(values.out, 'bf16');
  writeTokenizer(values.out);
  const tokens = Math.round(numbers.steps * numbers.batch * meanLength(games));
  const measured = {
    size: values.size,
    parameters: model.info.parameters,
    vocabulary: model.info.vocabularySize,
    context: model.info.contextLength,
    games: games.length,
    heldOut: held.length,
    epochs: (numbers.steps * numbers.batch) / games.length,
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0].model.trim(),
    steps: state.step,
    batch: numbers.batch,
    tokens,
    seconds: Math.round(state.seconds),
    threads: numbers.threads,
    optimizer: {
      name: 'muon',
      lr: numbers.lr,
      headLr: numbers['head-lr'],
      warmup: numbers.warmup,
      decay: numbers.decay,
    },
    trainLoss: state.loss,
    ...(await measure(model, held, microBatchTokens)),
  };
  writeFileSync(join(work, 'measured.json'), `${JSON.stringify(measured, null, 2)}\n`);
  console.error(JSON.stringify(measured));
  trainer.dispose();
  model.dispose();
}

const meanLength = (games) => games.reduce((sum, { moves }) => sum + moves.length + 1, 0) / games.length;

if (process.argv[1] === import.meta.filename) await main();
