/**
 * What is shown on stderr while a command runs: on a terminal one live line a phase, elsewhere plain
 * lines, at most one every few seconds.
 */
import { type Paint, paintFor } from './color.js';

/** How far a phase has come. */
export interface PhaseState {
  done: number;
  total: number;
  loss?: number | undefined;
  accuracy?: number | undefined;
  examplesPerSecond?: number | undefined;
  tokensPerSecond?: number | undefined;
}

interface Stream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  env: NodeJS.ProcessEnv;
  /** Milliseconds; replaced in tests. */
  now?: () => number;
}

const LIVE_EVERY = 100;
const PLAIN_EVERY = 10_000;
const CLEAR_LINE = '\r\u001B[2K';

export class Progress {
  private readonly paint: Paint;
  private readonly live: boolean;
  private readonly now: () => number;
  private title = '';
  private startedAt = 0;
  private writtenAt = 0;
  private lastLoss: number | undefined;
  private isLineOpen = false;

  constructor(
    private readonly stream: Stream,
    options: ProgressOptions,
  ) {
    this.paint = paintFor(stream, options.env);
    this.live = stream.isTTY === true && options.env.TERM !== 'dumb' && options.env.CI === undefined;
    this.now = options.now ?? Date.now;
  }

  /** Begins a phase; what was live of the one before is left as it stands. Plain lines wait for news. */
  start(title: string): void {
    this.close();
    this.title = title;
    this.startedAt = this.now();
    this.writtenAt = this.startedAt;
    this.lastLoss = undefined;
    if (this.live) this.redraw(`${this.paint.bold(title)} …`);
  }

  /** Shows how far the phase has come, if the last time was long enough ago. */
  update(state: PhaseState): void {
    const now = this.now();
    this.lastLoss = state.loss ?? this.lastLoss;
    if (now - this.writtenAt < (this.live ? LIVE_EVERY : PLAIN_EVERY)) return;
    this.writtenAt = now;
    if (this.live) this.redraw(this.liveLine(state, now - this.startedAt));
    else this.stream.write(`${this.title}: ${describeState(state, now - this.startedAt)}\n`);
  }

  /** Ends the phase with a line that stays. */
  done(words: readonly string[]): void {
    const loss = this.lastLoss === undefined ? [] : [`loss ${this.lastLoss.toPrecision(4)}`];
    const summary = [...words, ...loss].join(', ');
    const mark = this.live ? `${this.paint.green('✓')} ` : '';
    const text = `${mark}${this.paint.bold(this.title)}: ${summary}`;
    if (this.live) {
      this.redraw(text);
      this.close();
    } else this.stream.write(`${text}\n`);
  }

  /** A line above the phase. */
  note(text: string): void {
    const wasOpen = this.isLineOpen;
    if (wasOpen) this.stream.write(CLEAR_LINE);
    this.stream.write(`${text}\n`);
    if (wasOpen) this.redraw(`${this.paint.bold(this.title)} …`);
  }

  /** Leaves the cursor on a fresh line. */
  close(): void {
    if (this.isLineOpen) this.stream.write('\n');
    this.isLineOpen = false;
  }

  private redraw(text: string): void {
    this.stream.write(CLEAR_LINE + clip(text, (this.stream.columns || 80) - 1));
    this.isLineOpen = true;
  }

  private liveLine(state: PhaseState, elapsed: number): string {
    return `${this.paint.bold(this.title)} ${bar(state.done / Math.max(1, state.total))} ${describeState(state, elapsed)}`;
  }
}

const BAR_CELLS = 16;

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS);
  return '━'.repeat(filled) + '─'.repeat(BAR_CELLS - filled);
}

/** `45 %, 12 s left, loss 2.314, accuracy 0.512, 3120 examples/s, 12.1k tokens/s`. */
export function describeState(state: PhaseState, elapsedMs: number): string {
  const share = state.total > 0 ? Math.min(1, state.done / state.total) : 0;
  const parts = [`${Math.floor(share * 100)} %`];
  if (share > 0 && share < 1) parts.push(`${duration((elapsedMs / share) * (1 - share))} left`);
  if (state.loss !== undefined) parts.push(`loss ${state.loss.toPrecision(4)}`);
  if (state.accuracy !== undefined) parts.push(`accuracy ${state.accuracy.toFixed(3)}`);
  if (state.examplesPerSecond !== undefined) parts.push(`${compact(state.examplesPerSecond)} examples/s`);
  if (state.tokensPerSecond !== undefined) parts.push(`${compact(state.tokensPerSecond)} tokens/s`);
  return parts.join(', ');
}

/** 950 → `950`, 12,345 → `12.3k`, 2,500,000 → `2.5M`. */
export function compact(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return value >= 10 ? String(Math.round(value)) : value.toPrecision(2);
}

/** Milliseconds as `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Cuts a line to a width; colour codes take none. */
function clip(text: string, width: number): string {
  let seen = 0;
  let at = 0;
  while (at < text.length && seen < width) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
    const code = /^\u001B\[[0-9;]*m/.exec(text.slice(at));
    if (code !== null) at += code[0].length;
    else {
      at += 1;
      seen += 1;
    }
  }
  return at >= text.length ? text : `${text.slice(0, at)}\u001B[0m`;
}
