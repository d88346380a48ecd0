import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { guarded, isMissing, readText, storeError } from './files.js';

/** One line of metrics.jsonl: one optimizer step (DESIGN 3.2). */
export interface StepMetrics {
  step: number;
  /** The whole batch's objective before the update, unrounded. */
  loss: number;
  /** Share of the batch answered as its targets say, before the update; null for whole texts. */
  accuracy: number | null;
  /** Before clipping. */
  gradNorm: number;
  lr: number;
  examples: number;
  tokens: number;
  tokensPerSecond: number;
  seconds: number;
}

const BUFFER_BYTES = 1 << 16;
const BUFFER_MS = 1_000;

/**
 * Appends metrics. Lines are gathered for up to a second; `flush` before a checkpoint, so that no step of
 * it lacks its line, and `close` at the end.
 */
export class MetricsLog {
  private readonly file: number;
  private waiting = '';
  private flushedAt = performance.now();

  constructor(private readonly path: string) {
    this.file = this.guard(() => openSync(path, 'a'));
  }

  append(metrics: StepMetrics): void {
    this.waiting += `${JSON.stringify(metrics)}\n`;
    if (this.waiting.length >= BUFFER_BYTES || performance.now() - this.flushedAt >= BUFFER_MS) this.write();
  }

  /** Everything so far, on the disk. */
  flush(): void {
    this.write();
    this.guard(() => fsyncSync(this.file));
  }

  close(): void {
    try {
      this.write();
    } finally {
      closeSync(this.file);
    }
  }

  private write(): void {
    const bytes = Buffer.from(this.waiting);
    for (let done = 0; done < bytes.length; ) done += this.guard(() => writeSync(this.file, bytes, done));
    this.waiting = '';
    this.flushedAt = performance.now();
  }

  private guard<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw storeError(error, `writing ${this.path}`);
    }
  }
}

/**
 * Cuts everything after the first `lines` whole lines: what a killed run wrote past its last checkpoint,
 * and a line that it did not finish.
 *
 * @returns how many lines are left, fewer than asked for when the file holds no more
 */
export async function keepLines(path: string, lines: number): Promise<number> {
  return guarded(`cutting ${path}`, async () => {
    const handle = await open(path, 'r+').catch((error) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (handle === null) return 0;
    try {
      const content = await handle.readFile();
      let [kept, end] = [0, 0];
      while (kept < lines) {
        const newline = content.indexOf(10, end);
        if (newline === -1) break;
        end = newline + 1;
        kept++;
      }
      if (end < content.length) {
        await handle.truncate(end);
        await handle.sync();
      }
      return kept;
    } finally {
      await handle.close();
    }
  });
}

/** All whole lines of a metrics file; a last line that is being written is left out. */
export async function readMetrics(path: string): Promise<StepMetrics[]> {
  const text = (await readText(path)) ?? '';
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as StepMetrics);
}
