/**
 * What is shown on stderr while a command runs: on a terminal one live line, elsewhere plain lines, every
 * ten seconds at first and then every minute.
 */
import { type Paint, paintFor } from './color.js';
import { fitParts, GAP, type Part } from './fit.js';
import { Pace } from './pace.js';
import { describeState, liveLine, type PhaseState, share } from './progressLine.js';

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
const PLAIN_AT_MOST = 60_000;
/** Names of phases are as wide as the longest, so that what follows stands in columns. */
const NAME_CELLS = 9;
/** On a narrower screen they take no more than they need. */
const COLUMNS_FROM = 60;

export class Progress {
  /** Whether there is a terminal, whose last line is rewritten. */
  readonly live: boolean;
  readonly now: () => number;
  private readonly paint: Paint;
  private name = '';
  private activity = '';
  private startedAt = 0;
  private writtenAt = 0;
  private pace = new Pace();
  private shown: { text: string; cells: number } | null = null;

  constructor(
    private readonly stream: Stream,
    options: ProgressOptions,
  ) {
    this.paint = paintFor(stream, options.env);
    this.live = stream.isTTY === true && options.env.TERM !== 'dumb' && options.env.CI === undefined;
    this.now = options.now ?? Date.now;
  }

  /**
   * Begins a phase, or another activity of it, on the live line. Plain lines wait for news.
   *
   * @param activity such as `testing`, where it is not what the phase is named for
   */
  start(name: string, activity = ''): void {
    this.name = name;
    this.activity = activity;
    this.startedAt = this.now();
    this.writtenAt = this.startedAt;
    this.pace = new Pace();
    if (this.live) this.redraw([this.label(), { text: '…', rank: 1 }]);
  }

  /**
   * Shows how far the phase has come, if the last time was long enough ago.
   *
   * @param after milliseconds that the run will take after this phase, given what the phase itself still
   * takes; null where that cannot be known
   */
  update(state: PhaseState, after: (left: number) => number | null = () => null): void {
    const now = this.now();
    this.pace.note(now, state.done);
    if (now - this.writtenAt < (this.live ? LIVE_EVERY : plainEvery(now - this.startedAt))) return;
    this.writtenAt = now;
    const left = this.pace.left(state.total);
    const rest = left === null ? null : after(left);
    const parts = describeState(state, left, rest === null || left === null ? null : rest + left);
    if (this.live) this.redraw([this.label(), ...parts], share(state));
    else this.write(plainLine([this.name, this.activity], parts));
  }

  /** A line that stays: what came of a phase. */
  done(name: string, words: readonly Part[]): void {
    if (!this.live) {
      this.write(plainLine([name], words));
      return;
    }
    this.clear();
    const label = this.columned(name);
    // A comma and a blank are as wide as the gap that is reckoned with.
    const text = fitParts(words, this.width() - label.length - 2 * GAP).join(', ');
    this.write(`${this.paint.green('✓')} ${this.paint.bold(label)}  ${text}\n`);
  }

  /** A line of its own, above the live one. */
  note(text: string): void {
    this.write(`${this.erasing()}${text}\n${this.shown?.text ?? ''}`);
  }

  /** Leaves what is live as it stands, and the cursor on a fresh line. */
  close(): void {
    if (this.shown !== null) this.write('\n');
    this.shown = null;
  }

  /** Takes the live line away. */
  clear(): void {
    const erasing = this.erasing();
    if (erasing !== '') this.write(erasing);
    this.shown = null;
  }

  /** What takes the live line away. A terminal that became narrower broke it into several. */
  private erasing(): string {
    if (this.shown === null) return '';
    const rows = Math.ceil(this.shown.cells / this.columns());
    return `\r\u001B[2K${'\u001B[1A\u001B[2K'.repeat(Math.max(0, rows - 1))}`;
  }

  private columned(name: string): string {
    return this.columns() < COLUMNS_FROM ? name : name.padEnd(NAME_CELLS);
  }

  private label(): Part {
    const name = this.columned(this.name);
    return { text: this.activity === '' ? name : `${name}  ${this.activity}`, short: this.name, rank: 0 };
  }

  private redraw(parts: readonly Part[], done?: number): void {
    const line = liveLine(parts, this.width(), this.paint, done);
    // In one piece, so that nothing flickers.
    this.write(`${this.erasing()}${line.text}`);
    this.shown = line;
  }

  private columns(): number {
    return this.stream.columns || 80;
  }

  /** The last cell stays free: some terminals wrap as soon as it is written. */
  private width(): number {
    return this.columns() - 1;
  }

  private write(text: string): void {
    this.stream.write(text);
  }
}

function plainLine(title: readonly string[], words: readonly Part[]): string {
  const shown = (texts: readonly string[]) => texts.map((text) => text.trim()).join(', ');
  return `${shown(title.filter((text) => text !== ''))}: ${shown(words.map(({ text }) => text))}\n`;
}

/** Long runs speak less often. */
function plainEvery(elapsed: number): number {
  return Math.min(PLAIN_AT_MOST, Math.max(PLAIN_EVERY, elapsed / 12));
}
