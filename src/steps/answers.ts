/**
 * Answers that a model writes: how long they may be, and the writing. One token is read off without generating;
 * longer answers are learned with a token that ends a text behind them, at which the writing stops.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { W2sError } from '../errors.js';
import type { ReadingSpec } from '../experiments/plan.js';
import type { PackedSequences } from '../native/binding.js';
import { withSignal } from '../native/index.js';
import { countSequences } from './batches.js';
import { type StepContext, throwIfAborted } from './context.js';
import { tokensAtOnce } from './microBatch.js';
import type { OpenedModel } from './openModel.js';
import type { RowSource } from './rows.js';
import type { ScoringTotals } from './score.js';

/** Most tokens of an answer of which nothing else is known. */
const USUAL_LENGTH = 64;

/** Where a trained model's config.json keeps how long the answers were that it learned; Transformers leaves it alone. */
const LENGTH_FIELD = 'w2s_longest_completion';

/** Notes in a model's config.json how long its answers are, the token that ends them included; null: it learned none. */
export async function noteAnswerLength(folder: string, longest: number | null): Promise<void> {
  const file = join(folder, 'config.json');
  const { [LENGTH_FIELD]: before, ...config } = JSON.parse(await readFile(file, 'utf8'));
  if (before === undefined && longest === null) return;
  const noted = longest === null ? config : { ...config, [LENGTH_FIELD]: longest };
  await writeFile(file, `${JSON.stringify(noted, null, 2)}\n`);
}

async function notedLength(folder: string): Promise<number | undefined> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  const noted = config[LENGTH_FIELD];
  return typeof noted === 'number' && Number.isSafeInteger(noted) && noted > 0 ? noted : undefined;
}

export interface AnswerLength {
  /** Most tokens of an answer, the one that ends it included; 1: a single token, behind which nothing comes. */
  longest: number;
  /** Whether the model learned where answers end. */
  learned: boolean;
}

/**
 * How long answers may be.
 * In this order: a model that learned answers of one token gives one; what the reading asks for; what the model
 * learned; the longest of the rows' own answers; else 64 for a model that knows a token to end with, and 1 for one
 * that could not stop.
 * @throws ERR_USAGE where the reading asks for more than the model's context has room for
 */
export async function answerLength(
  opened: OpenedModel,
  reading: ReadingSpec,
  rows: Pick<RowSource, 'windows'>,
): Promise<AnswerLength> {
  const most = opened.contextLength - 1;
  const asked = reading.maxNewTokens;
  if (asked !== undefined && asked > most) {
    throw new W2sError(
      'ERR_USAGE',
      `Expected at most ${most} for --max-new-tokens, so that a prompt fits before them in the context, but received ${asked}`,
      { hint: `Ask for fewer: --max-new-tokens ${Math.ceil(most / 2)}` },
    );
  }
  const noted = await notedLength(opened.folder);
  const learned = noted !== undefined;
  if (noted === 1) return { longest: 1, learned };
  const known = asked ?? noted ?? (await longestOf(opened, rows));
  if (known !== undefined) return { longest: Math.min(known, most), learned };
  const usual = Math.min(USUAL_LENGTH, Math.max(1, most >> 1));
  return { longest: opened.tokenizer.end?.own ? usual : 1, learned };
}

/** Rows whose answers are tokenised at once. */
const WINDOW = 8192;

/** Of the answers that rows carry, with a token that ends them; undefined where a row carries none. */
async function longestOf(
  { tokenizer }: OpenedModel,
  { windows }: Pick<RowSource, 'windows'>,
): Promise<number | undefined> {
  let longest = 0;
  for await (const rows of windows(WINDOW)) {
    if (rows.some((row) => row.completions === undefined)) return undefined;
    const answers = rows.map((row) => row.completions?.[0] ?? '');
    const { offsets } = await tokenizer.encode(answers, { special: false });
    longest = answers.reduce(
      (most, _, i) => Math.max(most, (offsets[i + 1] ?? 0) - (offsets[i] ?? 0)),
      longest,
    );
  }
  return longest > 1 ? longest + 1 : 1;
}

export interface WritingOptions {
  /** Most tokens of an answer, the one that ends it included. */
  longest: number;
  /** Answers to each prompt; 1 unless given. */
  samples?: number;
  /** 0: the likeliest token each time. */
  temperature: number;
  topP?: number;
  seed?: number;
}

export interface WrittenAnswers {
  /** Prompt by prompt and sample by sample, as decoded. */
  texts: readonly string[];
  tokens: readonly (readonly number[])[];
  /** log p of each answer's tokens under the model, without the token that ended it. */
  logProbabilities: readonly number[];
  totals: ScoringTotals;
}

/** Lets a model write behind each prompt. */
export async function writeAnswers(
  context: StepContext,
  { engine, model, tokenizer }: OpenedModel,
  prompts: PackedSequences,
  { longest, samples = 1, temperature, topP = 1, seed = 0 }: WritingOptions,
): Promise<WrittenAnswers> {
  throwIfAborted(context.signal);
  const startedAt = performance.now();
  const total = countSequences(prompts) * samples;
  const microBatchTokens = tokensAtOnce(context, engine);
  const found = await withSignal(engine.binding, context.signal, (cancel) =>
    model.generate(prompts, {
      maxNewTokens: longest,
      // No answer that was learned is empty.
      minNewTokens: 1,
      stopTokens: tokenizer.end ? Int32Array.of(tokenizer.end.id) : new Int32Array(),
      temperature,
      topP,
      samples,
      seed,
      microBatchTokens,
      onProgress: (done) => {
        const examplesPerSecond = (1000 * done) / (performance.now() - startedAt);
        context.onProgress({ unit: 'examples', done, total, examplesPerSecond });
      },
      ...(cancel ? { cancel } : {}),
    }),
  );
  const of = <T extends Int32Array | Float32Array>(values: T, i: number) =>
    Array.from(values.subarray(found.offsets[i], found.offsets[i + 1]));
  const tokens = Array.from({ length: total }, (_, i) => of(found.tokens, i));
  const logProbabilities = tokens.map((_, i) =>
    of(found.logProbabilities, i).reduce((sum, value) => sum + value, 0),
  );
  // Special tokens are part of an answer, if a poor one.
  const texts = await tokenizer.decode(tokens, { special: true });
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    texts,
    tokens,
    logProbabilities,
    totals: { seconds, tokens: prompts.tokens.length + found.tokens.length, examples: total },
  };
}
