/** `finetune`: trains a model on one split with one source of labels, and keeps its weights. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { W2sError } from '../errors.js';
import type { FinetuneSpec } from '../experiments/plan.js';
import type { NativeModel, NativeTrainer, PackedSequences } from '../native/binding.js';
import { withSignal } from '../native/index.js';
import { longestCompletion } from '../tasks/completion.js';
import { PAIR } from '../tasks/preference.js';
import { noteAnswerLength } from './answers.js';
import { countSequences, gather } from './batches.js';
import { type Machine, type Position, readPosition, savePosition } from './checkpoint.js';
import type { Engine, StepContext } from './context.js';
import { EarlyStop } from './earlyStop.js';
import { longestBatch, takeOverBudget, takeOverRecording, tokensAtOnce } from './microBatch.js';
import { objectiveFor } from './objective.js';
import { calibrate, calibrationSample, encodeFor, type OpenedModel, openModel } from './openModel.js';
import type { FinetuneResult } from './results.js';
import { classCount, type Rows, trainingRows } from './rows.js';
import type { StepOutcome } from './run.js';
import { stepsPerEpoch } from './schedule.js';
import { countExamples, type StepRecord, type TrainingSet, trainLoop } from './trainLoop.js';
import { weighedTargets } from './weights.js';

export async function finetune(
  context: StepContext,
  spec: FinetuneSpec,
  hash: string,
): Promise<StepOutcome<FinetuneResult>> {
  const position = await readPosition(context.store, hash);
  const machine = await machineFor(context, position);
  const rows = await trainingRows(context, spec);
  await using opened = await openModel(context, spec.model, spec.reading, {
    ...spec,
    threads: machine.threads,
  });
  const { set, truncated, longest } = await trainingSet(opened, spec, rows);
  // Of a pair the bias cancels.
  if (spec.reading.head.kind === 'likelihood' && position === null && !set.paired) {
    const sample = calibrationSample(spec.seed, countSequences(set.sequences));
    await calibrate(opened, gather(set.sequences, sample), machine);
  }
  const resumed = position;
  const examples = countExamples(set);
  const earlyStop = await EarlyStop.open({
    context,
    spec,
    hash,
    opened,
    examples,
    machine,
    resumed,
  });
  const run: Run = { context, spec, hash, model: opened.model, set, machine, position, earlyStop };
  const { steps, finalLoss } = await train(run);
  // A reward has no classes, even where its preferences do.
  const classes = set.paired ? [] : rows.classes;
  const folder = await saveModel(context, hash, { opened, classes, longest, earlyStop });
  await earlyStop?.clear();
  const totals = await totalsOf(context, hash);
  const result: FinetuneResult = {
    kind: 'finetune',
    examples,
    steps,
    finalLoss,
    tokens: set.sequences.tokens.length,
    truncated,
    longestCompletion: longest,
    weights: await hashWeights(folder),
    ...(earlyStop ? { earlyStop: earlyStop.result() } : {}),
  };
  return { result, timing: { ...totals, microBatchTokens: machine.microBatchTokens } };
}

/** How it is run: as the checkpoint says, because micro-batch and threads decide the last bits. */
async function machineFor(context: StepContext, position: Position | null): Promise<Machine> {
  if (position) {
    const { threads, microBatchTokens, sharePrefixes, cudaGraphs } = position;
    return { threads, microBatchTokens, sharePrefixes, cudaGraphs };
  }
  const engine = await context.engine();
  const { sharePrefixes, cudaGraphs } = context;
  const microBatchTokens = tokensAtOnce(context, engine);
  return { threads: engine.threads, microBatchTokens, sharePrefixes, cudaGraphs };
}

async function trainingSet(
  opened: OpenedModel,
  spec: FinetuneSpec,
  rows: Rows,
): Promise<{ set: TrainingSet; truncated: number; longest: number | null }> {
  const classes = classCount(spec.reading);
  if (classes === 0) {
    const { sequences, truncated } = await encodeFor(opened, spec.reading, rows, { ends: 'learned' });
    const longest = sequences.targetStarts ? longestCompletion(sequences) : null;
    return { set: { sequences: tokenTargets(spec, sequences), targets: null, classes }, truncated, longest };
  }
  const { sequences, truncated } = await encodeFor(opened, spec.reading, rows);
  const paired = spec.reading.task === 'preference' ? { paired: true as const } : {};
  const set = { sequences, targets: weighedTargets(rows.rows, classes, spec.objective), classes, ...paired };
  return { set, truncated, longest: null };
}

/** `lm` learns every token of a text; `completion` those after the prompt. */
function tokenTargets(spec: FinetuneSpec, sequences: PackedSequences): PackedSequences {
  const { tokens, offsets } = sequences;
  return spec.objective.loss === 'lm' ? { tokens, offsets } : sequences;
}

interface Run {
  context: StepContext;
  spec: FinetuneSpec;
  hash: string;
  model: NativeModel;
  set: TrainingSet;
  /** Its budget becomes smaller where memory runs out. */
  machine: Machine;
  position: Position | null;
  earlyStop: EarlyStop | null;
}

/** A checkpoint of a large model takes long: training gets this many times as long in between. */
const TRAINING_PER_SAVING = 20;
/** Optimizer steps that are under way at once on a GPU. */
const UNDER_WAY = 2;

async function train(run: Run): Promise<{ steps: number; finalLoss: number }> {
  const { context, spec, hash, model, set, machine, position, earlyStop } = run;
  const engine = await context.engine();
  const { batchSize } = spec.optimisation;
  const pairOutputs = set.paired ? model.info.outputs : undefined;
  const trainer = trainerFor(run, engine);
  const metrics = await context.store.openMetrics(hash, position?.step ?? 0);
  const meter = new Meter(context);
  let finalLoss = position?.lastLoss ?? Number.NaN;
  let savedAt = performance.now();
  let savingTook = 0;
  const due = () => {
    const patience = context.checkpointEvery * 1000;
    const least = patience === 0 ? 0 : TRAINING_PER_SAVING * savingTook;
    return performance.now() - savedAt >= Math.max(patience, least);
  };
  // A loss in TypeScript waits for the logits in the middle of a step.
  const isLate = engine.device !== 'cpu' && spec.objective.loss !== 'custom';
  try {
    if (position) await trainer.loadCheckpoint(position.folder);
    else if (context.microBatchTokens === 'auto') await tryOut(run, trainer, engine);
    const steps = await trainLoop({
      trainer,
      set,
      objective: objectiveFor(spec, set.classes, pairOutputs),
      optimisation: spec.optimisation,
      seed: spec.seed,
      from: position?.step ?? 0,
      signal: context.signal,
      onStep: (record) => {
        finalLoss = record.loss;
        metrics.append(meter.measure(record));
        takeOverBudget(context, machine, trainer);
        takeOverRecording(context, machine, trainer);
      },
      underWay: isLate ? UNDER_WAY : 1,
      checkpointDue: (aborted) => aborted || due(),
      checkpoint: async (step) => {
        const startedAt = performance.now();
        const epoch = Math.floor(step / stepsPerEpoch(countExamples(set), batchSize));
        const at = { step, epoch, lastLoss: finalLoss, ...machine };
        await savePosition(context.store, hash, trainer, metrics, at, earlyStop);
        savedAt = performance.now();
        savingTook = savedAt - startedAt;
      },
      ...(earlyStop ? { check: (done: number) => earlyStop.check(done) } : {}),
    });
    return { steps, finalLoss };
  } finally {
    metrics.close();
    trainer.dispose();
  }
}

function trainerFor({ spec, model, machine }: Run, { binding }: Engine): NativeTrainer {
  const { optimizer, weightDecay, clip } = spec.optimisation;
  const { microBatchTokens, sharePrefixes, cudaGraphs } = machine;
  return binding.createTrainer(model, {
    optimizer,
    weightDecay,
    clip,
    microBatchTokens,
    sharePrefixes,
    cudaGraphs,
  });
}

/** Finds out on a GPU how many tokens at once fit and pay, on the longest batch there can be; says what was chosen. */
async function tryOut(
  { context, spec, set, machine }: Run,
  trainer: NativeTrainer,
  { binding, device }: Engine,
): Promise<void> {
  if (device !== 'cpu') {
    const batch = longestBatch(set, spec.optimisation.batchSize);
    const kind = { languageModel: set.targets === null, group: set.paired ? PAIR : 1 };
    machine.microBatchTokens = await withSignal(binding, context.signal, (cancel) =>
      trainer.findMicroBatchTokens(batch, kind, cancel),
    );
  }
  context.onNote({ level: 'note', message: `micro-batches of ${machine.microBatchTokens} tokens` });
}

/** Adds times to a step's record, and tells how training goes. */
class Meter {
  private readonly startedAt = performance.now();
  private lastAt = this.startedAt;
  private examples = 0;
  private tokens = 0;
  private accuracySum = 0;

  constructor(private readonly context: StepContext) {}

  measure(record: StepRecord) {
    const { step, total, loss, gradNorm, lr, examples, tokens, accuracy } = record;
    const now = performance.now();
    const seconds = (now - this.lastAt) / 1000;
    this.lastAt = now;
    this.examples += examples;
    this.tokens += tokens;
    this.accuracySum += (accuracy ?? 0) * examples;
    const elapsed = (now - this.startedAt) / 1000;
    this.context.onProgress({
      unit: 'steps',
      done: step + 1,
      total,
      loss,
      ...(accuracy === null ? {} : { accuracy: this.accuracySum / this.examples }),
      examplesPerSecond: this.examples / elapsed,
      tokensPerSecond: this.tokens / elapsed,
    });
    return {
      step,
      loss,
      accuracy,
      gradNorm,
      lr,
      examples,
      tokens,
      tokensPerSecond: tokens / seconds,
      seconds,
    };
  }
}

/** Seconds, tokens and examples over all optimizer steps, those before an interruption included. */
async function totalsOf(context: StepContext, hash: string): Promise<StepOutcome<FinetuneResult>['timing']> {
  const totals = { seconds: 0, tokens: 0, examples: 0 };
  for (const line of await context.store.readMetrics(hash)) {
    totals.seconds += line.seconds;
    totals.tokens += line.tokens;
    totals.examples += line.examples;
  }
  return totals;
}

/** Files beside the weights that a Hugging Face folder is read with. */
const TOKENIZER_FILES =
  /^(tokenizer.*|special_tokens_map\.json|added_tokens\.json|vocab\..*|merges\.txt|generation_config\.json)$/;

interface Trained {
  opened: OpenedModel;
  classes: readonly string[];
  /** Most tokens of the answers that were learned; null: none were. */
  longest: number | null;
  earlyStop: EarlyStop | null;
}

async function saveModel(
  context: StepContext,
  hash: string,
  { opened, classes, longest, earlyStop }: Trained,
): Promise<string> {
  return context.store.saveModel(hash, async (folder) => {
    if (earlyStop) await earlyStop.restoreInto(folder);
    else await opened.model.save(folder, 'f32');
    for (const name of await readdir(opened.folder)) {
      if (TOKENIZER_FILES.test(name)) await copyFile(join(opened.folder, name), join(folder, name));
    }
    if (classes.length > 0) await nameClasses(join(folder, 'config.json'), classes);
    await noteAnswerLength(folder, longest);
  });
}

/** Class names go into config.json, where Transformers looks for them. */
async function nameClasses(file: string, classes: readonly string[]): Promise<void> {
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  if (!('id2label' in config)) return;
  const numbered = classes.every((name, index) => name === String(index));
  if (numbered) return;
  config.id2label = Object.fromEntries(classes.map((name, index) => [index, name]));
  config.label2id = Object.fromEntries(classes.map((name, index) => [name, index]));
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`);
}

async function hashWeights(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.safetensors')).sort();
  if (files.length === 0) throw new W2sError('ERR_STORE', `Expected weights in ${folder} but received none`);
  for (const name of files) {
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
