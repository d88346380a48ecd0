/** Scales that hold every row of a comparison. */
import { FARTHEST } from '../charts/gap.js';

export interface Scale {
  domain: readonly [number, number];
  ticks: readonly { value: number; shown: string }[];
}

interface Scored {
  ci95: readonly [number, number];
}

/** From a round share at or below the lowest interval to one at or above the highest. */
export function accuracyScale(
  rows: readonly {
    weak: Scored;
    student: Scored;
    ceiling: Scored;
    zeroShot: (Scored & { accuracy: number }) | null;
  }[],
): Scale {
  const scores = rows.flatMap(({ weak, student, ceiling }) =>
    [weak, student, ceiling].map(({ ci95 }) => ci95),
  );
  const points = rows.flatMap(({ zeroShot }) => (zeroShot ? [zeroShot.accuracy] : []));
  const lowest = Math.min(1, ...scores.map(([low]) => low), ...points);
  const highest = Math.max(0, ...scores.map(([, high]) => high), ...points);
  const spread = Math.max(0.02, highest - lowest);
  const step = [0.01, 0.02, 0.05, 0.1].find((size) => spread / size <= 5) ?? 0.2;
  const from = Math.floor(lowest / step + 1e-9);
  const to = Math.max(from + 1, Math.ceil(highest / step - 1e-9));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
  return scale(ticks, (value) => `${Math.round(value * 100)} %`);
}

/** Holds 0 and 1, and every interval as far as −1 and 2. */
export function gapScale(rows: readonly { pgr: { ci95: readonly [number, number] } | null }[]): Scale {
  const ends = rows.flatMap(({ pgr }) => (pgr === null ? [] : [...pgr.ci95]));
  const low = Math.max(FARTHEST[0], Math.min(0, ...ends));
  const high = Math.min(FARTHEST[1], Math.max(1, ...ends));
  const from = Math.floor(low * 2) / 2;
  const to = Math.ceil(high * 2) / 2;
  const step = to - from > 1 ? 0.5 : 0.25;
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
  return scale(ticks, (value) => String(value).replace('-', '−'));
}

function scale(ticks: readonly number[], shown: (value: number) => string): Scale {
  return {
    domain: [ticks[0] ?? 0, ticks.at(-1) ?? 1],
    ticks: ticks.map((value) => ({ value, shown: shown(value) })),
  };
}
