/** Curves that can be read: a centred mean over neighbours, and no more points than a drawing can show. */

export interface Point {
  x: number;
  y: number;
}

/** Centred moving mean over about `share` of the points; at the ends over those of them that there are. */
export function smoothed(points: readonly Point[], share = 0.12): Point[] {
  const reach = Math.floor((points.length * share) / 2);
  const sums = [0];
  for (const { y } of points) sums.push((sums.at(-1) ?? 0) + y);
  return points.map(({ x }, i) => {
    const [from, to] = [Math.max(0, i - reach), Math.min(points.length, i + reach + 1)];
    return { x, y: ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from) };
  });
}

/** At most `most` of the points, evenly spread, the first and the last among them. */
export function thinned(points: readonly Point[], most = 150): Point[] {
  if (points.length <= most) return [...points];
  const kept = Array.from(
    { length: most },
    (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))],
  );
  return kept.filter((point) => point !== undefined);
}

/** Mean of curves over the same x; null where they differ in length. */
export function meanCurve(curves: readonly (readonly Point[])[]): Point[] | null {
  const [first] = curves;
  if (first === undefined || curves.some((curve) => curve.length !== first.length)) return null;
  return first.map(({ x }, i) => ({
    x,
    y: curves.reduce((sum, curve) => sum + (curve[i]?.y ?? 0), 0) / curves.length,
  }));
}
