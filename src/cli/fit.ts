/** One line of several parts that has to fit: the least important go first, and nothing is ever wrapped. */

export interface Part {
  text: string;
  /** In fewer characters, for when room is scarce. */
  short?: string;
  /** 0 stays to the last; the highest goes first. */
  rank: number;
}

/** Cells of the gap between two parts. */
export const GAP = 2;

/** The parts that `width` cells have room for, in their order. The last one left is cut where it must be. */
export function fitParts(parts: readonly Part[], width: number): string[] {
  const whole = parts.map(({ text }) => text);
  if (cells(whole) <= width) return whole;
  let kept = parts.map(({ text, short, rank }) => ({ text: short ?? text, rank }));
  while (kept.length > 1 && cells(kept.map(({ text }) => text)) > width) {
    const least = Math.max(...kept.map(({ rank }) => rank));
    kept = kept.toSpliced(
      kept.findLastIndex(({ rank }) => rank === least),
      1,
    );
  }
  return kept.map(({ text }) => text.slice(0, Math.max(0, width)));
}

/** Cells of the texts and the gaps between them. */
export function cells(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0) + GAP * Math.max(0, texts.length - 1);
}
