/** Names at the ends of lines. */

import { OWN_COLOUR, over, rowsOf } from './kit.js';
import { type ColourName, colour } from './theme.js';

const LABEL_PITCH = 17;

export interface LineEnd {
  name: string;
  colour: ColourName;
  /** The line's last value; one beyond the axis is named at its edge. */
  end: number;
}

/** A layer with each name at its line's end, moved apart where they would overlap, `dx` pixels to the right. */
export function endLabels(
  ends: readonly LineEnd[],
  height: number,
  [low, high]: readonly [number, number],
  dx: number,
) {
  const place = (end: number) => height * (1 - (Math.min(high, Math.max(low, end)) - low) / (high - low));
  const rows = apart(
    ends.map((line) => ({ line, y: place(line.end) })),
    height,
  ).map(({ line, y }) => ({
    name: line.name,
    y: high - (y / height) * (high - low),
    colour: colour(line.colour),
  }));
  return {
    data: rowsOf(rows),
    mark: { type: 'text', align: 'left', baseline: 'middle', fontWeight: 600, dx },
    encoding: {
      x: { value: 'width' },
      y: over('y', [low, high]),
      text: { field: 'name' },
      color: OWN_COLOUR,
    },
  };
}

function apart<T extends { y: number }>(labels: readonly T[], height: number): T[] {
  const sorted = labels.map((label) => ({ ...label })).sort((a, b) => a.y - b.y);
  sorted.forEach((label, i) => {
    const before = sorted[i - 1];
    if (before !== undefined) label.y = Math.max(label.y, before.y + LABEL_PITCH);
  });
  let limit = height;
  for (const label of sorted.toReversed()) {
    label.y = Math.min(label.y, limit);
    limit = label.y - LABEL_PITCH;
  }
  return sorted;
}
