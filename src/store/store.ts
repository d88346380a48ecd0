import { mkdir, rename, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type AcquireOptions, FolderLock, LOCK_TIMING, type LockTiming } from '../config/folderLock.js';
import { W2sError } from '../errors.js';
import { type Checkpoint, readCheckpoint, saveCheckpoint } from './checkpoint.js';
import { guarded, readObject, readText, syncTree, type Warn, writeAtomically } from './files.js';
import { keepLines, MetricsLog, readMetrics, type StepMetrics } from './metricsLog.js';
import { type Prediction, readPredictions, streamPredictions, writePredictions } from './predictions.js';
import { type RunRecord, readRuns, writeRun } from './runs.js';

/** First 16 hex digits of the sha256 of a step's canonical spec. */
type StepHash = string;

/** result.json: counts and statistics, no times, no paths. */
export interface StepResult {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** How long a step took. Beside result.json, which holds no times. */
export interface StepTiming {
  /** All attempts together. */
  seconds: number;
  tokens: number;
  examples: number;
  /** Of training: most tokens in a micro-batch at its end. */
  microBatchTokens?: number;
}

export interface StepVersions {
  package: string;
  libtorch: string | null;
}

export interface StoreOptions {
  /** Told of broken files that are treated as absent; by default `process.emitWarning`. */
  warn?: Warn;
  /** For tests. */
  timing?: LockTiming;
}

/** The right to write a step's folder. */
export interface StepLock {
  readonly hash: StepHash;
  /** @throws ERR_STORE when another process has taken over */
  assertHeld(): Promise<void>;
  /** Always release, in a `finally` or by `await using`. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The content-addressed store of steps (DESIGN 3.2). A folder for each step, named by the hash of its
 * spec; result.json, written last, means that it is done.
 *
 * Everything that writes rejects with ERR_DISK when the disk is full and with ERR_STORE when the file
 * system refuses otherwise.
 */
export class Store {
  /** Absolute path. */
  readonly root: string;
  private readonly warn: Warn;
  private readonly timing: LockTiming;
  private readonly locks = new Map<StepHash, FolderLock>();

  constructor(out: string, options: StoreOptions = {}) {
    this.root = resolve(out);
    this.warn = options.warn ?? ((message) => process.emitWarning(message, { code: 'W2S_STORE' }));
    this.timing = options.timing ?? LOCK_TIMING;
  }

  /** The store as documents name it: relative to the working directory. */
  get shownPath(): string {
    return relative(process.cwd(), this.root) || '.';
  }

  stepFolder(hash: StepHash): string {
    return join(this.root, 'steps', hash);
  }

  /** Where a finished step's Hugging Face folder lies, when it was kept. */
  modelFolder(hash: StepHash): string {
    return join(this.stepFolder(hash), 'model');
  }

  /**
   * Waits for a living owner and takes over from a dead one. What the owner before did may have changed
   * everything: read the result again after this.
   *
   * @throws ERR_ABORTED when the signal fires while waiting
   */
  async acquire(hash: StepHash, options: AcquireOptions = {}): Promise<StepLock> {
    const folder = this.stepFolder(hash);
    const lock = await guarded(`locking ${folder}`, () => FolderLock.acquire(folder, options, this.timing));
    this.locks.set(hash, lock);
    const assertHeld = () => guarded(`reading the lock of ${folder}`, () => lock.assertHeld());
    const release = async (): Promise<void> => {
      if (this.locks.get(hash) === lock) this.locks.delete(hash);
      const forGood = (await this.readResult(hash)) !== null;
      await guarded(`unlocking ${folder}`, () => lock.release({ forGood }));
    };
    return { hash, assertHeld, release, [Symbol.asyncDispose]: release };
  }

  /** What the step's hash is taken of, and the versions that it was first run with. Written once. */
  async writeStep(hash: StepHash, canonicalSpec: string, versions: StepVersions): Promise<void> {
    const path = this.file(hash, 'step.json');
    const start = `{"spec":${canonicalSpec},"versions":`;
    if ((await readObject(path, this.warn)) === null) {
      return writeAtomically(path, `${start}${JSON.stringify(versions)}}\n`);
    }
    if ((await readText(path))?.startsWith(start)) return;
    throw new W2sError(
      'ERR_STORE',
      `Expected the same step in ${path} but received another one of that name`,
      {
        hint: 'Use another store: --out OTHER_FOLDER',
      },
    );
  }

  async readStep(hash: StepHash): Promise<{ spec: unknown; versions: StepVersions } | null> {
    const found = await readObject(this.file(hash, 'step.json'), this.warn);
    return found === null ? null : { spec: found.spec, versions: found.versions as StepVersions };
  }

  /** Null unless the step is done. A broken result counts as absent, with a warning. */
  async readResult(hash: StepHash): Promise<StepResult | null> {
    const path = this.file(hash, 'result.json');
    const found = await readObject(path, this.warn);
    if (found === null) return null;
    if (typeof found.kind === 'string') return found as unknown as StepResult;
    this.warn(`${path} is broken and is treated as absent`);
    return null;
  }

  /**
   * Finishes a step: the result, atomically and last, and then the checkpoint goes.
   *
   * @throws ERR_STORE when another process has taken the step over
   */
  async writeResult(hash: StepHash, result: { readonly kind: string }): Promise<void> {
    await this.locks.get(hash)?.assertHeld();
    await writeAtomically(this.file(hash, 'result.json'), `${JSON.stringify(result)}\n`);
    await this.removeCheckpoint(hash);
  }

  async writeTiming(hash: StepHash, timing: StepTiming): Promise<void> {
    await writeAtomically(this.file(hash, 'timing.json'), `${JSON.stringify(timing)}\n`);
  }

  async readTiming(hash: StepHash): Promise<StepTiming | null> {
    return (await readObject(this.file(hash, 'timing.json'), this.warn)) as StepTiming | null;
  }

  /** Opens metrics.jsonl for appending, with the first `keep` lines (optimizer steps done) left in it. */
  async openMetrics(hash: StepHash, keep: number): Promise<MetricsLog> {
    const path = this.file(hash, 'metrics.jsonl');
    await guarded(`writing ${path}`, () => mkdir(this.stepFolder(hash), { recursive: true }));
    const kept = await keepLines(path, keep);
    if (kept < keep) this.warn(`${path} holds ${kept} of ${keep} steps: the others' metrics are lost`);
    return new MetricsLog(path);
  }

  async readMetrics(hash: StepHash): Promise<StepMetrics[]> {
    return readMetrics(this.file(hash, 'metrics.jsonl'));
  }

  async writePredictions(
    hash: StepHash,
    predictions: Iterable<Prediction> | AsyncIterable<Prediction>,
  ): Promise<void> {
    await writePredictions(this.file(hash, 'predictions.jsonl'), predictions);
  }

  async readPredictions(hash: StepHash): Promise<Prediction[] | null> {
    return readPredictions(this.file(hash, 'predictions.jsonl'));
  }

  /** The same one after another, of which none is kept; nothing where there are none. */
  streamPredictions(hash: StepHash): AsyncGenerator<Prediction> {
    return streamPredictions(this.file(hash, 'predictions.jsonl'));
  }

  /** `write` fills the folder that it is given and returns what is to be kept beside it. */
  async saveCheckpoint(
    hash: StepHash,
    step: number,
    write: (folder: string) => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<Checkpoint> {
    return saveCheckpoint(this.file(hash, 'checkpoint'), step, write, this.warn);
  }

  async readCheckpoint(hash: StepHash): Promise<Checkpoint | null> {
    return readCheckpoint(this.file(hash, 'checkpoint'), this.warn);
  }

  async removeCheckpoint(hash: StepHash): Promise<void> {
    const path = this.file(hash, 'checkpoint');
    await guarded(`removing ${path}`, () => rm(path, { recursive: true, force: true }));
  }

  /** Writes the step's model folder: all of it or nothing. */
  async saveModel(hash: StepHash, write: (folder: string) => Promise<void>): Promise<string> {
    const folder = this.modelFolder(hash);
    const temporary = `${folder}.tmp`;
    await guarded(`writing ${folder}`, async () => {
      await rm(temporary, { recursive: true, force: true });
      await mkdir(temporary, { recursive: true });
    });
    await write(temporary);
    await guarded(`writing ${folder}`, async () => {
      await syncTree(temporary);
      await rm(folder, { recursive: true, force: true });
      await rename(temporary, folder);
    });
    return folder;
  }

  async hasModel(hash: StepHash): Promise<boolean> {
    return (await readText(join(this.modelFolder(hash), 'config.json'))) !== null;
  }

  async removeModel(hash: StepHash): Promise<void> {
    const folder = this.modelFolder(hash);
    await guarded(`removing ${folder}`, () => rm(folder, { recursive: true, force: true }));
  }

  /** @returns the file that was written */
  async writeRun(name: string, record: RunRecord): Promise<string> {
    return writeRun(join(this.root, 'runs'), name, record);
  }

  /** All runs, oldest first. */
  async readRuns(): Promise<{ path: string; record: RunRecord }[]> {
    return readRuns(join(this.root, 'runs'), this.warn);
  }

  private file(hash: StepHash, name: string): string {
    return join(this.stepFolder(hash), name);
  }
}

/** Nothing is written before something is to be kept. */
export function openStore(out: string, options: StoreOptions = {}): Store {
  return new Store(out, options);
}
