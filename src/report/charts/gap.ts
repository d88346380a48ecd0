/** PGR on its own scale: 0 is the weak supervisor, 1 the ceiling. */

import { chart, OWN_COLOUR, paint, stage } from './kit.js';
import type { ChartSpec } from './render.js';
import { colour } from './theme.js';

export interface GapScale {
  value: number;
  ci95: readonly [number, number];
  /** Words at 0 and at 1. */
  weak: string;
  ceiling: string;
  /** Words at the student's mark, and fewer of them for a phone. */
  student: string;
  studentShort: string;
  /** Where the strong model stood before any fine-tuning, on the same scale. */
  zeroShot: number | null;
  /** PGR of each seed, where there are several. */
  seeds: readonly number[];
}

/** Farther than this a scale of PGR does not reach: what lies beyond is drawn at its end. */
export const FARTHEST: readonly [number, number] = [-1, 2];
const HEIGHT = 136;
const LINE = 62;

export function gapChart(gap: GapScale, { width }: { width: number }): ChartSpec {
  const narrow = width < 500;
  const domain = domainOf(gap);
  const on = stage(domain, HEIGHT, null);
  const within = (value: number): number => Math.min(domain[1], Math.max(domain[0], value));
  const student = {
    value: within(gap.value),
    low: within(gap.ci95[0]),
    high: within(gap.ci95[1]),
    words: narrow ? gap.studentShort : gap.student,
    zero: 0,
    one: 1,
    y: LINE,
    top: LINE - 9,
    bottom: LINE + 9,
    wordsY: LINE - 36,
  };
  const seeds = gap.seeds.map((seed) => ({ value: within(seed), y: LINE }));
  const edge = { stroke: colour('page'), strokeWidth: 1.5 };
  const align = anchor(student.value, domain, narrow);
  return chart(width, HEIGHT, { left: 14, right: 14, top: 0, bottom: 0 }, [
    on.across([student], ['zero', 'one'], 'y', paint('line'), { strokeWidth: 6 }),
    on.across([student], ['zero', 'value'], 'y', paint('student'), { strokeWidth: 6, opacity: 0.45 }),
    on.boxes([student], ['low', 'high'], ['top', 'bottom'], paint('student'), {
      opacity: 0.22,
      cornerRadius: 3,
    }),
    ...endLayers(gap, on),
    ...(gap.zeroShot === null ? [] : zeroShotLayers(within(gap.zeroShot), domain, on)),
    on.points(seeds, ['value', 'y'], paint('student'), { size: 34, opacity: 0.55, ...edge }),
    on.points([student], ['value', 'y'], paint('student'), { size: 190, ...edge }),
    on.text([student], ['value', 'wordsY', 'words'], paint('student'), {
      align,
      fontWeight: 600,
      fontSize: 14,
    }),
  ]);
}

type Stage = ReturnType<typeof stage>;

/** The two posts and their names. */
function endLayers(gap: GapScale, on: Stage) {
  const ends = [
    { at: 0, name: 'weak', words: gap.weak, colour: colour('weak') },
    { at: 1, name: 'ceiling', words: gap.ceiling, colour: colour('ceiling') },
  ].map((end) => ({ ...end, top: LINE - 11, bottom: LINE + 11, nameY: LINE + 26, wordsY: LINE + 43 }));
  return [
    on.upright(ends, 'at', ['top', 'bottom'], OWN_COLOUR, { strokeWidth: 2.5 }),
    on.text(ends, ['at', 'nameY', 'name'], OWN_COLOUR, { fontWeight: 600 }),
    on.text(ends, ['at', 'wordsY', 'words'], paint('soft'), { fontSize: 12 }),
  ];
}

function zeroShotLayers(at: number, domain: readonly [number, number], on: Stage) {
  const rows = [{ at, y: LINE, wordsY: LINE + 64, words: '◆ before fine-tuning' }];
  return [
    on.points(rows, ['at', 'y'], paint('zero'), { shape: 'diamond', size: 90 }),
    on.text(rows, ['at', 'wordsY', 'words'], paint('zero'), {
      fontSize: 12,
      align: anchor(at, domain, true),
    }),
  ];
}

function domainOf({ value, ci95, zeroShot, seeds }: GapScale): [number, number] {
  const all = [...ci95, value, ...seeds, ...(zeroShot === null ? [] : [zeroShot])];
  const margin = 0.16;
  return [
    Math.max(FARTHEST[0], Math.min(0, ...all)) - margin,
    Math.min(FARTHEST[1], Math.max(1, ...all)) + margin,
  ];
}

/** Text grows away from the nearer edge. */
function anchor(value: number, [low, high]: readonly [number, number], narrow: boolean): string {
  const place = (value - low) / (high - low);
  const edge = narrow ? 0.36 : 0.2;
  if (place < edge) return 'left';
  return place > 1 - edge ? 'right' : 'center';
}
