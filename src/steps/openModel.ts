/** A model and its tokenizer, opened as a spec says. */

import { type EncodeOptions, encodeExamples, openTokenizer, stream, type Tokenizer } from '../data/index.js';
import { W2sError } from '../errors.js';
import type { HeadSpec, ReadingSpec, WeightsSpec } from '../experiments/plan.js';
import type { NativeModel, NativeModelOptions, PackedSequences } from '../native/binding.js';
import { countSequences } from './batches.js';
import type { Engine, StepContext } from './context.js';
import { tokensAtOnce } from './microBatch.js';
import { templated } from './prompt.js';
import type { Rows } from './rows.js';

export interface OpenedModel {
  model: NativeModel;
  tokenizer: Tokenizer;
  engine: Engine;
  folder: string;
  /** Most tokens of a sequence. */
  contextLength: number;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface OpenOptions {
  /** Instead of the engine's own, from a checkpoint: a resumed step must end bit-identical. */
  threads?: number;
  deterministic: boolean;
}

/** Loads weights and tokenizer. Dispose it at the end: `await using`. */
export async function openModel(
  context: StepContext,
  spec: WeightsSpec,
  reading: ReadingSpec,
  options: OpenOptions,
): Promise<OpenedModel> {
  const folder = folderOf(context, spec);
  const engine = await context.engine();
  const tokenizer = await openTokenizer(folder);
  try {
    const { head } = reading;
    const model = await engine.binding.loadModel({
      folder,
      device: engine.device,
      dtype: reading.dtype,
      ...(await headOptions(tokenizer, head)),
      threads: options.threads ?? engine.threads,
      deterministic: options.deterministic,
    });
    const contextLength = Math.min(reading.maxContext ?? Number.POSITIVE_INFINITY, model.info.contextLength);
    const dispose = async () => {
      model.dispose();
      await tokenizer.dispose();
    };
    return { model, tokenizer, engine, folder, contextLength, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await tokenizer.dispose();
    throw error;
  }
}

type HeadOptions = Pick<NativeModelOptions, 'head' | 'labels' | 'headTokens' | 'vocabulary'>;

async function headOptions(tokenizer: Tokenizer, head: HeadSpec): Promise<HeadOptions> {
  if (head.kind === 'tokens') {
    const headTokens = await answerTokenIds(tokenizer, head.answers, '--head tokens');
    return { head: 'tokens', headTokens, vocabulary: head.vocabulary };
  }
  if (head.kind !== 'classifier') return { head: head.kind };
  if (head.init === 'zero') return { head: 'classifier', labels: head.labels };
  const headTokens = await answerTokenIds(tokenizer, head.answers, '--head unembedding');
  return { head: 'classifier', labels: head.labels, headTokens };
}

function folderOf(context: StepContext, spec: WeightsSpec): string {
  if (spec.from === 'step') return context.store.modelFolder(spec.step);
  const folder = context.modelFolders[spec.contentHash];
  if (folder !== undefined) return folder;
  throw new W2sError(
    'ERR_NOT_FOUND',
    `Expected a folder for model ${spec.contentHash.slice(0, 16)} but received none`,
  );
}

/** Examples as token sequences, cut to the model's context. */
export async function encodeFor(
  opened: OpenedModel,
  reading: ReadingSpec,
  rows: Pick<Rows, 'rows' | 'file'>,
  options: Pick<EncodeOptions, 'ends' | 'answerRoom' | 'tally'> = {},
): Promise<{ sequences: PackedSequences; truncated: number; unknownShare: number }> {
  const { contextLength, tokenizer } = opened;
  const { task } = reading;
  return encodeExamples(tokenizer, templated(rows.rows, reading), {
    contextLength,
    task,
    file: rows.file,
    ...options,
  });
}

/** Most examples that a likelihood head is calibrated on. */
const CALIBRATION_EXAMPLES = 256;

/** Which of so many examples a likelihood head is calibrated on, in the order in which they are taken. */
export function calibrationSample(seed: number, examples: number): Uint32Array {
  return stream(seed, 'calibration').permutation(examples).subarray(0, CALIBRATION_EXAMPLES);
}

/**
 * Sets a likelihood head that the folder does not bring: scale 1, and the bias at which half of the sample is positive.
 * Labels are not looked at.
 */
export async function calibrate(
  opened: OpenedModel,
  sample: PackedSequences,
  how: Pick<StepContext, 'microBatchTokens' | 'sharePrefixes'>,
): Promise<void> {
  if (opened.model.info.headFrom === 'folder') return;
  const scored = await opened.model.score(sample, {
    readout: 'lm',
    microBatchTokens: tokensAtOnce(how, opened.engine),
    sharePrefixes: how.sharePrefixes,
  });
  const sums = Array.from({ length: countSequences(sample) }, (_, b) => {
    const part = scored.logProbabilities.subarray(scored.targetOffsets[b], scored.targetOffsets[b + 1]);
    return part.reduce((sum, value) => sum + value, 0);
  });
  await opened.model.setLikelihood({ scale: 1, bias: -median(sums) });
}

function median(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  const middle = ordered.length >> 1;
  const upper = ordered[middle] ?? 0;
  return ordered.length % 2 === 1 ? upper : (upper + (ordered[middle - 1] ?? 0)) / 2;
}

/**
 * The one token of each answer word, with a blank before it where the vocabulary has such a token.
 * Throws ERR_TOKENIZER naming an answer of several tokens, or of one that another answer has.
 */
async function answerTokenIds(
  tokenizer: Tokenizer,
  answers: readonly string[],
  flag: '--head tokens' | '--head unembedding',
): Promise<Int32Array> {
  const ids: number[] = [];
  for (const answer of answers) {
    const id = (await singleToken(tokenizer, ` ${answer}`)) ?? (await singleToken(tokenizer, answer));
    const other = id === null ? -1 : ids.indexOf(id);
    if (id === null || other >= 0) {
      const received = id === null ? 'none' : `that of the answer "${answers[other]}"`;
      throw new W2sError(
        'ERR_TOKENIZER',
        `Expected one token of its own for the answer "${answer}" of ${flag} but received ${received}`,
        {
          hint: `Name words that are one token each (${flag} --answers A,B), or start from zeros: --head linear`,
        },
      );
    }
    ids.push(id);
  }
  return Int32Array.from(ids);
}

async function singleToken(tokenizer: Tokenizer, text: string): Promise<number | null> {
  const { ids } = await tokenizer.encode([text], { special: false });
  const [id] = ids;
  return ids.length === 1 && id !== undefined && id !== tokenizer.unknownId ? id : null;
}
