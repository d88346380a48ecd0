/** Scoring of many sequences in portions, so that progress is seen and an interrupt is obeyed. */

import type { NativeModel, PackedSequences, ScoreOptions, ScoreResult } from '../native/binding.js';
import { withSignal } from '../native/index.js';
import { countSequences, slice } from './batches.js';
import { type Engine, type StepContext, throwIfAborted } from './context.js';

/** Sequences a portion: some micro-batches each, at most a second or so; even, so that no pair is parted. */
const PORTION = 512;

/** Scores all sequences in order, calling `each` with every portion and the index of its first sequence. */
export async function scoreAll(
  context: StepContext,
  engine: Engine,
  model: NativeModel,
  sequences: PackedSequences,
  each: (scored: ScoreResult, portion: PackedSequences, first: number) => void | Promise<void>,
): Promise<ScoringTotals> {
  const work = (portion: PackedSequences, options: ScoreOptions) => model.score(portion, options);
  return inPortions(context, engine, sequences, work, each);
}

/** Final hidden states of every sequence's last token, in order [B · D]. */
export async function hiddenAll(
  context: StepContext,
  engine: Engine,
  model: NativeModel,
  sequences: PackedSequences,
  dimension: number,
): Promise<{ values: Float32Array; totals: ScoringTotals }> {
  const values = new Float32Array(countSequences(sequences) * dimension);
  const work = (portion: PackedSequences, options: ScoreOptions) => model.hidden(portion, options);
  const totals = await inPortions(context, engine, sequences, work, (hidden, _, first) => {
    values.set(hidden, first * dimension);
  });
  return { values, totals };
}

async function inPortions<T>(
  context: StepContext,
  engine: Engine,
  sequences: PackedSequences,
  work: (portion: PackedSequences, options: ScoreOptions) => Promise<T>,
  each: (done: T, portion: PackedSequences, first: number) => void | Promise<void>,
): Promise<ScoringTotals> {
  const { microBatchTokens, sharePrefixes } = context;
  const total = countSequences(sequences);
  const startedAt = performance.now();
  let tokens = 0;
  for (let first = 0; first < total; first += PORTION) {
    throwIfAborted(context.signal);
    const done = Math.min(total, first + PORTION);
    const portion = slice(sequences, first, done);
    const result = await withSignal(engine.binding, context.signal, (cancel) =>
      work(portion, { microBatchTokens, sharePrefixes, ...(cancel ? { cancel } : {}) }),
    );
    await each(result, portion, first);
    tokens += portion.tokens.length;
    const seconds = (performance.now() - startedAt) / 1000;
    context.onProgress({
      unit: 'examples',
      done,
      total,
      examplesPerSecond: done / seconds,
      tokensPerSecond: tokens / seconds,
    });
  }
  return { seconds: (performance.now() - startedAt) / 1000, tokens, examples: total };
}

export interface ScoringTotals {
  seconds: number;
  tokens: number;
  examples: number;
}
