/** Of a few repetitions: the middle, and how far they lie apart. */

/** Median and quartiles. */
export interface Spread {
  median: number;
  /** A quarter of the repetitions lies below. */
  low: number;
  /** A quarter lies above. */
  high: number;
}

/** Of at least one value. Between two values quartiles are interpolated. */
export function spreadOf(values: readonly number[]): Spread {
  const ordered = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (ordered.length - 1);
    const below = ordered[Math.floor(place)] ?? Number.NaN;
    const above = ordered[Math.ceil(place)] ?? Number.NaN;
    return below + (place - Math.floor(place)) * (above - below);
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}
