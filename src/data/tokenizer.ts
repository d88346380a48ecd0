import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { W2sError } from '../errors.js';
import type {
  EncodedTexts,
  EndToken,
  OpenedTokenizer,
  WorkerReply,
  WorkerRequest,
} from './tokenizeWorker.js';

/** A model folder's tokenizer, at work in a thread of its own. Ids equal AutoTokenizer's. */
export interface Tokenizer {
  /** Number of ids. */
  readonly vocabularySize: number;
  /** Id of the unknown token; null where the vocabulary covers all text. */
  readonly unknownId: number | null;
  /** Ids of tokens marked special. */
  readonly specialIds: ReadonlySet<number>;
  /** What ends a text; null where neither the tokenizer nor the model names such a token. */
  readonly end: EndToken | null;
  /** Ids of each text, end to end; `special`: with the tokens that the tokenizer puts around a text. */
  encode(texts: readonly string[], options: { special: boolean }): Promise<EncodedTexts>;
  /** Texts of id sequences; special tokens are left out unless `special` is set. */
  decode(
    sequences: readonly (readonly number[])[],
    options?: { special?: boolean },
  ): Promise<readonly string[]>;
  /** Ids of single tokens as the vocabulary spells them; null where there is none. */
  tokenIds(tokens: readonly string[]): Promise<readonly (number | null)[]>;
  /** Ends the thread. An idle tokenizer keeps no process alive. */
  dispose(): Promise<void>;
  /** As `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

type Pending = { resolve: (value: never) => void; reject: (error: Error) => void };
type RequestBody<R = WorkerRequest> = R extends WorkerRequest ? Omit<R, 'id'> : never;

/** Texts sent to the thread in one message: their copying holds this thread only for a moment. */
const MESSAGE_TEXTS = 1000;
const MESSAGE_CHARACTERS = 1_000_000;

/** Opens the tokenizer of a folder. Throws ERR_TOKENIZER where it has none that can be read. */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const file = join(folder, 'tokenizer.json');
  if (!(await stat(file).catch(() => undefined))?.isFile()) {
    throw new W2sError('ERR_TOKENIZER', `Expected tokenizer.json in ${folder} but there is none.`, {
      hint:
        'Write one with Transformers: python3 -c "from transformers import AutoTokenizer as T; ' +
        `T.from_pretrained('${folder}').save_pretrained('${folder}')"`,
    });
  }
  const thread = new TokenizerThread(folder);
  try {
    const opened = await thread.ask<OpenedTokenizer>({ kind: 'open' });
    return tokenizerOn(thread, opened);
  } catch (cause) {
    await thread.end();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new W2sError('ERR_TOKENIZER', `Expected a tokenizer in ${file} but received: ${reason}.`, {
      cause,
    });
  }
}

function tokenizerOn(thread: TokenizerThread, opened: OpenedTokenizer): Tokenizer {
  const dispose = (): Promise<void> => thread.end();
  return {
    vocabularySize: opened.vocabularySize,
    unknownId: opened.unknownId,
    specialIds: new Set(opened.specialIds),
    end: opened.end,
    encode: async (texts, { special }) => {
      const parts: EncodedTexts[] = [];
      for (const chunk of inMessages(texts)) {
        parts.push(await thread.ask<EncodedTexts>({ kind: 'encode', texts: chunk, special }));
      }
      return joined(parts, texts.length);
    },
    decode: (sequences, { special = false } = {}) => thread.ask({ kind: 'decode', sequences, special }),
    tokenIds: (tokens) => thread.ask({ kind: 'tokens', tokens }),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function* inMessages(texts: readonly string[]): Generator<readonly string[]> {
  let start = 0;
  let characters = 0;
  for (const [i, text] of texts.entries()) {
    characters += text.length;
    if (i + 1 - start < MESSAGE_TEXTS && characters < MESSAGE_CHARACTERS) continue;
    yield texts.slice(start, i + 1);
    start = i + 1;
    characters = 0;
  }
  if (start < texts.length) yield texts.slice(start);
}

function joined(parts: readonly EncodedTexts[], texts: number): EncodedTexts {
  const ids = new Int32Array(parts.reduce((sum, part) => sum + part.ids.length, 0));
  const offsets = new Int32Array(texts + 1);
  let text = 0;
  let token = 0;
  for (const part of parts) {
    ids.set(part.ids, token);
    for (let i = 1; i < part.offsets.length; i++) offsets[++text] = token + (part.offsets[i] ?? 0);
    token += part.ids.length;
  }
  return { ids, offsets };
}

/** Requests to the worker, each answered by its number. The thread holds the process only while one is open. */
class TokenizerThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;
  private ended: Error | undefined;

  constructor(folder: string) {
    this.worker = startWorker({ folder });
    this.worker.unref();
    this.worker.on('message', (reply: WorkerReply) => this.settle(reply));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new Error('the tokenizer has been disposed')));
  }

  ask<T>(request: RequestBody): Promise<T> {
    if (this.ended) {
      return Promise.reject(
        new W2sError(
          'ERR_DISPOSED',
          `Expected an open tokenizer but received one that has ended: ${this.ended.message}.`,
        ),
      );
    }
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      this.worker.ref();
      this.worker.postMessage({ ...request, id });
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private settle(reply: WorkerReply): void {
    const asked = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) this.worker.unref();
    if (reply.ok) asked?.resolve(reply.value as never);
    else
      asked?.reject(
        new W2sError('ERR_TOKENIZER', `Expected text that can be tokenised but received: ${reply.message}.`),
      );
  }

  private fail(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.pending.values()) {
      reject(
        new W2sError('ERR_DISPOSED', `Expected an answer from the tokenizer but it ended: ${error.message}.`),
      );
    }
    this.pending.clear();
  }
}

/** The compiled worker; from TypeScript sources (tests) the same file through jiti. */
function startWorker(workerData: unknown): Worker {
  if (import.meta.url.endsWith('.js')) {
    // Node's own flags stay outside: --input-type, as in `node --input-type=module -e …`, ends a worker at once.
    return new Worker(new URL('./tokenizeWorker.js', import.meta.url), { workerData, execArgv: [] });
  }
  const url = JSON.stringify(import.meta.url);
  return new Worker(
    `import('jiti').then(({ createJiti }) => createJiti(${url}).import('./tokenizeWorker.ts'))`,
    { eval: true, workerData },
  );
}
