/** Scoring of many sequences a window at a time, so that memory stays the same however many there are. */

import type { NativeModel, PackedSequences, ScoreOptions, ScoreResult } from '../native/binding.js';
import { withSignal } from '../native/index.js';
import { countSequences, slice } from './batches.js';
import { type Engine, type StepContext, throwIfAborted } from './context.js';
import { takeOverBudget, tokensAtOnce } from './microBatch.js';

/**
 * Sequences that are scored in one call: within them lengths are sorted and beginnings are shared. Even, so that no pair
 * is parted. A larger one saves next to nothing, and holds more.
 */
export const WINDOW = 8192;

/** Scores all sequences in order, calling `each` with every window and the index of its first sequence. */
export async function scoreAll(
  context: StepContext,
  engine: Engine,
  model: NativeModel,
  sequences: PackedSequences,
  each: (scored: ScoreResult, window: PackedSequences, first: number) => void | Promise<void>,
): Promise<ScoringTotals> {
  const scorer = new Scorer(context, engine, countSequences(sequences));
  for (const { window, first } of windowsOf(sequences)) {
    await each(await scorer.score(model, window), window, first);
  }
  return scorer.totals();
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
  const scorer = new Scorer(context, engine, countSequences(sequences));
  for (const { window, first } of windowsOf(sequences)) {
    values.set(await scorer.hidden(model, window), first * dimension);
  }
  return { values, totals: scorer.totals() };
}

function* windowsOf(sequences: PackedSequences): Generator<{ window: PackedSequences; first: number }> {
  const total = countSequences(sequences);
  for (let first = 0; first < total; first += WINDOW)
    yield { window: slice(sequences, first, Math.min(total, first + WINDOW)), first };
}

/** Scores window after window, obeys an interrupt, and tells how far and how fast it is. */
export class Scorer {
  private readonly startedAt = performance.now();
  private examples = 0;
  private tokens = 0;
  /** Becomes smaller where memory runs out. */
  private readonly budget: { microBatchTokens: number };

  /** @param total sequences of all windows together */
  constructor(
    private readonly context: StepContext,
    private readonly engine: Engine,
    private readonly total: number,
  ) {
    this.budget = { microBatchTokens: tokensAtOnce(context, engine) };
  }

  async score(model: NativeModel, window: PackedSequences): Promise<ScoreResult> {
    const scored = await this.run(window, (options) => model.score(window, options));
    takeOverBudget(this.context, this.budget, scored);
    return scored;
  }

  hidden(model: NativeModel, window: PackedSequences): Promise<Float32Array> {
    return this.run(window, (options) => model.hidden(window, options));
  }

  totals(): ScoringTotals {
    return { seconds: this.seconds(), tokens: this.tokens, examples: this.examples };
  }

  private async run<T>(window: PackedSequences, work: (options: ScoreOptions) => Promise<T>): Promise<T> {
    throwIfAborted(this.context.signal);
    const { sharePrefixes } = this.context;
    const { microBatchTokens } = this.budget;
    const count = countSequences(window);
    // Of a part of a window only its sequences are counted: of its tokens it is taken to have as large a share.
    const tell = (done: number): void => this.tell(done, (window.tokens.length * done) / count);
    const result = await withSignal(this.engine.binding, this.context.signal, (cancel) =>
      work({
        microBatchTokens,
        sharePrefixes,
        onProgress: (done) => {
          if (done < count) tell(done);
        },
        ...(cancel ? { cancel } : {}),
      }),
    );
    this.examples += count;
    this.tokens += window.tokens.length;
    this.tell(0, 0);
    return result;
  }

  private tell(examples: number, tokens: number): void {
    const done = this.examples + examples;
    const seconds = this.seconds();
    this.context.onProgress({
      unit: 'examples',
      done,
      total: this.total,
      examplesPerSecond: done / seconds,
      tokensPerSecond: (this.tokens + tokens) / seconds,
    });
  }

  private seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }
}

export interface ScoringTotals {
  seconds: number;
  tokens: number;
  examples: number;
}
