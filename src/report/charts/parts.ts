/** Wholes and their parts: one bar a row, cut into shares that are named where they are. */

import { chart, OWN_COLOUR, paint, stage } from './kit.js';
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
  const on = stage([0, 1], height, null);
  const segments = rows.flatMap((row, r) => segmentsOf(row, r * PITCH + 26, width - 2));
  const labels = rows.map(({ label }, r) => ({ label, y: r * PITCH + 12, x: 0 }));
  const gap = { stroke: colour('page'), strokeWidth: 2 };
  return chart(width, height, { left: 1, right: 1, top: 0, bottom: 0 }, [
    on.boxes(segments, ['from', 'to'], ['top', 'bottom'], OWN_COLOUR, gap),
    on.text(segments, ['from', 'middle', 'percent'], paint('page'), {
      align: 'left',
      dx: 8,
      fontWeight: 600,
    }),
    on.text(segments, ['from', 'wordsY', 'words'], OWN_COLOUR, { align: 'left', dx: 2, fontSize: 12.5 }),
    on.text(labels, ['x', 'y', 'label'], paint('ink'), { align: 'left' }),
  ]);
}

/** The parts of a bar one after the other; words only where there is room for them. */
function segmentsOf({ parts }: PartsRow, top: number, width: number) {
  let end = 0;
  return parts
    .filter(({ share }) => share > 0)
    .map(({ share, words, colour: name }) => {
      const from = end;
      end += share;
      const room = share * width;
      return {
        from,
        to: end,
        top,
        bottom: top + BAR,
        middle: top + BAR / 2,
        wordsY: top + BAR / 2 + 30,
        percent: room > 48 ? `${Math.round(share * 100)} %` : '',
        words: room > words.length * 7 ? words : '',
        colour: colour(name),
      };
    });
}
