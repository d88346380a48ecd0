/** Wholes and their parts: one bar a row, cut into shares that are named where they are. */

import { chart, OWN_COLOUR, over, paint, pixels, rowsOf } from './kit.js';
import type { ChartSpec } from './render.js';
import { type ColourName, colour } from './theme.js';

export interface PartsRow {
  label: string;
  parts: readonly { share: number; words: string; colour: ColourName }[];
}

const PITCH = 92;
const BAR = 30;

/** @param rows whose shares add up to 1 each */
export function partsChart(rows: readonly PartsRow[], { width }: { width: number }): ChartSpec {
  const height = rows.length * PITCH - 14;
  const domain = [0, 1] as const;
  const inner = width - 2;
  const segments = rows.flatMap(({ parts }, r) => {
    let from = 0;
    return parts
      .filter(({ share }) => share > 0)
      .map((part) => {
        const start = from;
        from += part.share;
        const pixelsWide = part.share * inner;
        const middle = r * PITCH + 26 + BAR / 2;
        return {
          from: start,
          to: from,
          y: r * PITCH + 26,
          bottom: r * PITCH + 26 + BAR,
          middle,
          wordsY: middle + 30,
          percent: pixelsWide > 48 ? `${Math.round(part.share * 100)} %` : '',
          words: pixelsWide > part.words.length * 7 ? part.words : '',
          colour: colour(part.colour),
        };
      });
  });
  const labels = rows.map(({ label }, r) => ({ label, y: r * PITCH + 12, x: 0 }));
  const text = (field: string, y: string, color: object, extra: object) => ({
    data: rowsOf(segments),
    mark: { type: 'text', align: 'left', baseline: 'middle', ...extra },
    encoding: { x: over('from', domain, null), y: pixels(y, height), text: { field }, color },
  });
  return chart(width, height, { left: 1, right: 1, top: 0, bottom: 0 }, [
    {
      data: rowsOf(segments),
      mark: { type: 'rect', stroke: 'var(--page)', strokeWidth: 2 },
      encoding: {
        x: over('from', domain, null),
        x2: { field: 'to' },
        y: pixels('y', height),
        y2: { field: 'bottom' },
        fill: OWN_COLOUR,
      },
    },
    text('percent', 'middle', paint('page'), { dx: 8, fontWeight: 600 }),
    text('words', 'wordsY', OWN_COLOUR, { dx: 2, fontSize: 12.5 }),
    {
      data: rowsOf(labels),
      mark: { type: 'text', align: 'left', baseline: 'middle' },
      encoding: {
        x: over('x', domain, null),
        y: pixels('y', height),
        text: { field: 'label' },
        color: paint('ink'),
      },
    },
  ]);
}
