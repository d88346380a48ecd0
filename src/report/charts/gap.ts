/** PGR on its own scale: 0 is the weak supervisor, 1 the ceiling. */

import { chart, OWN_COLOUR, over, type Padding, paint, pixels, rowsOf } from './kit.js';
import type { ChartSpec } from './render.js';

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

/** Farther than this the scale does not reach: what lies beyond is drawn at its end. */
const FARTHEST: readonly [number, number] = [-1, 2];
const HEIGHT = 136;
const LINE = 62;

export function gapChart(gap: GapScale, { width }: { width: number }): ChartSpec {
  const narrow = width < 500;
  const padding: Padding = { left: 14, right: 14, top: 0, bottom: 0 };
  const domain = domainOf(gap);
  const within = (value: number) => Math.min(domain[1], Math.max(domain[0], value));
  const ends = [
    { at: 0, name: 'weak', words: gap.weak, colour: 'var(--weak)' },
    { at: 1, name: 'ceiling', words: gap.ceiling, colour: 'var(--ceiling)' },
  ].map((end) => ({
    ...end,
    top: LINE - 11,
    bottom: LINE + 11,
    y: LINE,
    nameY: LINE + 26,
    wordsY: LINE + 43,
  }));
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
  const text = (field: string, y: string, extra: object, color: object) => ({
    data: rowsOf(ends),
    mark: { type: 'text', baseline: 'middle', ...extra },
    encoding: { x: over('at', domain, null), y: pixels(y, HEIGHT), text: { field }, color },
  });
  return chart(width, HEIGHT, padding, [
    bar(student, 'zero', 'one', 'line', domain, 1),
    bar(student, 'zero', 'value', 'student', domain, 0.45),
    {
      data: rowsOf([student]),
      mark: { type: 'rect', opacity: 0.22, cornerRadius: 3 },
      encoding: {
        x: over('low', domain, null),
        x2: { field: 'high' },
        y: pixels('top', HEIGHT),
        y2: { field: 'bottom' },
        color: paint('student'),
      },
    },
    {
      data: rowsOf(ends),
      mark: { type: 'rule', strokeWidth: 2.5 },
      encoding: {
        x: over('at', domain, null),
        y: pixels('top', HEIGHT),
        y2: { field: 'bottom' },
        color: OWN_COLOUR,
      },
    },
    ...zeroShotLayers(gap.zeroShot, domain),
    marks(
      gap.seeds.map((seed) => ({ at: within(seed), y: LINE })),
      domain,
      34,
      0.55,
    ),
    marks([{ at: student.value, y: LINE }], domain, 190, 1),
    text('name', 'nameY', { fontWeight: 600 }, OWN_COLOUR),
    text('words', 'wordsY', { fontSize: 12 }, paint('soft')),
    {
      data: rowsOf([student]),
      mark: {
        type: 'text',
        baseline: 'middle',
        align: anchor(student.value, domain, narrow),
        fontWeight: 600,
        fontSize: 14,
      },
      encoding: {
        x: over('value', domain, null),
        y: pixels('wordsY', HEIGHT),
        text: { field: 'words' },
        color: paint('student'),
      },
    },
  ]);
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

function bar(
  row: Readonly<Record<string, string | number>>,
  from: string,
  to: string,
  color: 'line' | 'student',
  domain: readonly [number, number],
  opacity: number,
) {
  return {
    data: rowsOf([row]),
    mark: { type: 'rule', strokeWidth: 6, opacity },
    encoding: { x: over(from, domain, null), x2: { field: to }, y: pixels('y', HEIGHT), color: paint(color) },
  };
}

function marks(
  rows: readonly { at: number; y: number }[],
  domain: readonly [number, number],
  size: number,
  opacity: number,
) {
  if (rows.length === 0) return null;
  return {
    data: rowsOf(rows),
    mark: { type: 'point', filled: true, size, opacity, stroke: 'var(--page)', strokeWidth: 1.5 },
    encoding: { x: over('at', domain, null), y: pixels('y', HEIGHT), fill: paint('student') },
  };
}

function zeroShotLayers(zeroShot: number | null, domain: readonly [number, number]) {
  if (zeroShot === null) return [];
  const at = Math.min(domain[1], Math.max(domain[0], zeroShot));
  const row = { at, y: LINE, wordsY: LINE + 64, words: '◆ before fine-tuning' };
  return [
    {
      data: rowsOf([row]),
      mark: { type: 'point', shape: 'diamond', filled: true, size: 90, opacity: 1 },
      encoding: { x: over('at', domain, null), y: pixels('y', HEIGHT), fill: paint('zero') },
    },
    {
      data: rowsOf([row]),
      mark: { type: 'text', fontSize: 12, baseline: 'middle', align: anchor(at, domain, true) },
      encoding: {
        x: over('at', domain, null),
        y: pixels('wordsY', HEIGHT),
        text: { field: 'words' },
        color: paint('zero'),
      },
    },
  ];
}
