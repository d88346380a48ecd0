/** The line of a phase that is under way: what it says, and how that fits. */
import type { Paint } from './color.js';
import { cells, fitParts, GAP, type Part } from './fit.js';
import { compact, lossText, percent, timeLeft } from './measures.js';

/** How far a phase has come. */
export interface PhaseState {
  done: number;
  total: number;
  loss?: number | undefined;
  /** Of the batches so far, before each update. */
  accuracy?: number | undefined;
  examplesPerSecond?: number | undefined;
  tokensPerSecond?: number | undefined;
}

const BAR_CELLS = { least: 8, most: 24 };
/** Words are written in full from this width on. It is the width that decides, lest they change as they grow. */
const FULL_WORDS_FROM = 115;
/** What else the run has to do is worth a word from here on. */
const WORTH_TELLING = 3_000;

export const share = ({ done, total }: PhaseState): number => (total > 0 ? Math.min(1, done / total) : 0);

/**
 * A line of at most `width` cells: the first part, which is its name, a bar where there is room for one, and
 * of the rest what fits.
 *
 * @param done the share that the bar shows; none without
 */
export function liveLine(
  parts: readonly Part[],
  width: number,
  paint: Pick<Paint, 'bold'>,
  done?: number,
): { text: string; cells: number } {
  const [title, ...words] = parts;
  const sized = words.map(({ text, short = text, rank }) => ({
    text: width < FULL_WORDS_FROM ? short : text,
    rank,
  }));
  const [name = '', ...rest] = fitParts(title === undefined ? [] : [title, ...sized], width);
  const used = cells([name, ...rest]);
  const bar = Math.min(width - used - GAP, BAR_CELLS.most);
  const hasBar = done !== undefined && bar >= BAR_CELLS.least;
  const shown = [paint.bold(name), ...(hasBar ? [barText(done, bar)] : []), ...rest];
  return { text: shown.join(' '.repeat(GAP)), cells: used + (hasBar ? bar + GAP : 0) };
}

function barText(done: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, done)) * width);
  return '━'.repeat(filled) + '─'.repeat(width - filled);
}

/** ` 45 %`, `12 s left`, `loss 2.314`, `accuracy 51.2 %`, `312 examples/s`, `12.1k tokens/s`, `run 3 min 20 s left`. */
export function describeState(state: PhaseState, left: number | null, runLeft: number | null): Part[] {
  const parts: Part[] = [{ text: `${Math.floor(share(state) * 100)} %`.padStart(4), rank: 1 }];
  const add = (rank: number, text: string, short = text): number => parts.push({ text, short, rank });
  if (left !== null && state.done < state.total) add(2, `${timeLeft(left)} left`);
  if (state.loss !== undefined) add(3, `loss ${lossText(state.loss)}`);
  if (state.accuracy !== undefined) {
    const accuracy = percent(state.accuracy);
    add(4, `accuracy ${accuracy}`, `acc ${accuracy}`);
  }
  for (const [rank, rate, unit, short] of [
    [6, state.examplesPerSecond, 'examples/s', 'ex/s'],
    [7, state.tokensPerSecond, 'tokens/s', 'tok/s'],
  ] as const) {
    if (rate !== undefined) add(rank, `${compact(rate)} ${unit}`, `${compact(rate)} ${short}`);
  }
  if (runLeft !== null && left !== null && runLeft - left >= WORTH_TELLING) {
    add(5, `run ${timeLeft(runLeft)} left`);
  }
  return parts;
}
