/** Scoring of many sequences in portions, so that progress is seen and an interrupt is obeyed. */

import type { NativeModel, PackedSequences, ScoreResult } from '../native/binding.js';
import { withSignal } from '../native/index.js';
import { countSequences, slice } from './batches.js';
import { type Engine, type StepContext, throwIfAborted } from './context.js';

/** Sequences a portion: some micro-batches each, at most a second or so. */
const PORTION = 512;

/** Scores all sequences in order, calling `each` with every portion and the index of its first sequence. */
export async function scoreAll(
  context: StepContext,
  engine: Engine,
  model: NativeModel,
  sequences: PackedSequences,
  each: (scored: ScoreResult, portion: PackedSequences, first: number) => void | Promise<void>,
): Promise<ScoringTotals> {
  const total = countSequences(sequences);
  const startedAt = performance.now();
  let tokens = 0;
  for (let first = 0; first < total; first += PORTION) {
    throwIfAborted(context.signal);
    const done = Math.min(total, first + PORTION);
    const portion = slice(sequences, first, done);
    const scored = await withSignal(engine.binding, context.signal, (cancel) =>
      model.score(portion, { microBatchTokens: context.microBatchTokens, ...(cancel ? { cancel } : {}) }),
    );
    await each(scored, portion, first);
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
