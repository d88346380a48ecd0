/**
 * The low level for callers: a model and a trainer as handles that are disposed of, with AbortSignal where
 * the addon has cancel tokens. Steps use the same calls underneath.
 */

import { openTokenizer, type Tokenizer } from '../data/index.js';
import { W2sError } from '../errors.js';
import { resolveModel } from '../models/index.js';
import type {
  AnswerVocabulary,
  BackwardResult,
  Dtype,
  GenerateResult,
  HeadKind,
  NativeBinding,
  NativeModel,
  NativeModelInfo,
  NativeObjective,
  NativeTrainer,
  NativeTrainerOptions,
  PackedSequences,
  ScoreResult,
  StepOptions,
} from '../native/index.js';
import { withSignal } from '../native/index.js';
import { loadEngine } from './context.js';

/** How a model is opened. */
export interface OpenModelOptions {
  /** What is read from a sequence; `lm` unless given. */
  head?: HeadKind;
  /** Classes of a `classifier`; 2 unless given. */
  labels?: number;
  /** Ids of the answer tokens of a `tokens` head, one a class; of a `classifier` the rows that it starts from. */
  headTokens?: readonly number[];
  /** Of a `tokens` head: among which tokens it chooses; `restricted` unless given. */
  vocabulary?: AnswerVocabulary;
  /** `auto` (default), `cpu`, `cuda` or `cuda:<index>`. */
  device?: string;
  /** `f32` unless given. */
  dtype?: Dtype;
  /** What this process was granted, unless given. */
  threads?: number;
  /** Only kernels that give the same bits every time (CUDA); false unless given. */
  deterministic?: boolean;
}

/** How sequences are scored. */
export interface ScoreCallOptions {
  /** `head` (default) reads the model's own head, `lm` the language model below it. */
  readout?: 'head' | 'lm';
  /** Most tokens in one micro-batch; 8,192 unless given. */
  microBatchTokens?: number;
  /** What several sequences of a micro-batch begin with is computed once; true unless given. */
  sharePrefixes?: boolean;
  /** Aborted: the call rejects with ERR_ABORTED between two micro-batches. */
  signal?: AbortSignal;
  /** Called with the number of sequences done. */
  onProgress?: (done: number) => void;
}

/** How prompts are continued. */
export interface GenerateCallOptions {
  /** Tokens drawn for one continuation at most, its stop token included; the model's context ends it too. */
  maxNewTokens: number;
  /** Any of these ends a continuation and is not part of it; none unless given. */
  stopTokens?: readonly number[];
  /** Stop tokens are not drawn before this many others; 0 unless given. */
  minNewTokens?: number;
  /** 0 (default): the likeliest token. Else what logits are divided by before a token is drawn. */
  temperature?: number;
  /** Draw from the likeliest tokens whose probabilities reach this sum; 1 unless given. */
  topP?: number;
  /** Continuations of each prompt; 1 unless given. */
  samples?: number;
  /** Of the draws: continuation s of prompt b depends on this, b and s alone. 0 unless given. */
  seed?: number;
  /** Most tokens in the cache of keys and values; 8,192 unless given. */
  microBatchTokens?: number;
  /** Aborted: the call rejects with ERR_ABORTED between two tokens. */
  signal?: AbortSignal;
  /** Called with the number of continuations done. */
  onProgress?: (done: number) => void;
}

const MICRO_BATCH_TOKENS = 8192;

/** A loaded model. Use `await using`, or call `dispose`. After that every call rejects with ERR_DISPOSED. */
export class Model {
  /** @internal Made by `openModel`. */
  constructor(
    /** The addon's own handle, for everything that this class leaves out. */
    readonly native: NativeModel,
    /** Of the model's folder. */
    readonly tokenizer: Tokenizer,
    /** The Hugging Face folder that the model came from. */
    readonly folder: string,
    private readonly binding: NativeBinding,
  ) {}

  /** Family, sizes and head. */
  get info(): NativeModelInfo {
    return this.native.info;
  }

  /** Logits, or log-probabilities and likeliest tokens, of each sequence. */
  score(sequences: PackedSequences, options: ScoreCallOptions = {}): Promise<ScoreResult> {
    return this.call(options, (native) => this.native.score(sequences, native));
  }

  /** Final hidden state of each sequence's last token [B · D]. */
  hidden(sequences: PackedSequences, options: ScoreCallOptions = {}): Promise<Float32Array> {
    return this.call(options, (native) => this.native.hidden(sequences, native));
  }

  /** Continues prompts by the language model, token by token. For heads `lm` and `likelihood`. */
  generate(prompts: PackedSequences, options: GenerateCallOptions): Promise<GenerateResult> {
    const { signal, stopTokens = [], temperature = 0, microBatchTokens = MICRO_BATCH_TOKENS } = options;
    const { maxNewTokens, minNewTokens, topP, samples, seed, onProgress } = options;
    return withSignal(this.binding, signal, (cancel) =>
      this.native.generate(prompts, {
        maxNewTokens,
        stopTokens: Int32Array.from(stopTokens),
        temperature,
        microBatchTokens,
        ...(minNewTokens === undefined ? {} : { minNewTokens }),
        ...(topP === undefined ? {} : { topP }),
        ...(samples === undefined ? {} : { samples }),
        ...(seed === undefined ? {} : { seed }),
        ...(onProgress ? { onProgress } : {}),
        ...(cancel ? { cancel } : {}),
      }),
    );
  }

  /** Texts as packed sequences; `special` (default) adds what the tokenizer puts around a text. */
  async encode(texts: readonly string[], { special = true } = {}): Promise<PackedSequences> {
    const { ids, offsets } = await this.tokenizer.encode(texts, { special });
    return { tokens: ids, offsets };
  }

  /** A trainer of this model's weights. Dispose it before the model. */
  createTrainer(options: Partial<NativeTrainerOptions> = {}): Trainer {
    return createTrainer(this, options);
  }

  /** @internal */
  makeTrainer(options: NativeTrainerOptions): Trainer {
    return new Trainer(this.binding.createTrainer(this.native, options), this.binding);
  }

  /** Writes a Hugging Face folder's config.json and model.safetensors. */
  save(folder: string, dtype: Dtype = 'f32'): Promise<void> {
    return this.native.save(folder, dtype);
  }

  /** Frees the weights and stops the tokenizer. */
  async dispose(): Promise<void> {
    this.native.dispose();
    await this.tokenizer.dispose();
  }

  /** As `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  private call<T>(
    {
      signal,
      readout,
      microBatchTokens = MICRO_BATCH_TOKENS,
      sharePrefixes = true,
      onProgress,
    }: ScoreCallOptions,
    work: (options: Parameters<NativeModel['score']>[1]) => Promise<T>,
  ): Promise<T> {
    return withSignal(this.binding, signal, (cancel) =>
      work({
        microBatchTokens,
        sharePrefixes,
        ...(readout ? { readout } : {}),
        ...(onProgress ? { onProgress } : {}),
        ...(cancel ? { cancel } : {}),
      }),
    );
  }
}

/** Optimizer batches of one model: forward and backward passes, then a step. */
export class Trainer {
  /** @internal Made by `createTrainer`. */
  constructor(
    /** The addon's own handle. */
    readonly native: NativeTrainer,
    private readonly binding: NativeBinding,
  ) {}

  /** Tokens that a micro-batch may have now: what was asked for, or less since memory ran out. */
  get microBatchTokens(): number {
    return this.native.microBatchTokens;
  }

  /** Logits [B · K] of one optimizer batch, remembered for `backward`. */
  forward(batch: PackedSequences, signal?: AbortSignal): Promise<Float32Array> {
    return withSignal(this.binding, signal, (cancel) => this.native.forward(batch, cancel));
  }

  /** Backward pass from the loss's gradient by the logits of the last `forward` [B · K]. */
  backward(dLogits: Float32Array, signal?: AbortSignal): Promise<void> {
    return withSignal(this.binding, signal, (cancel) => this.native.backward(dLogits, cancel));
  }

  /** Forward, a native loss and backward in one go. */
  forwardBackward(
    batch: PackedSequences,
    objective: NativeObjective,
    signal?: AbortSignal,
  ): Promise<BackwardResult> {
    return withSignal(this.binding, signal, (cancel) =>
      this.native.forwardBackward(batch, objective, cancel),
    );
  }

  /** Clips, updates, clears the gradients. */
  step(options: StepOptions): Promise<{ gradNorm: number }> {
    return this.native.step(options);
  }

  /** Frees optimizer state and gradients; the model stays open. */
  dispose(): void {
    this.native.dispose();
  }

  /** As `dispose`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }
}

/** Opens a built-in model, a Hugging Face folder or a hub id. */
export async function openModel(name: string, options: OpenModelOptions = {}): Promise<Model> {
  const { folder } = await resolveModel(name);
  const { head = 'lm', labels = 2, headTokens, vocabulary, threads } = options;
  const { dtype = 'f32', device = 'auto', deterministic = false } = options;
  const engine = await loadEngine({ device, threads: threads ?? null }, {});
  const tokenizer = await openTokenizer(folder);
  try {
    const native = await engine.binding.loadModel({
      folder,
      device: engine.device,
      dtype,
      head,
      threads: engine.threads,
      deterministic,
      ...(head === 'classifier' ? { labels } : {}),
      ...(headTokens ? { headTokens: Int32Array.from(headTokens) } : {}),
      ...(vocabulary ? { vocabulary } : {}),
    });
    return new Model(native, tokenizer, folder, engine.binding);
  } catch (error) {
    await tokenizer.dispose();
    throw error;
  }
}

/** A trainer of a model's weights: AdamW without weight decay, clipped to norm 1, unless said otherwise. */
export function createTrainer(model: Model, options: Partial<NativeTrainerOptions> = {}): Trainer {
  if (!(model instanceof Model)) {
    throw new W2sError('ERR_ARGUMENT', `Expected a Model for createTrainer but received ${typeof model}`, {
      hint: "const model = await openModel('chess-xs')",
    });
  }
  const defaults = {
    optimizer: 'adamw',
    weightDecay: 0,
    clip: 1,
    microBatchTokens: MICRO_BATCH_TOKENS,
    sharePrefixes: true,
  } as const;
  return model.makeTrainer({ ...defaults, ...options });
}
